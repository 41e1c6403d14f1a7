"""Tracers for tests. In: an address. Out: a tracer that sends there, and what was dropped; a request's scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings

from touchline_client.guard import Guard
from touchline_client.seam import Scope
from touchline_client.tracing import begin
from touchline_client.tracing import settings as variables
from touchline_client.tracing.tracer import Tracer

QUICK = 5.0
PATIENT = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
"""For properties: how fast the machine is says nothing of them."""


@dataclass
class Traced:
    """A tracer, and what it could not keep."""

    tracer: Tracer
    lost: Counter[str] = field(default_factory=Counter)

    def request(
        self, *headers: tuple[str, str], route: str = "/matches/{id}", code: int = 200, error: Exception | None = None
    ) -> str:
        """Serves one, and gives its trace's id."""
        span = self.tracer.server(scope(*headers))
        span.end(route=route, status=code, error=error, duration=0.002)
        return span.trace_id


def traced(address: str, service: str = "football-api") -> Traced:
    """Sends to this address; nobody else knows of it."""
    lost: Counter[str] = Counter()
    found = variables.read({"OTEL_EXPORTER_OTLP_ENDPOINT": address}, service)
    assert found is not None
    return Traced(begin(found, Guard(lambda kind, number: lost.update({kind: number}))), lost)


@contextmanager
def serving(address: str) -> Iterator[Traced]:
    """The same, flushed at the block's end."""
    tracer = traced(address)
    try:
        yield tracer
    finally:
        tracer.tracer.flush(QUICK)


def scope(
    *headers: tuple[str, str], method: str = "GET", path: str = "/matches/7", query: bytes = b"who=ann@example.com"
) -> Scope:
    """As a server makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("203.0.113.9", 40000),
        "server": ("127.0.0.1", 8000),
    }
