"""One FastAPI application, measured by each library in turn. Run by bench/client.py with the Python of .venv-peers. In: `cpu ROUNDS`, or
`allocations NAME`. Out: JSON: CPU seconds of each chunk of requests by library, or the allocations of a chunk.

The same routes, metrics (requests by method, route and status; durations by method and route in the same buckets; requests in flight) and
export for all. A chunk is asked through ASGI without server or client library, which would cost the same for all."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http"  # durations in seconds, under today's names

from fastapi import FastAPI

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
CHUNK = 400
PATHS = ("/", "/orders/17", "/orders/17/lines/4")


def application() -> FastAPI:
    """Three routes that do nothing."""
    app = FastAPI()

    @app.get("/")
    async def root() -> None:
        return None

    @app.get("/orders/{id}")
    async def order(id: int) -> None:
        return None

    @app.get("/orders/{id}/lines/{line}")
    async def line(id: int, line: int) -> None:
        return None

    return app


def bare() -> Any:
    return application()


def ours() -> Any:
    import touchline_client
    from touchline_client import Contract, Counter, Gauge, Histogram

    app = application()
    contract = Contract(
        "bench",
        (
            Counter("http_requests_total", "", ("method", "endpoint", "status")),
            Counter("http_errors_total", "", ("method", "endpoint", "error_type")),
            Histogram("http_request_duration_seconds", "", ("method", "endpoint"), buckets=BUCKETS),
            Gauge("active_connections"),
            Counter("telemetry_dropped_total", "", ("telemetry",), {"telemetry": ("spans", "metrics")}),
        ),
    )
    return touchline_client.instrument(app, contract).app


def instrumentator() -> Any:
    from prometheus_client import CollectorRegistry
    from prometheus_fastapi_instrumentator import Instrumentator, metrics

    app, registry = application(), CollectorRegistry()
    made = Instrumentator(
        should_group_status_codes=False, should_instrument_requests_inprogress=True, inprogress_name="active", registry=registry
    )
    made.add(
        metrics.requests(registry=registry), metrics.latency(buckets=BUCKETS, should_include_status=False, registry=registry)
    )  # type: ignore[arg-type]
    made.instrument(app).expose(app)
    return app


def exporter() -> Any:
    from starlette_exporter import PrometheusMiddleware, handle_metrics

    app = application()
    app.add_middleware(PrometheusMiddleware, buckets=BUCKETS)
    app.add_route("/metrics", handle_metrics)
    return app


def opentelemetry() -> Any:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.view import DropAggregation, ExplicitBucketHistogramAggregation, View
    from opentelemetry.trace import NoOpTracerProvider

    app = application()
    views = [
        View(instrument_name="http.server.*.body.size", aggregation=DropAggregation()),
        View(instrument_name="http.server.request.duration", aggregation=ExplicitBucketHistogramAggregation(BUCKETS)),
    ]
    provider = MeterProvider(metric_readers=[PrometheusMetricReader()], views=views)
    FastAPIInstrumentor.instrument_app(app, meter_provider=provider, tracer_provider=NoOpTracerProvider())
    return app


LIBRARIES: dict[str, Callable[[], Any]] = {
    "bare": bare,
    "ours": ours,
    "prometheus-fastapi-instrumentator": instrumentator,
    "starlette-exporter": exporter,
    "OpenTelemetry metrics": opentelemetry,
}


async def chunk(app: Any) -> None:
    """So many requests, one after the other."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise AssertionError(message)

    headers = [(b"host", b"bench"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
    for number in range(CHUNK):
        path = PATHS[number % len(PATHS)]
        await app(
            {
                "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http",
                "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
                "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
            },
            receive,
            send,
        )  # fmt: skip


async def cpu(rounds: int) -> dict[str, list[float]]:
    """CPU seconds a request, chunk by chunk, the libraries in turns: what slows the machine down slows all."""
    apps = {name: make() for name, make in LIBRARIES.items()}
    spent: dict[str, list[float]] = {name: [] for name in apps}
    for turn in range(rounds + 2):
        for name, app in apps.items():
            gc.collect()
            before = time.process_time()
            await chunk(app)
            if turn >= 2:
                spent[name].append((time.process_time() - before) / CHUNK)
    return spent


async def allocations(name: str) -> float:
    """Allocations a request, Python's own small ones included: those of two chunks less those of one."""
    from memray import FileReader, Tracker

    app = LIBRARIES[name]()
    await chunk(app)
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        for times in (1, 2):
            file = Path(folder, str(times))
            with Tracker(file, trace_python_allocators=True):
                for _ in range(times):
                    await chunk(app)
            counts.append(FileReader(file).metadata.total_allocations)
    return (counts[1] - counts[0]) / CHUNK


if __name__ == "__main__":
    wanted, argument = sys.argv[1:]
    print(json.dumps(asyncio.run(cpu(int(argument)) if wanted == "cpu" else allocations(argument))))
