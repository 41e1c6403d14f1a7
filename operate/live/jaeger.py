"""A running Jaeger against a release. In: its addresses and the compiled tracing. Out: kinds of traces that the release keeps and
that do not come back. Jaeger tells nobody its configuration, so it is asked by what it does: spans are sent over OTLP and read
back through the query API. Traces that only a share keeps cannot be asked for one by one, and are not."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from generators.ir.tracing import Tracing
from operate.live import http

SERVICE = "touchline-verify"
TRACES = 3
"""Traces of each kind: with a tenth of the rest kept by share, one in a thousand checks misses a lost policy."""
SPARE = 20.0
"""Seconds after the sampler's decision that storage may take."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A kind of trace that the release always keeps."""

    what: str
    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    failed: bool = False
    milliseconds: int = 5


def probes(tracing: Tracing) -> tuple[Probe, ...]:
    """One probe for each policy of the release that keeps every trace it matches."""
    found = []
    if tracing.share == 1:
        found.append(Probe("a trace", "touchline verify"))
    if tracing.keep_errors:
        found.append(Probe("traces with an error", "touchline verify error", failed=True))
    if tracing.slower_than_ms is not None:
        took = tracing.slower_than_ms + 1000
        found.append(Probe(f"traces slower than {tracing.slower_than_ms} ms", "touchline verify slow", milliseconds=took))
    for one in tracing.keep_operations:
        attributes = (("http.request.method", one.method), ("http.route", one.route), ("http.method", one.method))
        found.append(Probe(f"traces of {one.method} {one.route}", f"{one.method} {one.route}".strip(), attributes))
    return tuple(found)


def kept(otlp: str, query: str, tracing: Tracing) -> list[str]:
    """Send traces of every kind that must be kept, and read them back."""
    sent = {secrets.token_hex(16): probe for probe in probes(tracing) for _ in range(TRACES)}
    if not sent:
        return []
    http.post(f"{otlp}/v1/traces", _request(sent))
    waiting = dict(sent)
    deadline = time.monotonic() + tracing.decision_wait + SPARE
    while waiting and time.monotonic() < deadline:
        time.sleep(0.5)
        waiting = {trace: probe for trace, probe in waiting.items() if not _there(query, trace)}
    lost = dict.fromkeys(probe.what for probe in waiting.values())
    return [f"{what}: sent over OTLP, not found through the query API" for what in lost]


def _there(query: str, trace: str) -> bool:
    try:
        return bool(http.get(f"{query}/api/traces/{trace}")["data"])
    except http.Unreachable as error:
        if error.status == 404:
            return False
        raise


def _request(sent: dict[str, Probe]) -> dict[str, Any]:
    """An OTLP request in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""
    resource = {"attributes": [_attribute("service.name", SERVICE)]}
    spans = [_span(trace, probe) for trace, probe in sent.items()]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": SERVICE}, "spans": spans}]}]}


def _span(trace: str, probe: Probe) -> dict[str, Any]:
    end = time.time_ns()
    return {
        "traceId": trace,
        "spanId": secrets.token_hex(8),
        "name": probe.name,
        "kind": 1,  # internal: rates and latencies of served requests do not count it
        "startTimeUnixNano": str(end - probe.milliseconds * 1_000_000),
        "endTimeUnixNano": str(end),
        "attributes": [_attribute(key, value) for key, value in probe.attributes if value],
        "status": {"code": 2 if probe.failed else 1},
    }


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
