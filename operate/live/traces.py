"""Traces that a running Jaeger keeps, through its query API. In: its address, a service and an operation. Out: traces as trees of spans.

The API is that of its own pages: /api/traces, /api/services, /api/dependencies, times in microseconds
(https://github.com/jaegertracing/jaeger/blob/v1.76.0/cmd/query/app/query_parser.go)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operate.live import http

SYSTEMS = ("db.system.name", "db.system")
"""The attribute that says which database a span calls: by today's semantic conventions, and by those before
(https://opentelemetry.io/docs/specs/semconv/database/database-spans/)."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span; `parent` is "" at the root. `kind` is server, client, internal, producer, consumer, or "" where nothing says it."""

    id: str
    parent: str
    service: str
    name: str
    kind: str
    system: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace as far as it was kept."""

    id: str
    spans: Mapping[str, Span]

    def above(self, span: Span) -> Iterator[Span]:
        """The spans above one, the nearest first, as far as the chain holds."""
        seen = {span.id}
        while (found := self.spans.get(span.parent)) is not None and found.id not in seen:
            seen.add(found.id)
            span = found
            yield span


def search(base: str, service: str, operation: str, last: int, limit: int) -> tuple[Trace, ...]:
    """The newest traces of the last seconds in which a span of the service has this name."""
    end = time.time_ns() // 1000
    asked = {"service": service, "start": str(end - last * 1_000_000), "end": str(end), "limit": str(limit)}
    answer = http.get(f"{base}/api/traces", asked | ({"operation": operation} if operation else {}))
    return tuple(_trace(one) for one in answer.get("data") or ())


def operations(base: str, service: str) -> tuple[str, ...]:
    """The names of spans that Jaeger knows of a service."""
    answer = http.get(f"{base}/api/operations", {"service": service})
    return tuple(sorted({str(one["name"]) for one in answer.get("data") or ()}))


def dependencies(base: str, last: int) -> int:
    """How many pairs of services call each other, as the traces of the last seconds tell."""
    asked = {"endTs": str(time.time_ns() // 1_000_000), "lookback": str(last * 1000)}
    return len(http.get(f"{base}/api/dependencies", asked).get("data") or ())


def _trace(found: Mapping[str, Any]) -> Trace:
    services = {key: str(process["serviceName"]) for key, process in found["processes"].items()}
    spans = (_span(one, services) for one in found["spans"])
    return Trace(str(found["traceID"]), {span.id: span for span in spans})


def _span(one: Mapping[str, Any], services: Mapping[str, str]) -> Span:
    tags = {tag["key"]: str(tag["value"]) for tag in one.get("tags") or ()}
    parents = [str(each["spanID"]) for each in one.get("references") or () if each["refType"] == "CHILD_OF"]
    return Span(
        id=str(one["spanID"]),
        parent=parents[0] if parents else "",
        service=services.get(str(one["processID"]), ""),
        name=str(one["operationName"]),
        kind=tags.get("span.kind", ""),
        system=next((tags[key] for key in SYSTEMS if key in tags), ""),
    )


def names(spans: Sequence[Span]) -> str:
    """Spans for people, each service and name once."""
    return ", ".join(dict.fromkeys(f"'{span.name}' of {span.service}" for span in spans))
