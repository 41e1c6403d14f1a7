// cadvisor: cAdvisor's own library of the pinned release in a small main of ours, for machines that no image of it reaches.
//
// In: the flags that the generated compose file gives to cAdvisor, and all flags of the library itself. Out: /metrics and /healthz, as
// the official program serves them; no web pages, no API, no storage but memory, no names of cloud providers.
//
// The official program is a Go module of its own, github.com/google/cadvisor/cmd, which the module proxy does not have; all that measures
// is in the library, which it does. Which parts are put together, and the defaults, are read off the official one:
// https://github.com/google/cadvisor/blob/v0.57.0/cmd/cadvisor.go and
// https://github.com/google/cadvisor/blob/v0.57.0/cmd/internal/http/handlers.go
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/google/cadvisor/cache/memory"
	"github.com/google/cadvisor/container"
	info "github.com/google/cadvisor/info/v2"
	"github.com/google/cadvisor/manager"
	"github.com/google/cadvisor/metrics"
	"github.com/google/cadvisor/utils/sysfs"
	"github.com/google/cadvisor/version"

	// The engines and the file systems that the official program knows: cmd/internal/container/install/install.go.
	_ "github.com/google/cadvisor/container/containerd/install"
	_ "github.com/google/cadvisor/container/crio/install"
	_ "github.com/google/cadvisor/container/docker/install"
	_ "github.com/google/cadvisor/container/podman/install"
	_ "github.com/google/cadvisor/container/systemd/install"
	_ "github.com/google/cadvisor/fs/btrfs/install"
	_ "github.com/google/cadvisor/fs/devicemapper/install"
	_ "github.com/google/cadvisor/fs/nfs/install"
	_ "github.com/google/cadvisor/fs/overlay/install"
	_ "github.com/google/cadvisor/fs/tmpfs/install"
	_ "github.com/google/cadvisor/fs/vfs/install"
	_ "github.com/google/cadvisor/fs/zfs/install"
)

// What the official program leaves out unless --disable_metrics or --enable_metrics say otherwise.
const offByDefault = "memory_numa,tcp,udp,advtcp,sched,process,hugetlb,referenced_memory,cpu_topology,resctrl,cpuset"

// How long a measurement is kept: the official program's --storage_duration.
const kept = 2 * time.Minute

var (
	port        = flag.Int("port", 8080, "port to listen on")
	storeLabels = flag.Bool("store_container_labels", true, "make labels of a container's labels, not of its name and image alone")
	showVersion = flag.Bool("version", false, "say which release of cAdvisor this is made of, and end")
)

func main() {
	klog.InitFlags(nil)
	defer klog.Flush()
	flag.Parse()
	if *showVersion {
		fmt.Printf("cAdvisor %s, its library in a main of Touchline's own\n", version.Version)
		return
	}
	if err := run(); err != nil {
		klog.Exit(err)
	}
}

// run serves until it is told to stop.
func run() error {
	measured, err := measuredByDefault()
	if err != nil {
		return err
	}
	watched, err := manager.New(
		memory.New(kept, nil), sysfs.NewRealSysFs(), manager.HousekeepingConfigFlags, measured, &http.Client{}, []string{""}, []string{""}, "", 0)
	if err != nil {
		return fmt.Errorf("cannot look at this machine: %w", err)
	}
	served := routes(watched, measured)
	if err := watched.Start(); err != nil {
		return fmt.Errorf("cannot look at its containers: %w", err)
	}
	stopped, forget := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer forget()
	server := &http.Server{Addr: net.JoinHostPort("", strconv.Itoa(*port)), Handler: served}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err = <-failed:
	case <-stopped.Done():
		err = server.Close()
	}
	return errors.Join(err, watched.Stop())
}

func measuredByDefault() (container.MetricSet, error) {
	off := container.MetricSet{}
	if err := off.Set(offByDefault); err != nil {
		return nil, err
	}
	return container.AllMetrics.Difference(off), nil
}

func routes(watched manager.Manager, measured container.MetricSet) http.Handler {
	labels := metrics.DefaultContainerLabels
	if !*storeLabels {
		labels = metrics.BaseContainerLabels(nil)
	}
	// Of each container, and of those inside it, the newest measurement.
	newest := info.RequestOptions{IdType: info.TypeName, Count: 1, Recursive: true}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		metrics.NewPrometheusCollector(watched, labels, measured, clock.RealClock{}, newest),
		metrics.NewPrometheusMachineCollector(watched, measured),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "ok") })
	return mux
}
