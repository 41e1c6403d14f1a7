"""Spans of requests, and of what requests call. In: an ASGI scope and how its request ended; a call to a database, a cache or another
service and how long it took. Out: spans into a sink, named and described after OpenTelemetry's semantic conventions 1.3x, in few
enough steps that every request can be traced.

Attributes hold what the code says (method, route, operation, table), never what a user said: no path, query, header, statement or key."""

from __future__ import annotations

from time import time_ns

from opentelemetry import context as contexts
from opentelemetry import trace as api

from touchline_client.http import METHODS
from touchline_client.routes import UNMATCHED
from touchline_client.seam import Scope
from touchline_client.tracing import w3c, wire
from touchline_client.tracing.export import Exporter
from touchline_client.tracing.provider import Provider, current
from touchline_client.tracing.span import FLAGS, REMOTE, Span, name_of
from touchline_client.tracing.w3c import Place

FORMS = 2000
"""Names and attributes kept in their form: methods times routes times statuses of a large application. Beyond, they are made anew."""
FASTAPI = "fastapi.telemetry"
"""Where this is in a scope, FastAPI makes no spans of its own for what is mounted below; see `_alone` of the package."""

Attributes = tuple[tuple[str, str | int | bool], ...]


class Tracer:
    """Makes the spans of one process. Safe to be used by several threads."""

    def __init__(self, sink: Exporter, scope: bytes) -> None:
        self._sink, self._scope = sink, scope
        self.provider = Provider(sink)
        self._forms: dict[object, tuple[bytes, bytes]] = {}

    def server(self, scope: Scope) -> RequestSpan:
        """Begins the span of a request, below the caller's, and makes it current."""
        scope.setdefault(FASTAPI, None)
        above = current() or w3c.read(scope["headers"])
        place = above.child() if above else w3c.root()
        flags = REMOTE if above is not None and above.remote else FLAGS
        span = Span(self._sink, self._scope, place, "", wire.SERVER, time_ns())
        return RequestSpan(self, span, scope, flags)

    def place(self) -> Place | None:
        """Where a call that begins now stands in its trace; None outside of every trace."""
        above = current()
        return above.child() if above else None

    def called(
        self,
        place: Place,
        name: str,
        attributes: Attributes,
        started: int,
        seconds: float,
        error: BaseException | str | None = None,
    ) -> None:
        """Sends the span of a call that is over. `name` and `attributes` come from a small set, for their form is kept; `started` in
        nanoseconds since the epoch; `error` what it failed with, or its type."""
        try:
            written, form = self.form((name, attributes), name, attributes)
            if error is not None:
                kind = error if isinstance(error, str) else name_of(error)
                form += wire.attributes({"error.type": kind}) + wire.ERROR
            end = started + int(seconds * 1e9)
            self._sink.put(
                self._scope,
                wire.span(place.trace, place.own, place.parent, place.state, written, wire.CLIENT, started, end, FLAGS, form),
            )
        except Exception as broken:
            self._sink.failed(broken)

    def flush(self, seconds: float) -> None:
        """Sends what waits, within a time: for the end of an application. It may be used on."""
        self._sink.flush(seconds)

    def form(self, key: object, name: str, attributes: Attributes) -> tuple[bytes, bytes]:
        """A name and attributes as they are sent, made once for a key."""
        known = self._forms.get(key)
        if known is None:
            known = (wire.named(name), wire.attributes(dict(attributes)))
            if len(self._forms) < FORMS:
                self._forms[key] = known
        return known

    def known(self, key: object) -> tuple[bytes, bytes] | None:
        """What `form` has kept under a key."""
        return self._forms.get(key)


class RequestSpan:
    """The span of one request, while it runs."""

    __slots__ = ("_flags", "_scope", "_token", "_tracer", "span", "trace_id")

    def __init__(self, tracer: Tracer, span: Span, scope: Scope, flags: int) -> None:
        self._tracer, self.span, self._scope, self._flags = tracer, span, scope, flags
        self.trace_id = span.place.trace.hex()
        self._token = contexts.attach(api.set_span_in_context(span))

    def end(self, *, route: str, status: int, error: BaseException | None, duration: float) -> None:
        """Leaves the context and sends the span. `route` is the template, or UNMATCHED; `duration` in seconds. An exception that is
        none of the application's doing, as the end of a task whose client has left, is no error."""
        contexts.detach(self._token)
        try:
            self._finish("" if route == UNMATCHED else route, status, error, duration)
        except Exception as broken:
            self.span.sink.failed(broken)

    def _finish(self, route: str, status: int, error: BaseException | None, duration: float) -> None:
        span, scope = self.span, self._scope
        method = scope.get("method", "GET")
        if method not in METHODS:  # the conventions' own word, for a client may send what it likes
            method = "_OTHER"
        key = (method, route, status, scope.get("scheme"), scope.get("server"))
        known = self._tracer.known(key)
        if known is None:
            known = self._tracer.form(key, _name(method, route), _attributes(method, route, status, scope))
        name, attributes = known
        if span.written:
            attributes = wire.attributes({**span.written, **dict(_attributes(method, route, status, scope))})
        if isinstance(error, Exception):
            span.record_exception(error)
            wrong = wire.attributes({"error.type": name_of(error)}) + wire.ERROR
        elif status >= 500:
            wrong = wire.attributes({"error.type": str(status)}) + wire.ERROR
        else:
            wrong = span.status()
        span.finish(name, attributes, wrong, span.start + int(duration * 1e9), self._flags)


def _name(method: str, route: str) -> str:
    shown = "HTTP" if method == "_OTHER" else method
    return f"{shown} {route}" if route else shown


def _attributes(method: str, route: str, status: int, scope: Scope) -> Attributes:
    """What the conventions ask of a server's span, but for url.path, which holds what users typed."""
    found: list[tuple[str, str | int | bool]] = [
        ("http.request.method", method),
        ("url.scheme", str(scope.get("scheme", "http"))),
    ]
    if route:
        found.append(("http.route", route))
    if status:
        found.append(("http.response.status_code", status))
    server = scope.get("server")
    if server:
        found.append(("server.address", str(server[0])))
        if server[1]:
            found.append(("server.port", int(server[1])))
    return tuple(found)
