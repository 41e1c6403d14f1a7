"""Spans as a client sends them. In: spans with the number of the one above. Out: one trace, posted over OTLP in JSON
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from operate.live import http

INTERNAL, SERVER, CLIENT = 1, 2, 3
NOBODY = -1
"""Above a span that hangs under one that was never sent."""


@dataclass(frozen=True)
class Span:
    """One span; `above` is the place of its parent in the trace, None at the root. `system` is its db.system.name."""

    service: str
    name: str
    above: int | None = None
    kind: int = SERVER
    system: str = ""


def post(otlp: str, spans: Sequence[Span]) -> str:
    """Send a trace; its id."""
    trace, ids = secrets.token_hex(16), [secrets.token_hex(8) for _ in spans]
    http.post(f"{otlp}/v1/traces", {"resourceSpans": [_resource(trace, ids, place, span) for place, span in enumerate(spans)]})
    return trace


def _resource(trace: str, ids: list[str], place: int, span: Span) -> dict[str, object]:
    now = time.time_ns()
    above = {} if span.above is None else {"parentSpanId": secrets.token_hex(8) if span.above == NOBODY else ids[span.above]}
    one = {
        "traceId": trace,
        "spanId": ids[place],
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": str(now),
        "attributes": [_attribute("db.system.name", span.system)] if span.system else [],
        **above,
    }
    resource = {"attributes": [_attribute("service.name", span.service)]}
    return {"resource": resource, "scopeSpans": [{"scope": {"name": "test"}, "spans": [one]}]}


def _attribute(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": {"stringValue": value}}
