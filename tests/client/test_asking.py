"""httpx, sync and async: another service's span stands below ours, and nothing of an address but its host is told."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.client.collector import collector
from tests.client.joined import Joined
from tests.client.test_databases import SECRET, calls
from tests.client.test_w3c import GOOD, TRACE
from tests.client.test_wire import pairs
from tests.client.tracing import QUICK, scope
from tests.ports import free_ports
from touchline_client.seam import Receive, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the headers it was asked with, under the status that the path says."""
    status = int(scope["path"].rpartition("/")[2])
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(headers).encode()})


def echoing() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(echo), base_url="http://models:8001")


def test_the_trace_goes_along() -> None:
    async def served() -> dict[str, str]:
        async with echoing() as client:
            joined.telemetry.client(client)
            joined.telemetry.client(client)
            request = joined.traced.tracer.server(scope(("traceparent", GOOD), ("tracestate", "a=1")))
            answer: dict[str, str] = (await client.get(f"/{SECRET}/200", params={"who": SECRET})).json()
            request.end(route="/a", status=200, error=None, duration=0.1)
            return answer

    with collector() as seen:
        joined = Joined(seen.address)
        answer = asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    (span,) = calls(seen)
    assert (span.name, span.kind, span.trace_id.hex()) == ("GET", Span.SPAN_KIND_CLIENT, TRACE)
    assert answer["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert answer["tracestate"] == "a=1"
    assert pairs(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "server.address": "models",
        "server.port": 8001,
    }
    assert b"ann" not in b"".join(seen.bodies)


def test_answers_that_are_errors() -> None:
    async def served() -> None:
        async with echoing() as client:
            joined.telemetry.client(client)
            request = joined.traced.tracer.server(scope())
            for status in (404, 503):
                await client.request("PROPFIND", f"/{status}")
            request.end(route="/a", status=200, error=None, duration=0.1)

    with collector() as seen:
        joined = Joined(seen.address)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    spans = calls(seen)
    assert [span.name for span in spans] == ["HTTP", "HTTP"]
    assert [span.status.code for span in spans] == [Status.STATUS_CODE_ERROR] * 2
    assert [pairs(span.attributes)["error.type"] for span in spans] == ["404", "503"]


def test_a_service_that_is_not_there_with_a_sync_client() -> None:
    with collector() as seen, httpx.Client() as client:
        joined = Joined(seen.address)
        joined.telemetry.client(client)
        request = joined.traced.tracer.server(scope())
        with pytest.raises(httpx.ConnectError):
            client.get(f"http://127.0.0.1:{free_ports(1)[0]}/")
        request.end(route="/a", status=200, error=None, duration=0.1)
        joined.traced.tracer.flush(QUICK)
    (span,) = calls(seen)
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert pairs(span.attributes)["error.type"] == "httpx.ConnectError"


def test_outside_of_a_trace_a_request_is_as_it_was() -> None:
    async def asked() -> dict[str, str]:
        async with echoing() as client:
            joined.telemetry.client(client)
            answer: dict[str, str] = (await client.get("/200")).json()
            return answer

    with collector() as seen:
        joined = Joined(seen.address)
        assert "traceparent" not in asyncio.run(asked())
        joined.traced.tracer.flush(QUICK)
    assert seen.spans == []


def test_what_is_given_up_is_no_error() -> None:
    """As when the client of the request that asks has left."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async def served() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(slow), base_url="http://models") as client:
            joined.telemetry.client(client)
            request = joined.traced.tracer.server(scope())
            asking = asyncio.create_task(client.get("/"))
            await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            request.end(route="/a", status=499, error=None, duration=0.1)

    with collector() as seen:
        joined = Joined(seen.address)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    assert [span.status.code for span in calls(seen)] == [Status.STATUS_CODE_UNSET]


def test_a_stream_is_asked_for_as_well() -> None:
    async def served() -> str:
        async with echoing() as client:
            joined.telemetry.client(client)
            request = joined.traced.tracer.server(scope())
            async with client.stream("GET", "/200") as response:
                told: str = json.loads(await response.aread())["traceparent"]
            request.end(route="/a", status=200, error=None, duration=0.1)
            return told

    with collector() as seen:
        joined = Joined(seen.address)
        told = asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    (span,) = calls(seen)
    assert span.span_id.hex() in told


def test_what_is_no_client_is_told_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    Joined().telemetry.client(object())
    assert "object is no httpx.Client and no httpx.AsyncClient" in caplog.text
