"""Rate, errors, latency and requests in flight of an ASGI application, as pure ASGI. In: an application and its contract. Out: the same
application, measured; and the page that Prometheus scrapes, answered before the application sees the request and never counted: a scrape
is not traffic.

A request is counted when the last part of its answer is handed to the server, before it is sent: who has an answer has been counted,
whatever kills the process next. Its duration ends there, a stream's with the stream. Where the client left before anything was answered
the status is 499: no HTTP status, but what nginx made the custom; it is no error of the service. A websocket is counted when it is
accepted (101) or refused (403) under the method WEBSOCKET, lasts until then, and is in flight until it closes."""

from __future__ import annotations

import sys
from math import inf
from time import perf_counter
from typing import TypeVar

from touchline_client.contract import Contract, Keep
from touchline_client.metrics import Counter, Gauge, Histogram, Metric
from touchline_client.pulse import Pulse
from touchline_client.routes import UNMATCHED, Templates
from touchline_client.scrape import Page
from touchline_client.seam import App, Message, Receive, Scope, Send, ServerSpan, Tracer

METHODS = {name: name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")}
"""Methods that are told apart; anybody can make up others, which are OTHER."""
STATUSES = {status: str(status) for status in range(100, 600)}
OTHER_METHOD = "OTHER"
WEBSOCKET = "WEBSOCKET"
LEFT = 499
FLUSH = 2.0
"""Seconds that a hanging collector may delay the end of an application."""
LEAVING = frozenset({"CancelledError", "ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"})
"""Exceptions that say that the client has left: asyncio's, Starlette's and uvicorn's, by name, so that none of them is imported."""


M = TypeVar("M", bound=Metric)


def found(contract: Contract, kind: type[M], name: str, *labels: str) -> M | None:
    """The contract's metric of that name, kind and labels."""
    metric = contract.metrics.get(name)
    return metric if isinstance(metric, kind) and metric.labels == labels else None


class Metrics:
    """The contract's metrics of HTTP; None where the contract has not got one under that name, of that kind, with those labels."""

    def __init__(self, contract: Contract) -> None:
        self.requests = found(contract, Counter, "http_requests_total", "method", "endpoint", "status")
        self.errors = found(contract, Counter, "http_errors_total", "method", "endpoint", "error_type")
        self.duration = found(contract, Histogram, "http_request_duration_seconds", "method", "endpoint")
        self.active = found(contract, Gauge, "active_connections")
        self.seen: set[tuple[str, str]] = set()

    def expect(self, method: str, endpoint: str) -> None:
        """Let the series of an operation be there before its first error: an error that is its series' first sample is no increase."""
        if (method, endpoint) in self.seen:
            return
        self.seen.add((method, endpoint))
        if endpoint == UNMATCHED:
            return
        if self.requests:
            for status in ("200", "500"):
                self.requests.declare((method, endpoint, status))
        if self.errors:
            self.errors.declare((method, endpoint, "500"))
        if self.duration:
            self.duration.declare((method, endpoint))


class Middleware:
    """The application, measured."""

    def __init__(
        self, app: App, contract: Contract, templates: Templates, tracer: Tracer | None, pulse: Pulse, page: Page
    ) -> None:
        self._app, self._pulse, self._page = app, pulse, page
        self.contract, self.templates, self.tracer = contract, templates, tracer
        self.metrics = Metrics(contract)
        self.kept = Kept(contract.keep)
        self._path = contract.metrics_path
        self.forget()
        contract.on_fork.append(self.forget)

    def forget(self) -> None:
        """In a new process: nothing has begun."""
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if not self._begun or kind == "lifespan":
            self._begin()
        if kind == "http" or kind == "websocket":
            if kind == "http" and self._is_scrape(scope):
                await self._page(scope, send)
            else:
                await self._serve(scope, receive, send)
        elif kind == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's life. Its last spans leave before the server hears of its end, and may end the process."""

        async def told(message: Message) -> None:
            if self.tracer is not None and message["type"].startswith("lifespan.shutdown."):
                try:
                    self.tracer.flush(FLUSH)
                except Exception as error:
                    self.contract.guard.caught("sending the last spans", error, "spans")
            await send(message)

        await self._app(scope, receive, told)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            exchange = Exchange(self, scope, send)
        except Exception as fault:
            self.contract.guard.caught("beginning to measure a request", fault)
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, exchange.send)
        except BaseException as error:
            exchange.close(error)
            raise
        exchange.close(None)

    def _is_scrape(self, scope: Scope) -> bool:
        path = scope["path"]
        if not path.endswith(self._path) or scope["method"] not in ("GET", "HEAD"):
            return False
        return bool(path == self._path or path == scope.get("root_path", "") + self._path)

    def _begin(self) -> None:
        """At the start of the application, or at the first request where the server tells none."""
        self._begun = True
        try:
            self.contract.begin()
            self._pulse.start()
            for method, route in self.contract.operations:
                self.metrics.expect(method, route)
            if self.metrics.active:
                self.metrics.active.add(0.0)
        except Exception as error:
            self.contract.guard.caught("beginning to measure", error)


