"""A span that people may write to. In: calls of opentelemetry-api's `Span`. Out: its bytes in OTLP's form, once, when it ends.

No exception's message leaves the process, as messages quote what users typed: an exception is told by its type and the places in the
code that it came through."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping
from time import time_ns
from typing import Protocol

from opentelemetry import trace as api
from opentelemetry.trace import Status, StatusCode, TraceFlags, TraceState

from touchline_client.tracing import wire
from touchline_client.tracing.w3c import Place

KINDS = {
    api.SpanKind.INTERNAL: wire.INTERNAL,
    api.SpanKind.SERVER: wire.SERVER,
    api.SpanKind.CLIENT: wire.CLIENT,
    api.SpanKind.PRODUCER: wire.PRODUCER,
    api.SpanKind.CONSUMER: wire.CONSUMER,
}
MOST = 128
"""Attributes, events and links of one span, each: OpenTelemetry's own default."""
FRAMES = 24
"""Lines of a trace-back that are kept, the innermost."""
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)

FLAGS, REMOTE = 0x101, 0x301
"""Sampled, and it is known whether the parent is in another process; that it is (trace.proto, SpanFlags)."""


class Sink(Protocol):
    """Where spans go. Neither method raises or waits."""

    def put(self, scope: bytes, span: bytes) -> None:
        """Takes a span and who made it, as wire.request wants them."""

    def failed(self, error: Exception) -> None:
        """Counts a span, or a part of one, that our own code could not write."""


class Span(api.Span):
    """One operation, as opentelemetry-api knows it. Not for several threads at once, beyond what the interpreter keeps whole."""

    __slots__ = (
        "_attributes",
        "_events",
        "_links",
        "_name",
        "_raised",
        "_scope",
        "_status",
        "ended",
        "kind",
        "place",
        "sink",
        "start",
    )

    def __init__(self, sink: Sink, scope: bytes, place: Place, name: str, kind: int, start: int) -> None:
        self.sink, self._scope, self.place, self.kind, self.start = sink, scope, place, kind, start
        self._name = name
        self._attributes: dict[str, object] | None = None
        self._events: list[bytes] | None = None
        self._links: list[bytes] | None = None
        self._status: tuple[StatusCode, str] = (StatusCode.UNSET, "")
        self._raised = ""
        self.ended = False

    def end(self, end_time: int | None = None) -> None:
        """Sends it, once. `end_time` in nanoseconds since the epoch."""
        try:
            attributes = wire.attributes(self._attributes) if self._attributes else b""
            self.finish(wire.named(self._name), attributes, self.status(), end_time or time_ns(), FLAGS)
        except Exception as error:
            self.sink.failed(error)

    def finish(self, name: bytes, attributes: bytes, status: bytes, end: int, flags: int) -> None:
        """Sends it, once, under a name and attributes that are already in their form."""
        if self.ended:
            return
        self.ended = True
        rest = attributes + status
        if self._events is not None:
            rest += b"".join(self._events)
        if self._links is not None:
            rest += b"".join(self._links)
        trace, parent, own, state, _ = self.place
        self.sink.put(self._scope, wire.span(trace, own, parent, state, name, self.kind, self.start, end, flags, rest))

    def status(self) -> bytes:
        """The field of the status that was set."""
        code, words = self._status
        if code is StatusCode.UNSET:
            return b""
        if code is StatusCode.OK:
            return wire.OK
        return wire.field(15, wire.field(2, wire.text(words)) + b"\x18\x02") if words else wire.ERROR

    @property
    def written(self) -> Mapping[str, object] | None:
        """What was set on it by hand."""
        return self._attributes

    def get_span_context(self) -> api.SpanContext:
        """Its identity, for what other libraries do with it."""
        place = self.place
        state = TraceState.from_header([place.state]) if place.state else None
        return api.SpanContext(int.from_bytes(place.trace), int.from_bytes(place.own), False, _SAMPLED, state)

    def set_attributes(self, attributes: Mapping[str, object]) -> None:
        """Several at once."""
        for key, value in (attributes or {}).items():
            self.set_attribute(key, value)

    def set_attribute(self, key: str, value: object) -> None:
        """One; the last one of a key stands."""
        if self.ended:
            return
        if self._attributes is None:
            self._attributes = {}
        if key in self._attributes or len(self._attributes) < MOST:
            self._attributes[key] = value

    def add_event(self, name: str, attributes: Mapping[str, object] | None = None, timestamp: int | None = None) -> None:
        """Something that happened within it. `timestamp` in nanoseconds since the epoch."""
        if self.ended:
            return
        if self._events is None:
            self._events = []
        if len(self._events) < MOST:
            try:
                self._events.append(wire.event(name, timestamp or time_ns(), attributes or {}))
            except Exception as error:
                self.sink.failed(error)

    def add_link(self, context: api.SpanContext, attributes: Mapping[str, object] | None = None) -> None:
        """A span elsewhere that has to do with it."""
        if self.ended or not context.is_valid:
            return
        if self._links is None:
            self._links = []
        if len(self._links) < MOST:
            try:
                self._links.append(wire.link(context.trace_id.to_bytes(16), context.span_id.to_bytes(8), attributes or {}))
            except Exception as error:
                self.sink.failed(error)

    def update_name(self, name: str) -> None:
        """Another name. A request's span is named by its method and route all the same."""
        self._name = name

    def is_recording(self) -> bool:
        """Until it ends."""
        return not self.ended

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """OK stands once it is set, and unset changes nothing, as OpenTelemetry has it. The description that
        opentelemetry-api makes of an exception is cut to the exception's type."""
        code, words = (status.status_code, status.description) if isinstance(status, Status) else (status, description)
        if self.ended or self._status[0] is StatusCode.OK or code is StatusCode.UNSET:
            return
        words = words or ""
        if self._raised and words.startswith(f"{self._raised}: "):
            words = self._raised
        self._status = (code, words)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, object] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """An event with the exception's type and its way through the code, without its message."""
        self._raised = type(exception).__name__
        told = {"exception.type": name_of(exception), "exception.stacktrace": way_of(exception), **(attributes or {})}
        self.add_event("exception", told, timestamp)


def name_of(error: BaseException) -> str:
    """The type as people look for it: with its module, but for Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def way_of(error: BaseException) -> str:
    """Files, lines and functions as Python writes them, innermost last. Without the source: to read it would make a request wait."""
    frames = deque(traceback.walk_tb(error.__traceback__), FRAMES)
    return "".join(f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}\n' for frame, line in frames)
