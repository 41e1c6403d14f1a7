// alertmanager-clock: Alertmanager's own routing, grouping, inhibition and hours, in virtual time.
//
// In: on standard input one JSON document, {"config": path of alertmanager.yml, "scenarios": [...]}. Out: on standard output one
// JSON document, {"answers": [...]}, one for each scenario, in order: every notification, and when which alert was held back by what.
//
// It is a test binary (`go test -c`), because testing/synctest gives its clock to tests alone
// (https://pkg.go.dev/testing/synctest#Test). Nothing here decides anything: the parts are put together as
// cmd/alertmanager/main.go of the pinned release does, and only what would send is replaced by what writes down.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/version"
)

type question struct {
	Config    string     `json:"config"`
	Scenarios []scenario `json:"scenarios"`
}

type reply struct {
	Answers []*answer `json:"answers"`
}

var (
	asked   question
	given   reply
	showing = flag.Bool("version", false, "print the release of Alertmanager and exit")
)

// TestMain speaks JSON on standard output, so what the testing package prints there goes to standard error.
func TestMain(m *testing.M) {
	flag.Parse()
	if *showing {
		fmt.Printf("alertmanager-clock, version %s\n", version.Version)
		os.Exit(0)
	}
	out := os.Stdout
	os.Stdout = os.Stderr
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(fmt.Errorf("standard input: %w", err))
	}
	code := m.Run()
	if code == 0 {
		if err := json.NewEncoder(out).Encode(given); err != nil {
			fail(err)
		}
	}
	os.Exit(code)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "alertmanager-clock: %v\n", err)
	os.Exit(2)
}

// TestScenarios runs each scenario in a bubble of its own, with a clock of its own.
func TestScenarios(t *testing.T) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	compat.InitFromFlags(slog.New(slog.NewTextHandler(io.Discard, nil)), featurecontrol.NoopFlags{})
	loaded, err := load(asked.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range asked.Scenarios {
		told := &answer{Name: one.Name, Messages: []message{}, Held: []held{}}
		synctest.Test(t, func(t *testing.T) {
			if err := one.play(loaded, told, logger); err != nil {
				t.Errorf("%s: %v", one.Name, err)
			}
		})
		given.Answers = append(given.Answers, told)
	}
}

// configuration is a loaded alertmanager.yml with the integrations that its receivers would have.
type configuration struct {
	*config.Config
	integrations map[string][]notify.Integration
}

func load(path string) (*configuration, error) {
	conf, err := config.LoadFile(path)
	if err != nil {
		return nil, err
	}
	tmpl, err := template.FromGlobs(conf.Templates)
	if err != nil {
		return nil, err
	}
	loaded := &configuration{Config: conf, integrations: map[string][]notify.Integration{}}
	for _, one := range conf.Receivers {
		integrations, err := receiver.BuildReceiverIntegrations(one, tmpl, nil)
		if err != nil {
			return nil, err
		}
		loaded.integrations[one.Name] = integrations
	}
	return loaded, nil
}
