"""A contract as the compiler writes them, small. In: nothing. Out: a fresh contract, whose store is as the environment says now."""

from __future__ import annotations

from touchline_client import Contract, Counter, Gauge, Histogram, Keep
from touchline_client.metrics import Metric

BUCKETS = (0.005, 0.01, 0.1, 1.0)
PRODUCT = ("GET", "/orders/{id}")


def http_metrics() -> tuple[Metric, ...]:
    """What every FastAPI service exports."""
    return (
        Counter("http_requests_total", "Requests", ("method", "endpoint", "status")),
        Counter("http_errors_total", "Errors", ("method", "endpoint", "error_type")),
        Histogram("http_request_duration_seconds", "Durations", ("method", "endpoint"), buckets=BUCKETS),
        Gauge("active_connections", "In flight"),
        Gauge("process_start_time_seconds", "Start", workers="max"),
        Counter("process_cpu_seconds_total", "CPU"),
        Gauge("process_resident_memory_bytes", "Memory"),
        Gauge("process_open_fds", "Files", workers="max"),
        Gauge("process_max_fds", "Most files", workers="min"),
        Gauge("event_loop_lag_seconds", "Lag", workers="max"),
        Counter("telemetry_dropped_total", "Dropped", ("telemetry",), {"telemetry": ("spans", "metrics")}),
    )


def shop(*more: Metric, label_sets: int = 2_000) -> Contract:
    """A service with the metrics of HTTP and some of its own."""
    return Contract(
        "shop",
        (*http_metrics(), *more),
        keep=Keep(errors=True, slower_than=2.0, operations=(PRODUCT,)),
        operations=(PRODUCT,),
        label_sets=label_sets,
    )
