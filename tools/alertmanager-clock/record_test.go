package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/types"
)

// answer is what became of a scenario. Times are seconds after its start.
type answer struct {
	Name     string    `json:"name"`
	Messages []message `json:"messages"`
	Held     []held    `json:"held"`
}

// message is one notification of one integration.
type message struct {
	At          float64          `json:"at"`
	Receiver    string           `json:"receiver"`
	Integration string           `json:"integration"`
	Group       model.LabelSet   `json:"group"`
	Firing      []model.LabelSet `json:"firing"`
	Resolved    []model.LabelSet `json:"resolved"`
}

// held says since when an alert is kept back by others (`by`), or a group by time intervals; with neither, since when no more.
type held struct {
	At        float64        `json:"at"`
	Alert     model.LabelSet `json:"alert,omitempty"`
	By        model.LabelSet `json:"by,omitempty"`
	Group     string         `json:"group,omitempty"`
	Intervals []string       `json:"intervals,omitempty"`
}

// record writes down what Alertmanager does; it does it for many groups at once.
type record struct {
	*answer
	starts time.Time
	mtx    sync.Mutex
	labels map[model.Fingerprint]model.LabelSet
	states map[string]string
}

func (r *record) at() float64 {
	return time.Since(r.starts).Seconds()
}

func (r *record) known(labels model.LabelSet) {
	r.mtx.Lock()
	defer r.mtx.Unlock()
	if r.labels == nil {
		r.labels = map[model.Fingerprint]model.LabelSet{}
	}
	r.labels[labels.Fingerprint()] = labels
}

// receivers replaces what would send by what writes down; names, order and `send_resolved` stay those of the configuration.
func (r *record) receivers(built map[string][]notify.Integration) map[string][]notify.Integration {
	all := make(map[string][]notify.Integration, len(built))
	for name, integrations := range built {
		all[name] = nil
		for _, one := range integrations {
			pen := &notifierRecord{r, name, one.String()}
			all[name] = append(all[name], notify.NewIntegration(pen, &one, one.Name(), one.Index(), name))
		}
	}
	return all
}

type notifierRecord struct {
	*record
	receiver, integration string
}

func (n *notifierRecord) Notify(ctx context.Context, alerts ...*types.Alert) (bool, error) {
	group, ok := notify.GroupLabels(ctx)
	if !ok {
		return false, fmt.Errorf("%s: a notification without group labels", n.receiver)
	}
	sent := message{n.at(), n.receiver, n.integration, group, []model.LabelSet{}, []model.LabelSet{}}
	for _, one := range alerts {
		if one.Status() == model.AlertResolved {
			sent.Resolved = append(sent.Resolved, one.Labels)
		} else {
			sent.Firing = append(sent.Firing, one.Labels)
		}
	}
	n.mtx.Lock()
	defer n.mtx.Unlock()
	n.Messages = append(n.Messages, sent)
	// Groups whose timers end at one time are told in any order; the answer is always the same.
	sort.SliceStable(n.Messages, func(i, j int) bool { return n.Messages[i].key() < n.Messages[j].key() })
	return false, nil
}

func (m *message) key() string {
	return fmt.Sprintf("%020.6f %s %s %s", m.At, m.Receiver, m.Integration, m.Group)
}

// markerRecord is Alertmanager's own marker, which is told at each flush what is inhibited and muted; changes are written down.
type markerRecord struct {
	*types.MemMarker
	*record
}

func (m *markerRecord) SetInhibited(alert model.Fingerprint, ids ...string) {
	m.MemMarker.SetInhibited(alert, ids...)
	m.mtx.Lock()
	defer m.mtx.Unlock()
	if m.changed("alert "+alert.String(), ids) {
		change := held{At: m.at(), Alert: m.labels[alert]}
		for _, id := range ids {
			if by, err := model.FingerprintFromString(id); err == nil {
				change.By = m.labels[by]
			}
		}
		m.Held = append(m.Held, change)
	}
}

func (m *markerRecord) SetMuted(routeID, groupKey string, intervals []string) {
	m.MemMarker.SetMuted(routeID, groupKey, intervals)
	m.mtx.Lock()
	defer m.mtx.Unlock()
	if m.changed("group "+routeID+groupKey, intervals) {
		m.Held = append(m.Held, held{At: m.at(), Group: groupKey, Intervals: intervals})
	}
}

func (m *markerRecord) changed(what string, names []string) bool {
	state := strings.Join(names, ",")
	if m.states[what] == state {
		return false
	}
	m.states[what] = state
	return true
}
