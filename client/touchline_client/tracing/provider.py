"""opentelemetry-api's way in. In: `trace.get_tracer(...)` of the application and of other instrumentations. Out: spans of ours, in the
trace of the request that runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from time import time_ns

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.util._decorator import _agnosticcontextmanager

from touchline_client.tracing import w3c, wire
from touchline_client.tracing.span import KINDS, Sink, Span
from touchline_client.tracing.w3c import Place

log = logging.getLogger("touchline_client.tracing")


def current(context: Context | None = None) -> Place | None:
    """The place of the span that runs, whoever made it; None outside of every trace."""
    span = api.get_current_span(context)
    if isinstance(span, Span):
        return span.place
    if span is api.INVALID_SPAN:
        return None
    known = span.get_span_context()
    if not known.is_valid:
        return None
    return Place(known.trace_id.to_bytes(16), b"", known.span_id.to_bytes(8), known.trace_state.to_header(), known.is_remote)


def offer(provider: Provider) -> None:
    """Makes it the one that `trace.get_tracer` uses, unless the application has chosen one: that keeps its own spans, in our traces."""
    if isinstance(api.get_tracer_provider(), api.ProxyTracerProvider):
        api.set_tracer_provider(provider)
    elif not isinstance(api.get_tracer_provider(), Provider):
        log.warning("traces: the application has a TracerProvider of its own; its spans go where that sends them, not with ours")


class Provider(api.TracerProvider):
    """Gives tracers whose spans go to one sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> api.Tracer:
        """A tracer under this name."""
        return ScopeTracer(self._sink, wire.scope(instrumenting_module_name, instrumenting_library_version or ""))


class ScopeTracer(api.Tracer):
    """Makes the spans of one library or module."""

    def __init__(self, sink: Sink, scope: bytes) -> None:
        self._sink, self._scope = sink, scope

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, object] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """A span below the current one. `start_time` in nanoseconds since the epoch."""
        running = api.get_current_span(context)
        # Two applications in one process share one provider: a span goes with the request that it is part of.
        sink = running.sink if isinstance(running, Span) else self._sink
        above = current(context)
        span = Span(sink, self._scope, above.child() if above else w3c.root(), name, KINDS[kind], start_time or time_ns())
        if attributes:
            span.set_attributes(attributes)
        for each in links or ():
            span.add_link(each.context, each.attributes)
        return span

    @_agnosticcontextmanager
    def start_as_current_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, object] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[api.Span]:
        """The same as the current span of a block, or of a function that it decorates."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with api.use_span(
            span,
            end_on_exit=end_on_exit,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        ) as used:
            yield used
