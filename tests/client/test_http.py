"""What the middleware counts, on the newest FastAPI and Starlette: by route template, whatever becomes of the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router

import touchline_client
from tests.client.contracts import shop
from tests.client.load import samples
from touchline_client import Contract
from touchline_client.seam import Message, Receive, Scope, Send


def instrumented(app: object) -> Contract:
    contract = shop()
    touchline_client.instrument(app, contract)
    return contract


async def page(app: object, path: str = "/metrics") -> dict[str, float]:
    async with client(app) as asking:
        return samples((await asking.get(path)).text)


def client(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def ask(app: object, *requests: tuple[str, str]) -> dict[str, float]:
    """Make the requests, then scrape."""

    async def run() -> dict[str, float]:
        async with client(app) as asking:
            for method, path in requests:
                await asking.request(method, path)
        return await page(app)

    return asyncio.run(run())


def counted(seen: dict[str, float]) -> dict[tuple[str, str, str], float]:
    """What http_requests_total counts, without what is only declared."""
    found = {}
    for series, value in seen.items():
        if series.startswith("http_requests_total{") and value:
            labels = dict(part.split("=", 1) for part in series[len("http_requests_total{") : -1].split('",'))
            found[tuple(one.strip('"') for one in (labels["method"], labels["endpoint"], labels["status"]))] = value
    return found  # type: ignore[return-value]


def errors(seen: dict[str, float]) -> dict[str, float]:
    return {s.partition('error_type="')[2][:-2]: v for s, v in seen.items() if s.startswith("http_errors_total{") and v}


def fastapi() -> FastAPI:
    app, orders, inner = FastAPI(), APIRouter(), APIRouter()

    @orders.get("/orders/{id}")
    async def order(id: int) -> int:
        return id

    @inner.get("/lines/{line:int}")
    async def line(id: int, line: int) -> int:
        return line

    @app.get("/twice/a/{x}")
    @app.get("/twice/b/{x}")
    async def twice(x: str) -> str:
        return x

    @app.get("/boom")
    async def boom() -> None:
        raise LookupError("nothing there")

    @app.get("/busy")
    async def busy() -> None:
        raise HTTPException(503)

    @app.get("/files/{rest:path}")
    def file(rest: str) -> str:
        return rest

    orders.include_router(inner, prefix="/orders/{id}")
    app.include_router(orders, prefix="/v1")
    app.include_router(orders, prefix="/v2")
    sub = FastAPI()
    sub.include_router(orders)
    app.mount("/shops/{shop}", sub)
    return app


def test_the_endpoint_is_the_whole_template_of_the_route() -> None:
    app = fastapi()
    instrumented(app)
    paths = (
        "/v1/orders/1",
        "/v2/orders/2",
        "/v1/orders/1/lines/7",
        "/shops/3/orders/4",
        "/twice/a/1",
        "/twice/b/1",
        "/files/a/b/c",
    )
    templates = (
        "/v1/orders/{id}",
        "/v2/orders/{id}",
        "/v1/orders/{id}/lines/{line}",
        "/shops/{shop}/orders/{id}",
        "/twice/a/{x}",
        "/twice/b/{x}",
        "/files/{rest}",
    )
    seen = ask(app, *(("GET", path) for path in paths))
    assert counted(seen) == {("GET", template, "200"): 1.0 for template in templates}


def test_what_matches_no_route_is_one_series() -> None:
    app = fastapi()
    instrumented(app)
    paths = [f"/made/up/{number}" for number in range(30)] + ["/shops/3/made/up", "/v1/made/up", "/v1/orders/1/"]
    seen = counted(ask(app, *(("GET", path) for path in paths)))
    assert seen == {("GET", "unmatched", "404"): 32.0, ("GET", "unmatched", "307"): 1.0}


def test_methods_are_told_apart_as_far_as_they_are_known() -> None:
    app = fastapi()
    instrumented(app)
    seen = counted(ask(app, *((method, "/v1/orders/1") for method in ("HEAD", "OPTIONS", "POST", "FROBNICATE"))))
    assert seen == {
        ("HEAD", "/v1/orders/{id}", "405"): 1.0,
        ("OPTIONS", "/v1/orders/{id}", "405"): 1.0,
        ("POST", "/v1/orders/{id}", "405"): 1.0,
        ("OTHER", "/v1/orders/{id}", "405"): 1.0,
    }


def test_an_exception_is_a_500_and_named() -> None:
    app = fastapi()
    instrumented(app)
    seen = ask(app, ("GET", "/boom"), ("GET", "/busy"), ("GET", "/v1/orders/none"))
    assert counted(seen) == {
        ("GET", "/boom", "500"): 1.0,
        ("GET", "/busy", "503"): 1.0,
        ("GET", "/v1/orders/{id}", "422"): 1.0,
    }
    assert errors(seen) == {"LookupError": 1.0, "503": 1.0}
    assert seen["active_connections"] == 0.0


def test_series_of_an_operation_are_there_before_its_first_error() -> None:
    app = fastapi()
    instrumented(app)
    seen = ask(app, ("GET", "/v1/orders/1"))
    for endpoint in ("/v1/orders/{id}", "/orders/{id}"):  # asked, and declared
        assert seen[f'http_requests_total{{method="GET",endpoint="{endpoint}",status="500"}}'] == 0.0
        assert seen[f'http_errors_total{{method="GET",endpoint="{endpoint}",error_type="500"}}'] == 0.0
        assert f'http_request_duration_seconds_count{{method="GET",endpoint="{endpoint}"}}' in seen


def test_a_scrape_is_answered_before_the_application_and_never_counted() -> None:
    app = fastapi()
    instrumented(app)

    async def run() -> dict[str, float]:
        for _ in range(3):
            await page(app)
        async with client(app) as asking:
            assert (await asking.head("/metrics")).content == b""
            assert (await asking.post("/metrics")).status_code == 404
        return await page(app)

    assert counted(asyncio.run(run())) == {("POST", "unmatched", "404"): 1.0}


def test_what_a_middleware_answers_is_counted_by_the_template_it_would_have_had() -> None:
    app = fastapi()
    instrumented(app)

    class Refuse(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: object) -> PlainTextResponse:
            return PlainTextResponse("who are you?", 401)

    app.add_middleware(Refuse)  # after us, and still inside
    seen = counted(ask(app, ("GET", "/v1/orders/1"), ("GET", "/made/up")))
    assert seen == {("GET", "/v1/orders/{id}", "401"): 1.0, ("GET", "unmatched", "401"): 1.0}


def test_plain_starlette_with_mounts_hosts_and_what_is_not_starlette() -> None:
    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    inner = Router([Route("/{y}", hello), Mount("/deep", routes=[Route("/{z:int}", hello)])])
    app = Starlette(
        routes=[Mount("/a/{x}", app=inner), Mount("/static", app=bare), Host("other.test", Router([Route("/h/{w}", hello)]))]
    )
    instrumented(app)

    async def run() -> dict[str, float]:
        async with client(app) as asking:
            for path in ("/a/1/2", "/a/1/deep/3", "/static/x/y.css", "http://other.test/h/5"):
                assert (await asking.get(path)).status_code == 200
        return await page(app)

    assert counted(asyncio.run(run())) == {
        ("GET", template, "200"): 1.0 for template in ("/a/{x}/{y}", "/a/{x}/deep/{z}", "/static/{path}", "/h/{w}")
    }


def test_an_application_that_is_no_starlette_is_wrapped() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/raise":
            raise KeyError("x")
        if scope["path"] == "/answer":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    app = touchline_client.instrument(bare, shop()).app
    seen = ask(app, ("GET", "/answer"), ("GET", "/raise"))
    assert counted(seen) == {("GET", "unmatched", "204"): 1.0, ("GET", "unmatched", "500"): 1.0}
    assert errors(seen) == {"KeyError": 1.0}


async def drive(
    app: object, scope: Scope, *received: Message, until: Callable[[list[Message]], bool] | None = None
) -> list[Message]:
    """Serve one scope by hand; what the application sends. `until` says when the client leaves: the server cancels."""
    sent: list[Message] = []
    waiting = list(received)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    task = asyncio.create_task(app({"headers": [], "query_string": b"", **scope}, receive, send))  # type: ignore[operator]
    while not task.done():
        await asyncio.sleep(0.001)
        if until and until(sent):
            task.cancel()
            break
    await asyncio.gather(task, return_exceptions=True)
    return sent


HTTP = {
    "type": "http",
    "method": "GET",
    "http_version": "1.1",
    "scheme": "http",
    "server": ("x", 80),
    "asgi": {"spec_version": "2.3"},
}


def test_a_stream_lasts_until_its_last_part_and_is_in_flight_until_then() -> None:
    app = FastAPI()
    contract = instrumented(app)
    during: list[float] = []

    @app.get("/stream")
    async def stream(tasks: BackgroundTasks) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(3):
                during.append((await page(app))["active_connections"])
                await asyncio.sleep(0.05)
                yield b"part"

        tasks.add_task(asyncio.sleep, 0.4)  # what runs behind the answer is not the request's duration
        return StreamingResponse(parts(), background=tasks)

    seen = ask(app, ("GET", "/stream"))
    assert during == [1.0, 1.0, 1.0]
    assert seen["active_connections"] == 0.0
    took = seen['http_request_duration_seconds_sum{method="GET",endpoint="/stream"}']
    assert took >= 0.15
    assert contract.metrics["http_requests_total"].touched
    assert seen['http_request_duration_seconds_count{method="GET",endpoint="/stream"}'] == 1.0


def test_a_client_that_leaves_is_499_and_no_error() -> None:
    app = FastAPI()
    instrumented(app)

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    @app.post("/upload")
    async def upload(request: Request) -> None:
        await request.body()

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b"part"
                await asyncio.sleep(0.001)

        return StreamingResponse(parts())

    async def run() -> dict[str, float]:
        await drive(app, {**HTTP, "path": "/slow"}, until=lambda sent: True)
        await drive(app, {**HTTP, "path": "/upload", "method": "POST"}, {"type": "http.disconnect"})
        await drive(app, {**HTTP, "path": "/endless"}, until=lambda sent: len(sent) > 2)
        return await page(app)

    seen = asyncio.run(run())
    assert counted(seen) == {("GET", "/slow", "499"): 1.0, ("POST", "/upload", "499"): 1.0, ("GET", "/endless", "200"): 1.0}
    assert errors(seen) == {}
    assert seen["active_connections"] == 0.0


def test_an_exception_in_a_stream_is_an_error_of_an_answer_that_began_well() -> None:
    app = FastAPI()
    instrumented(app)

    @app.get("/broken")
    async def broken() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"part"
            raise RuntimeError("half way")

        return StreamingResponse(parts())

    async def run() -> dict[str, float]:
        await drive(app, {**HTTP, "path": "/broken"})
        return await page(app)

    seen = asyncio.run(run())
    assert counted(seen) == {("GET", "/broken", "200"): 1.0}
    assert sum(errors(seen).values()) == 1.0


def websockets() -> FastAPI:
    app = FastAPI()

    @app.websocket("/talk/{room}")
    async def talk(socket: WebSocket, room: str) -> None:
        if room == "closed":
            await socket.close()
            return
        await socket.accept()
        if room == "broken":
            raise RuntimeError("no")
        await socket.receive_text()

    return app


@pytest.mark.parametrize(
    ("room", "status", "wrong"), [("open", "101", {}), ("closed", "403", {}), ("broken", "101", {"RuntimeError": 1.0})]
)
def test_a_websocket_is_counted_when_it_is_accepted_or_refused(room: str, status: str, wrong: dict[str, float]) -> None:
    app = websockets()
    instrumented(app)
    scope = {**HTTP, "type": "websocket", "path": f"/talk/{room}", "subprotocols": []}
    del scope["method"]

    async def run() -> dict[str, float]:
        await drive(app, scope, {"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000})
        return await page(app)

    seen = asyncio.run(run())
    assert counted(seen) == {("WEBSOCKET", "/talk/{room}", status): 1.0}
    assert errors(seen) == wrong
    assert seen["active_connections"] == 0.0


def test_behind_a_proxy_that_takes_a_prefix_off_the_templates_are_the_same() -> None:
    app = fastapi()
    instrumented(app)

    async def run() -> dict[str, float]:
        for path in ("/proxy/v1/orders/1", "/proxy/twice/b/1", "/proxy/none"):
            await drive(app, {**HTTP, "root_path": "/proxy", "path": path})
        sent = await drive(app, {**HTTP, "root_path": "/proxy", "path": "/proxy/metrics"})
        return samples(sent[1]["body"].decode())

    assert set(counted(asyncio.run(run()))) == {
        ("GET", "/v1/orders/{id}", "200"),
        ("GET", "/twice/b/{x}", "200"),
        ("GET", "unmatched", "404"),
    }
