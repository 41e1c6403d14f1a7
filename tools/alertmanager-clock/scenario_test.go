package main

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/alertmanager/types"
)

// The flags' defaults of cmd/alertmanager/main.go.
const (
	retention           = 120 * time.Hour
	maintenanceInterval = 15 * time.Minute
	alertGCInterval     = 30 * time.Minute
	dispatchMaintenance = 30 * time.Second
)

// scenario is what happens from `starts` on: alerts that fire and end, for `lasts` seconds.
type scenario struct {
	Name   string    `json:"name"`
	Starts time.Time `json:"starts"`
	Lasts  float64   `json:"lasts"`
	Alerts []alert   `json:"alerts"`
}

// alert is sent as Prometheus sends it: when it fires, every `resend` seconds while it fires, saying each time that it holds for
// `valid` seconds, and once when it ends. Times are seconds after the scenario's start; without `ends` it fires to the last.
type alert struct {
	Labels model.LabelSet `json:"labels"`
	Fires  float64        `json:"fires"`
	Ends   *float64       `json:"ends"`
	Resend float64        `json:"resend"`
	Valid  float64        `json:"valid"`
}

// post is one alert on its way at one time.
type post struct {
	at    time.Duration
	alert int
	ends  time.Duration
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second))
}

// posts are all that is sent, in the order of time, and at one time in the order of the alerts.
func (s *scenario) posts() []post {
	var all []post
	for index, one := range s.Alerts {
		last := seconds(s.Lasts)
		if one.Ends != nil {
			last = min(last, seconds(*one.Ends))
		}
		for at := seconds(one.Fires); at < last; at += seconds(one.Resend) {
			all = append(all, post{at, index, at + seconds(one.Valid)})
		}
		if one.Ends != nil && *one.Ends <= s.Lasts {
			all = append(all, post{last, index, last})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	return all
}

// play runs the scenario inside a bubble; what becomes of it is written into `told`.
func (s *scenario) play(conf *configuration, told *answer, logger *slog.Logger) error {
	time.Sleep(time.Until(s.Starts))
	log := &record{answer: told, starts: s.Starts, states: map[string]string{}}
	running, err := start(conf, log, logger)
	if err != nil {
		return err
	}
	defer running.stop()
	synctest.Wait()
	for _, next := range s.posts() {
		time.Sleep(time.Until(s.Starts.Add(next.at)))
		one := s.Alerts[next.alert]
		sent := &types.Alert{
			Alert: model.Alert{
				Labels:   one.Labels,
				StartsAt: s.Starts.Add(seconds(one.Fires)),
				EndsAt:   s.Starts.Add(next.ends),
			},
			UpdatedAt: time.Now(),
		}
		if err := sent.Validate(); err != nil {
			return fmt.Errorf("%v: %w", one.Labels, err)
		}
		log.known(sent.Labels)
		if err := running.alerts.Put(context.Background(), sent); err != nil {
			return err
		}
		// What this alert sets off at once is over before the next is sent, so that an answer is always the same.
		synctest.Wait()
	}
	time.Sleep(time.Until(s.Starts.Add(seconds(s.Lasts))))
	synctest.Wait()
	return nil
}

// engine is Alertmanager without its API, its cluster and its state on disk.
type engine struct {
	alerts *mem.Alerts
	stop   func()
}

func start(conf *configuration, log *record, logger *slog.Logger) (*engine, error) {
	registry, flags := prometheus.NewRegistry(), featurecontrol.NoopFlags{}
	marker := &markerRecord{MemMarker: types.NewMarker(registry), record: log}
	notifications, err := nflog.New(nflog.Options{Retention: retention, Logger: logger, Metrics: registry})
	if err != nil {
		return nil, err
	}
	silences, err := silence.New(silence.Options{Retention: retention, Logger: logger, Metrics: registry})
	if err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go notifications.Maintenance(maintenanceInterval, "", stopped, nil)
	alerts, err := mem.NewAlerts(context.Background(), marker, alertGCInterval, 0, nil, logger, registry, flags)
	if err != nil {
		return nil, err
	}
	intervals := make(map[string][]timeinterval.TimeInterval)
	for _, one := range conf.MuteTimeIntervals {
		intervals[one.Name] = one.TimeIntervals
	}
	for _, one := range conf.TimeIntervals {
		intervals[one.Name] = one.TimeIntervals
	}
	now := func() time.Duration { return 0 }
	inhibitor := inhibit.NewInhibitor(alerts, conf.InhibitRules, marker, logger)
	pipeline := notify.NewPipelineBuilder(registry, flags).New(
		log.receivers(conf.integrations),
		now,
		inhibitor,
		silence.NewSilencer(silences, marker, logger),
		timeinterval.NewIntervener(intervals),
		marker,
		notifications,
		nil,
	)
	timeout := func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) }
	dispatcher := dispatch.NewDispatcher(
		alerts,
		dispatch.NewRoute(conf.Route, nil),
		pipeline,
		marker,
		timeout,
		dispatchMaintenance,
		nil,
		logger,
		dispatch.NewDispatcherMetrics(false, registry),
	)
	go inhibitor.Run()
	inhibitor.WaitForLoading()
	go dispatcher.Run(time.Now())
	dispatcher.WaitForLoading()
	stop := func() {
		dispatcher.Stop()
		inhibitor.Stop()
		alerts.Close()
		close(stopped)
	}
	return &engine{alerts, stop}, nil
}
