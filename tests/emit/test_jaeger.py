"""Jaeger's configuration, and what a real Jaeger does by it: every span counted, then traces kept by the tail."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from generators.emit import jaeger
from generators.ir.tracing import Operation, Tracing
from tests.emit.tools import need, write
from tests.ports import free_ports

ORDINARY = 300
TRACING = Tracing(
    otlp_grpc="127.0.0.1:4317",
    otlp_http="127.0.0.1:4318",
    query_http="127.0.0.1:16686",
    query_grpc="127.0.0.1:16685",
    span_metrics="127.0.0.1:8889",
    telemetry_host="127.0.0.1",
    telemetry_port=8888,
    health="127.0.0.1:13133",
    prometheus_url="http://127.0.0.1:9090",
    storage_dir="${env:TOUCHLINE_DATA}",
    retention=72 * 3600,
    share=Decimal("0.1"),
    keep_errors=True,
    slower_than_ms=2000,
    keep_operations=(Operation("POST", "/orders"), Operation("", "shop.Cart/Add")),
    decision_wait=1,
    flush_interval=1,
    latency_buckets_ms=(Decimal(5), Decimal("0.5"), Decimal(2000)),
)


def on_free_ports(tracing: Tracing) -> Tracing:
    """The same tracing on seven free loopback ports."""
    ports = free_ports(7)
    grpc, http, query, query_grpc, counts, health = (f"127.0.0.1:{port}" for port in ports[:6])
    moved = dataclasses.replace(tracing, otlp_grpc=grpc, otlp_http=http, query_http=query, query_grpc=query_grpc)
    return dataclasses.replace(moved, span_metrics=counts, health=health, telemetry_port=ports[6])


def get(url: str) -> tuple[int, str]:
    """Status and body of a GET; status 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(met: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a condition; a process that ends, or a minute, is a failure."""
    deadline = time.monotonic() + 60
    while not met():
        assert process.poll() is None, "jaeger has ended"
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.2)


@contextmanager
def running(root: Path, tracing: Tracing) -> Iterator[subprocess.Popen[bytes]]:
    """A real Jaeger with the emitted configuration, up and ready; ended by its process id."""
    write(root, jaeger.emit(tracing))
    environment = {**os.environ, "TOUCHLINE_DATA": str(root / "data")}
    with (root / "jaeger.log").open("ab") as log:
        command = [need("jaeger"), f"--config={root}/jaeger/config.yaml"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        until(lambda: get(f"http://{tracing.health}/status")[0] == 200, "health", process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def span(
    trace: int, *, name: str = "GET /items", milliseconds: int = 5, failed: bool = False, **attributes: str
) -> dict[str, Any]:
    """One root span in OTLP's JSON, begun a moment ago; `__` in an attribute's name stands for a dot."""
    start = time.time_ns() - 10_000_000_000
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{trace & 0xFFFFFFFFFFFFFFFF:016x}",
        "name": name,
        "kind": 2,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + milliseconds * 1_000_000),
        "status": {"code": 2 if failed else 1},
        "attributes": [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def send(tracing: Tracing, spans: list[dict[str, Any]]) -> None:
    """Send spans of the service `shop` over OTLP HTTP."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": spans}]}]}).encode()
    request = urllib.request.Request(f"http://{tracing.otlp_http}/v1/traces", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def counted(tracing: Tracing) -> int:
    """The spans of `shop` that service performance has counted."""
    text = get(f"http://{tracing.span_metrics}/metrics")[1]
    found = re.findall(r'^traces_span_metrics_calls_total\{[^}]*service_name="shop"[^}]*\} (\S+)', text, re.MULTILINE)
    return int(sum(float(value) for value in found))


def stored(tracing: Tracing, trace: int) -> bool:
    """Whether the query API gives a trace back."""
    return get(f"http://{tracing.query_http}/api/traces/{trace:032x}")[0] == 200


def decided(tracing: Tracing) -> int:
    """The traces the sampler has decided on."""
    text = get(f"http://{tracing.telemetry_host}:{tracing.telemetry_port}/metrics")[1]
    pattern = r"^otelcol_processor_tail_sampling_global_count_traces_sampled\S*\{[^}]*\} (\S+)"
    return int(sum(float(value) for value in re.findall(pattern, text, re.MULTILINE)))


def test_what_is_kept_is_what_the_ir_says() -> None:
    config = pyyaml.safe_load(jaeger.emit(TRACING)["jaeger/config.yaml"])
    pipelines = config["service"]["pipelines"]
    assert pipelines["traces/all"]["exporters"] == ["spanmetrics", "forward"]
    assert "tail_sampling" not in pipelines["traces/all"]["processors"]
    assert pipelines["traces/kept"]["processors"] == ["tail_sampling", "batch"]
    policies = config["processors"]["tail_sampling"]["policies"]
    assert [policy["type"] for policy in policies] == [
        "status_code",
        "latency",
        "ottl_condition",
        "ottl_condition",
        "probabilistic",
    ]
    assert policies[-1]["probabilistic"] == {"sampling_percentage": 10}
    assert policies[1]["latency"] == {"threshold_ms": 2000}
    assert config["extensions"]["jaeger_storage"]["backends"]["traces_store"]["badger"]["ttl"] == {"spans": "72h"}
    assert config["connectors"]["spanmetrics"]["histogram"]["explicit"]["buckets"] == ["5ms", "0.5ms", "2000ms"]
    lean = dataclasses.replace(TRACING, keep_errors=False, slower_than_ms=None, keep_operations=(), share=Decimal("0.125"))
    kept = pyyaml.safe_load(jaeger.emit(lean)["jaeger/config.yaml"])["processors"]["tail_sampling"]["policies"]
    assert kept == [{"name": "share", "type": "probabilistic", "probabilistic": {"sampling_percentage": 12.5}}]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (5, "5s"), (90, "90s"), (120, "2m"), (259200, "72h")])
def test_durations_are_written_as_go_reads_them(seconds: int, text: str) -> None:
    assert jaeger.go_duration(seconds) == text


@pytest.mark.engine
def test_jaeger_counts_every_span_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    tracing = on_free_ports(TRACING)
    always = {
        1: span(1, failed=True),
        2: span(2, milliseconds=2500),
        3: span(3, name="POST /orders", http__method="POST", http__route="/orders"),
        4: span(4, name="POST /orders", http__request__method="POST", http__route="/orders"),
        5: span(5, name="shop.Cart/Add"),
        6: span(6, name="add", rpc__service="shop.Cart", rpc__method="Add"),
    }
    # Identifiers that the sampler's hash spreads evenly, the same in every run.
    ordinary = [(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128) for number in range(1, ORDINARY + 1)]
    plain = [span(one, http__method="POST", http__route="/items") for one in ordinary]
    with running(tmp_path, tracing) as process:
        send(tracing, [*always.values(), *plain])
        until(lambda: counted(tracing) == len(always) + ORDINARY, "every span counted", process)
        until(lambda: decided(tracing) == len(always) + ORDINARY, "every trace decided", process)
        until(lambda: all(stored(tracing, trace) for trace in always), "errors, slow ones and key operations", process)
        kept = {trace for trace in ordinary if stored(tracing, trace)}
        assert 0.04 * ORDINARY < len(kept) < 0.2 * ORDINARY
    with running(tmp_path, tracing):
        assert all(stored(tracing, trace) for trace in (*always, *kept)), "traces must survive a restart"
