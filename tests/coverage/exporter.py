"""A program that exports what the contract says. In: a Plan and one of its services. Out: an HTTP server with its metrics, all of
them and live, and the table of its routes; whatever a test takes away is not exported any more."""

from __future__ import annotations

import itertools
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from generators.ir.contract import Metric
from generators.plan import Plan, Service

KNOWN = {
    "span_kind": ("SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"),
    "status_code": ("STATUS_CODE_UNSET", "STATUS_CODE_ERROR"),
    "quantile": ("0.5",),
    "status": ("200", "500"),
}
TYPES = {"counter": "counter", "histogram": "histogram"}
"""Prometheus writes the bounds of buckets alike only where it is told that they are bounds."""
FAULTY = re.compile(
    r"error|dropped|refused|rejected|failed|deadlock|evicted|throttled|missed|exceeded|corrupt|STATUS_CODE_ERROR|\b50[0-9]\b"
)
"""What stands still at 0 while all is well."""
LIMIT = re.compile(r"max|limit|size|avail", re.IGNORECASE)
"""Of what there is plenty."""
MOST = 200
"""Series of one metric that are enough."""

Says = Callable[[str, Mapping[str, str]], bool]
"""Something said of a metric's name and the labels of one of its series."""


def nothing(metric: str, labels: Mapping[str, str]) -> bool:
    return False


def all_of(wanted: str, **only: str) -> Says:
    """The series of a metric that have these labels."""
    return lambda metric, labels: metric == wanted and all(labels.get(label) == value for label, value in only.items())


@dataclass
class Exporter:
    """One service. `gone` says what it does not export, `still` what was never counted, `empty` what is NaN; `serves` are its routes."""

    plan: Plan
    service: Service
    gone: Says = nothing
    still: Says = nothing
    empty: Says = nothing
    serves: list[tuple[str, str]] = field(default_factory=list)
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.serves = [(one.method, one.route) for one in self.service.operations]

    @property
    def metrics(self) -> Iterator[Metric]:
        for metric in self.plan.contract.metrics.values():
            if metric.source == self.service.kind or self.service.name in metric.source.split(","):
                yield metric

    def text(self) -> str:
        """Everything in Prometheus's text form; what counts has risen since it began, but for what stands still at 0."""
        age = time.time() - self.began + 5
        lines = []
        for metric in self.metrics:
            lines.append(f"# TYPE {metric.name} {TYPES.get(metric.kind, 'gauge')}")
            for labels in itertools.islice(self._combinations(metric), MOST):
                if not self.gone(metric.name, labels):
                    quiet = self.still(metric.name, labels) or FAULTY.search(f"{metric.name} {' '.join(labels.values())}")
                    lines += self._samples(metric, labels, 0.0 if quiet else age)
        return "\n".join(lines) + "\n"

    def _combinations(self, metric: Metric) -> Iterator[dict[str, str]]:
        by = self.service.watched.by if self.service.watched else ("", "")
        if "span_name" in metric.labels:
            for service in self.plan.services:
                for operation, kind, code in itertools.product(service.operations, KNOWN["span_kind"], KNOWN["status_code"]):
                    yield {"service_name": service.name, "span_name": str(operation), "span_kind": kind, "status_code": code}
            return
        rest = [label for label in metric.labels if label not in by]
        values = [metric.values.get(label) or KNOWN.get(label) or (f"{label}-1",) for label in rest]
        calls = [{by[0]: method, by[1]: route} for method, route in self.serves] if set(by) <= set(metric.labels) else [{}]
        for call, chosen in itertools.product(calls, itertools.product(*values)):
            yield {**call, **dict(zip(rest, chosen, strict=True))}

    def _samples(self, metric: Metric, labels: dict[str, str], age: float) -> Iterator[str]:
        if metric.kind == "histogram":
            for bound in (*map(str, metric.buckets), "+Inf"):
                yield _line(f"{metric.name}_bucket", {**labels, "le": bound}, age)
            yield _line(f"{metric.name}_sum", labels, age / 2)
            yield _line(f"{metric.name}_count", labels, age)
        elif metric.kind == "counter":
            yield _line(metric.name, labels, age)
        else:
            if self.empty(metric.name, labels):
                yield _line(metric.name, labels, math.nan)
                return
            bounds = [float(bound) for bound in (metric.normal_low, metric.normal_high) if bound is not None]
            plenty = 1000.0 if LIMIT.search(metric.name) else 1.0
            yield _line(metric.name, labels, sum(bounds) / len(bounds) if bounds else plenty)

    def openapi(self) -> str:
        """The table of its routes."""
        paths: dict[str, dict[str, object]] = {}
        for method, route in self.serves:
            paths.setdefault(route, {})[method.lower()] = {}
        return json.dumps({"openapi": "3.1.0", "paths": paths})


def _line(name: str, labels: dict[str, str], value: float) -> str:
    written = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{written}}} {value}"


def serving(exporter: Exporter, port: int) -> ThreadingHTTPServer:
    """The server, which listens from now on until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {"/metrics": exporter.text}
            if exporter.service.watched and exporter.service.watched.table:
                known[exporter.service.watched.table] = exporter.openapi
            answer = known.get(self.path)
            body = answer().encode() if answer else b""
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4" if self.path == "/metrics" else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
