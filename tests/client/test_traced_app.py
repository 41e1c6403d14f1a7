"""A FastAPI application whose tracing is on, whatever the collector does: each request is answered and traced once, and the application
ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from opentelemetry import trace

from tests.client.collector import Answer, collector
from tests.client.contracts import shop
from tests.client.test_export import BEHAVIOURS
from tests.client.test_w3c import BAD
from tests.ports import free_ports
from touchline_client import Contract, http, instrument
from touchline_client.seam import Message, Scope, ServerSpan
from touchline_client.tracing import configured

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> list[trace.TracerProvider]:
    """opentelemetry-api's own, which can be set but once in a process, as if nobody had set it."""
    offered: list[trace.TracerProvider] = [trace.ProxyTracerProvider()]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: offered[-1])
    monkeypatch.setattr(trace, "set_tracer_provider", offered.append)
    return offered


def application(contract: Contract) -> FastAPI:
    """One that is instrumented as the environment says."""
    app = FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int, request: Request) -> dict[str, int]:
        return {"number": number}

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("ann@example.com")

    instrument(app, contract)
    return app


@asynccontextmanager
async def living(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """As a server runs it: its start, its requests, its end."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, heard.get, said.put))
    await heard.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://shop"
    ) as client:
        yield client
    await heard.put({"type": "lifespan.shutdown"})
    assert (await said.get())["type"] == "lifespan.shutdown.complete"
    await life


def serve(app: FastAPI, paths: list[str], headers: dict[str, bytes] | None = None) -> list[int]:
    """The answers' statuses."""

    async def served() -> list[int]:
        async with living(app) as client:
            return [(await client.get(path, headers=headers)).status_code for path in paths]

    return asyncio.run(served())


def test_a_request_is_one_span_whose_query_stays_here(
    provider: list[trace.TracerProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FastAPI would make spans of its own now that there is a provider."""
    with collector() as seen:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", seen.address)
        contract = shop()
        assert serve(application(contract), ["/orders/7?who=ann@example.com", "/broken", "/nowhere/ann@example.com"]) == [
            200,
            500,
            404,
        ]
    assert len(provider) == 2, "ours was offered"
    assert [span.name for span in seen.spans] == ["GET /orders/{number}", "GET /broken", "GET"]
    assert b"ann@" not in b"".join(seen.bodies)
    assert [len(span.events) for span in seen.spans] == [0, 1, 0]


def test_what_is_mounted_makes_no_spans_of_its_own(provider: list[trace.TracerProvider], monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as seen:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", seen.address)
        app, below = FastAPI(), FastAPI()

        @below.get("/orders/{number}")
        async def order(number: int) -> int:
            return number

        app.mount("/v2", below)
        instrument(app, shop())
        assert serve(app, ["/v2/orders/7?who=ann@example.com"]) == [200]
    assert [span.name for span in seen.spans] == ["GET /v2/orders/{number}"]
    assert b"ann@" not in b"".join(seen.bodies)


def test_a_process_that_no_server_ends_sends_its_last_spans() -> None:
    script = """
from tests.client.contracts import shop
from tests.client.tracing import scope
from touchline_client.tracing import configured
tracer = configured(shop(), None)
tracer.server(scope()).end(route="/a", status=200, error=None, duration=0.0)
"""
    with collector() as seen:
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": seen.address}
        subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=ROOT, timeout=30)
    assert [span.name for span in seen.spans] == ["GET /a"]


def test_an_application_that_gave_fastapi_a_provider_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    app = FastAPI(telemetry={"tracer_provider": trace.NoOpTracerProvider()})
    configured(shop(), app)
    assert app._telemetry["tracing"] is True


@pytest.mark.parametrize("answer", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_a_bad_collector_fails_no_request_and_no_end(
    answer: Answer, provider: list[trace.TracerProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline_client.http.FLUSH", 0.3)
    with collector(answer) as seen:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", seen.address)
        contract = shop()
        assert serve(application(contract), ["/orders/7"] * 200) == [200] * 200
    dropped = contract.metrics["telemetry_dropped_total"]
    assert (
        200 - len(seen.spans) <= dropped._cells[("spans",)][0] <= 200 if ("spans",) in dropped._cells else len(seen.spans) >= 200
    )


def test_the_end_waits_for_the_last_spans_so_long_and_no_longer() -> None:
    class Flushed:
        def __init__(self) -> None:
            self.seconds: list[float] = []

        def server(self, scope: Scope) -> ServerSpan:
            raise RuntimeError("a fault of ours")

        def flush(self, seconds: float) -> None:
            self.seconds.append(seconds)
            raise RuntimeError("a fault of ours")

    app, tracer = FastAPI(), Flushed()
    instrument(app, shop(), tracer=tracer)
    assert serve(app, ["/nowhere"]) == [404]
    assert tracer.seconds == [http.FLUSH]
    assert http.FLUSH <= 2.0


def test_nobody_listens(provider: list[trace.TracerProvider], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline_client.http.FLUSH", 0.3)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_ports(1)[0]}")
    contract = shop()
    assert serve(application(contract), ["/orders/7"] * 50) == [200] * 50
    assert contract.metrics["telemetry_dropped_total"]._cells[("spans",)][0] == 50


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_header_garbage_fails_no_request(
    value: str, provider: list[trace.TracerProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as seen:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", seen.address)
        assert serve(
            application(shop()), ["/orders/7"], {"traceparent": value.encode("latin-1"), "tracestate": value.encode("latin-1")}
        ) == [200]
    assert [len(span.trace_id) for span in seen.spans] == [16]