class Exchange:
    """One request and its answer, or one websocket. No fault of ours leaves its methods."""

    __slots__ = ("_began", "_done", "_error_type", "_http", "_root", "_scope", "_send", "_span", "_status", "_took", "_websocket")

    def __init__(self, http: Middleware, scope: Scope, send: Send) -> None:
        self._http, self._scope, self._send = http, scope, send
        self._root = scope.get("root_path", "")
        self._websocket = scope["type"] == "websocket"
        self._status, self._error_type, self._done, self._took = 0, "", False, 0.0
        self._span: ServerSpan | None = None
        if http.tracer is not None:
            try:
                self._span = http.tracer.server(scope)
            except Exception as error:
                http.contract.guard.caught("beginning a span", error, "spans")
        if http.metrics.active is not None:
            http.metrics.active.add(1.0)
        self._began = perf_counter()

    async def send(self, message: Message) -> None:
        """On its way to the server: a message of the answer."""
        try:
            kind = message["type"]
            if kind == "http.response.body":
                if not message.get("more_body", False):
                    self._finish()
            elif kind == "http.response.start":
                self._answer(message["status"])
            else:
                self._other(kind, message)
        except Exception as error:
            self._http.contract.guard.caught("measuring a request", error)
        await self._send(message)

    def close(self, error: BaseException | None) -> None:
        """The application has returned, or raised `error`."""
        try:
            left = error is not None and type(error).__name__ in LEAVING
            if error is not None and not left:
                self._error_type = self._error_type or type(error).__name__
            if not self._done:
                self._status = self._status or (LEFT if left else 500)
                self._finish()
            elif error is not None and not left and self._status < 500:
                self._count_error()
            if self._websocket and self._http.metrics.active is not None:
                self._http.metrics.active.add(-1.0)
            if self._span is not None:
                took = perf_counter() - self._began if self._websocket else self._took
                self._span.end(route=self._route(), status=self._status, error=None if left else error, duration=took)
        except Exception as fault:
            self._http.contract.guard.caught("measuring a request", fault)

    def _answer(self, status: int) -> None:
        self._status = status
        if status >= 500:
            # Starlette answers for an exception while it handles it, so that it can be named before it comes up here.
            raised = sys.exc_info()[0]
            name = raised.__name__ if raised is not None else ""
            if name in LEAVING:
                self._status = LEFT
            elif name != "HTTPException":
                self._error_type = name

    def _other(self, kind: str, message: Message) -> None:
        """Websockets, and what servers offer beside bodies (asgi.readthedocs.io, extensions)."""
        if kind == "websocket.accept":
            self._status = 101
            self._finish()
        elif kind == "websocket.close" and not self._done:
            self._status = self._status or 403
            self._finish()
        elif kind == "websocket.http.response.start":
            self._answer(message["status"])
        elif kind == "http.response.pathsend" or (
            kind in ("http.response.zerocopysend", "websocket.http.response.body") and not message.get("more_body", False)
        ):
            self._finish()

    def _finish(self) -> None:
        """Count it, once."""
        if self._done:
            return
        self._done = True
        self._took = took = perf_counter() - self._began
        http, status = self._http, self._status
        metrics, method, route = http.metrics, self._method(), self._route()
        operation = (method, route)
        if operation not in metrics.seen:
            metrics.expect(method, route)
        labels = (method, route, STATUSES.get(status) or str(status))
        if metrics.requests is not None:
            metrics.requests.add(1.0, labels)
        if metrics.duration is not None:
            metrics.duration.record(took, operation)
        failed = status >= 500 or bool(self._error_type)
        if failed:
            self._count_error()
        if metrics.active is not None and not self._websocket:
            metrics.active.add(-1.0)
        if self._span is not None and http.kept(operation, took, failed):
            if metrics.requests is not None:
                metrics.requests.exemplify(self._span.trace_id, 1.0, labels)
            if metrics.duration is not None:
                metrics.duration.exemplify(self._span.trace_id, took, operation)

    def _count_error(self) -> None:
        errors = self._http.metrics.errors
        if errors is not None:
            errors.add(1.0, (self._method(), self._route(), self._error_type or str(self._status)))

    def _method(self) -> str:
        return WEBSOCKET if self._websocket else METHODS.get(self._scope["method"], OTHER_METHOD)

    def _route(self) -> str:
        return self._http.templates.of(self._scope, self._root)


class Kept:
    """Whether Jaeger is sure to keep a trace, which is when metrics may point to it."""

    def __init__(self, keep: Keep) -> None:
        self._errors, self._slower = keep.errors, inf if keep.slower_than is None else keep.slower_than
        self._operations = frozenset(keep.operations)

    def __call__(self, operation: tuple[str, str], took: float, failed: bool) -> bool:
        return took > self._slower or operation in self._operations or (failed and self._errors)
