"""One process of the bench of tracing: `python -m bench.traced VARIANT`. In: lines `cpu N` and `allocations N`, which ask for N requests.
Out: a number for each: seconds of CPU of the whole process, its sending included, or allocations a request. Runs on the peers' packages."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from memray import FileReader, Tracker

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WARM = 300

Flush = Callable[[], Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


def bare(_: FastAPI) -> Flush:
    """Nothing."""
    return lambda: None


def ours(app: FastAPI) -> Flush:
    """The one call, of a contract without metrics: tracing alone."""
    from touchline_client import Contract, instrument

    tracer = instrument(app, Contract("bench", ())).tracer
    assert tracer is not None
    return lambda: tracer.flush(30.0)


def opentelemetry(app: FastAPI) -> Flush:
    """As OpenTelemetry's documents have it: with spans of send and receive."""
    return _instrumented(app, None)


def opentelemetry_lean(app: FastAPI) -> Flush:
    """The same without them."""
    return _instrumented(app, ["send", "receive"])


def fastapi_own(app: FastAPI) -> Flush:
    """What FastAPI itself does once a TracerProvider is set."""
    return _sdk().force_flush


def _instrumented(app: FastAPI, without: Any) -> Flush:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    provider = _sdk()
    FastAPIInstrumentor.instrument_app(app, exclude_spans=without)
    return provider.force_flush


def _sdk() -> Any:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


VARIANTS = {each.__name__: each for each in (bare, ours, opentelemetry, opentelemetry_lean, fastapi_own)}


def application() -> FastAPI:
    """An empty route."""
    app = FastAPI()

    @app.get("/matches/{number}")
    async def match(number: int) -> dict[str, int]:
        return {"number": number}

    return app


async def _receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_: Any) -> None:
    return None


def _scope() -> dict[str, Any]:
    headers = [(b"host", b"shop:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"traceparent", TRACEPARENT)]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/matches/7",
        "raw_path": b"/matches/7",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
    }


async def _requests(app: App, number: int) -> None:
    for _ in range(number):
        await app(_scope(), _receive, _send)


def _allocations(serve: Callable[[int], None], number: int) -> float:
    """Of a request, its sending included: those of two turns less those of one."""
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        for turns in (1, 2):
            file = Path(folder, str(turns))
            with Tracker(file, trace_python_allocators=True):
                serve(turns * number)
            counts.append(FileReader(file).metadata.total_allocations)
    return (counts[1] - counts[0]) / number


def main() -> None:
    """Answers until its input ends."""
    os.environ.setdefault(ENDPOINT, "http://127.0.0.1:9")
    app = application()
    flush = VARIANTS[sys.argv[1]](app)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_requests(app, WARM))
    flush()
    print("ready", flush=True)

    def serve(number: int) -> None:
        loop.run_until_complete(_requests(app, number))
        flush()

    for line in sys.stdin:
        what, number = line.split()
        gc.collect()
        if what == "cpu":
            began = time.process_time()
            serve(int(number))
            print(time.process_time() - began, flush=True)
        else:
            print(_allocations(serve, int(number)), flush=True)


if __name__ == "__main__":
    main()
