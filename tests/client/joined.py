"""A contract with what integrations fill, and a tracer. In: where spans go. Out: the object by which databases, caches and clients join;
and its page, read."""

from __future__ import annotations

import re

from tests.client.tracing import Traced, traced
from touchline_client import Contract, Counter, Gauge, Histogram, Telemetry
from touchline_client.pulse import Pulse
from touchline_client.scrape import Page

BUCKETS = (0.001, 0.1, 1.0)
_LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Joined:
    """What one application is, for its integrations."""

    def __init__(self, address: str = "http://127.0.0.1:9") -> None:
        metrics = [
            Histogram("db_query_duration_seconds", labels=("operation", "table"), buckets=BUCKETS),
            Histogram("db_connection_wait_seconds", labels=("pool",), buckets=BUCKETS),
            Counter("db_connection_errors_total", labels=("error_type",)),
            Gauge("db_connections_active", labels=("pool",)),
            Gauge("db_connections_max", labels=("pool",)),
            Histogram("cache_command_duration_seconds", labels=("command",), buckets=BUCKETS),
            Counter("cache_lookups_total", labels=("result",), values={"result": ("hit", "miss")}),
            Counter("cache_errors_total", labels=("error_type",)),
            Gauge("cache_connections_active", labels=("pool",)),
            Gauge("cache_connections_max", labels=("pool",)),
            Counter("telemetry_dropped_total", labels=("telemetry",), values={"telemetry": ("spans", "metrics")}),
        ]
        self.contract = Contract("football-api", metrics)
        self.traced: Traced = traced(address)
        self.telemetry = Telemetry(None, self.contract, self.traced.tracer)

    def page(self) -> dict[tuple[str, ...], float]:
        """What a scrape would see: name and label values -> number."""
        text = Page(self.contract, Pulse(self.contract)).text(False).decode()
        found = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                match = _LINE.fullmatch(line)
                assert match, line
                found[(match[1], *(value for _, value in _LABEL.findall(match[2] or "")))] = float(match[3])
        return found
