"""Jaeger v2 as an OpenTelemetry collector: where spans come in, how they are counted, which are kept and for how long."""

from __future__ import annotations

from decimal import Decimal

from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """A key operation whose traces are always kept: method and route template, e.g. POST /orders."""

    method: str
    route: str


@dataclass(frozen=True, slots=True)
class Tracing:
    """Times in seconds, `share` a ratio of the traces that no other policy keeps. Addresses are what each part listens on
    ("0.0.0.0:4317" in a container, "127.0.0.1:4317" as a process). `storage_dir` may name a variable of the process's environment,
    ${env:NAME}. Every `flush_interval` the counts of spans are renewed."""

    otlp_grpc: str
    otlp_http: str
    query_http: str
    query_grpc: str
    span_metrics: str
    telemetry_host: str
    telemetry_port: int
    health: str
    prometheus_url: str
    storage_dir: str
    retention: int
    share: Decimal
    keep_errors: bool
    slower_than_ms: int | None
    keep_operations: tuple[Operation, ...]
    decision_wait: int = 10
    traces_in_memory: int = 50_000
    latency_buckets_ms: tuple[Decimal, ...] = ()
    memory_limit_mib: int = 512
    flush_interval: int = 5
