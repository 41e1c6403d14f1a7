"""What the shipped spec's tracing compiles to, under either engine."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from generators.compile.tracing import compile_tracing
from generators.ir.tracing import Operation
from tests.routing.plans import shipped


def test_a_container_listens_on_every_address_a_process_on_loopback() -> None:
    compose, local = compile_tracing(shipped()), compile_tracing(shipped("local", "local"))
    assert compose is not None
    assert local is not None
    assert (compose.otlp_grpc, compose.query_http, compose.health) == ("0.0.0.0:4317", "0.0.0.0:16686", "0.0.0.0:13133")
    assert compose.prometheus_url == "http://prometheus:9090"
    own = (local.otlp_grpc, local.otlp_http, local.query_http, local.query_grpc, local.span_metrics, local.health)
    assert all(address.startswith("127.0.0.1:") for address in (*own, f"{local.telemetry_host}:"))
    assert local.prometheus_url.startswith("http://127.0.0.1:")
    assert len({*own, f"127.0.0.1:{local.telemetry_port}"}) == 7


def test_it_keeps_what_people_wrote() -> None:
    tracing = compile_tracing(shipped())
    assert tracing is not None
    assert (tracing.keep_errors, tracing.slower_than_ms, tracing.share) == (True, 2000, Decimal("0.1"))
    assert tracing.keep_operations == (Operation("POST", "/predictions"),)
    assert tracing.retention == 72 * 3600
    declared = shipped().contract.metrics["traces_span_metrics_duration_milliseconds"]
    assert tracing.latency_buckets_ms == declared.buckets
    assert tracing.storage_dir == "${env:TOUCHLINE_DATA}"


def test_without_tracing_there_is_no_jaeger_configuration() -> None:
    assert compile_tracing(dataclasses.replace(shipped(), tracing=None)) is None
