"""Requests as spans: their names, their trace, what people add to them through opentelemetry-api, and what never leaves the process."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import propagate, trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.client.collector import Collector, collector
from tests.client.test_w3c import BAD, GOOD, SPAN, TRACE
from tests.client.test_wire import pairs
from tests.client.tracing import scope, serving

SECRET = "ann@example.com"


def sent(seen: Collector) -> dict[str, Span]:
    """By name."""
    return {span.name: span for span in seen.spans}


def test_a_request_is_described_by_what_the_code_says() -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.request(("authorization", SECRET), ("cookie", SECRET))
    (span,) = seen.spans
    assert (span.name, span.kind, span.status.code) == ("GET /matches/{id}", Span.SPAN_KIND_SERVER, Status.STATUS_CODE_UNSET)
    assert pairs(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/matches/{id}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "server.address": "127.0.0.1",
        "server.port": 8000,
    }
    assert span.end_time_unix_nano - span.start_time_unix_nano == 2_000_000
    assert SECRET.encode() not in seen.bodies[0]


def test_the_process_says_who_it_is() -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.request()
    (resource,) = seen.resources
    told = pairs(resource.resource.attributes)
    assert (told["service.name"], told["telemetry.sdk.language"]) == ("football-api", "python")
    assert b"POST /v1/traces HTTP/1.1" in seen.heads[0]
    assert b"content-type: application/x-protobuf" in seen.heads[0].lower()


def test_a_request_is_in_the_trace_of_its_caller() -> None:
    with collector() as seen, serving(seen.address) as traced:
        assert traced.request(("traceparent", GOOD), ("tracestate", "a=1")) == TRACE
    (span,) = seen.spans
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state, span.flags) == (TRACE, SPAN, "a=1", 0x301)


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_a_malformed_caller_begins_a_new_trace(value: str) -> None:
    with collector() as seen, serving(seen.address) as traced:
        trace_id = traced.request(("traceparent", value))
    (span,) = seen.spans
    assert span.trace_id.hex() == trace_id != TRACE
    assert span.parent_span_id == b""


@pytest.mark.parametrize(
    ("method", "route", "name", "told"),
    [("GET", "unmatched", "GET", None), ("PROPFIND-ann", "/a", "HTTP /a", "/a"), ("PROPFIND-ann", "unmatched", "HTTP", None)],
)
def test_what_users_make_up_is_not_told(method: str, route: str, name: str, told: str | None) -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.tracer.server(scope(method=method)).end(route=route, status=404, error=None, duration=0.0)
    (span,) = seen.spans
    attributes = pairs(span.attributes)
    assert (span.name, attributes.get("http.route")) == (name, told)
    assert attributes["http.request.method"] in ("GET", "_OTHER")


def fault() -> ValueError:
    """One that was raised."""
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        return error


def test_an_exception_is_told_by_type_and_place_alone() -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.request(code=500, error=fault())
    (span,) = seen.spans
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert pairs(span.attributes)["error.type"] == "ValueError"
    (event,) = span.events
    told = pairs(event.attributes)
    assert (event.name, told["exception.type"]) == ("exception", "ValueError")
    assert "in fault" in told["exception.stacktrace"]
    assert b"ann@" not in seen.bodies[0]


def test_server_errors_are_errors_and_clients_errors_are_not() -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.request(code=503, route="/a")
        traced.request(code=404, route="/b")
        traced.request(code=499, route="/c")
    spans = sent(seen)
    assert pairs(spans["GET /a"].attributes)["error.type"] == "503"
    assert [spans[f"GET /{each}"].status.code for each in "abc"] == [2, 0, 0]


def test_a_client_that_left_is_no_error() -> None:
    with collector() as seen, serving(seen.address) as traced:
        traced.tracer.server(scope()).end(route="/a", status=499, error=asyncio.CancelledError(), duration=0.0)
    assert seen.spans[0].status.code == Status.STATUS_CODE_UNSET


def test_spans_of_the_application_and_of_other_libraries_join() -> None:
    with collector() as seen, serving(seen.address) as traced:
        tracer = traced.tracer.provider.get_tracer("football", "1.2")
        request = traced.tracer.server(scope(("traceparent", GOOD)))
        trace.get_current_span().set_attribute("football.league", 3)
        with tracer.start_as_current_span("predict", attributes={"model": "elo"}) as span:
            span.add_event("fitted", {"rounds": 3})
            carrier: dict[str, str] = {}
            propagate.inject(carrier)
            with pytest.raises(ValueError, match=SECRET), tracer.start_as_current_span("inner"):
                raise ValueError(SECRET)
        request.end(route="/matches/{id}", status=200, error=None, duration=0.1)
        assert trace.get_current_span() is trace.INVALID_SPAN
    spans = sent(seen)
    server, predict, inner = spans["GET /matches/{id}"], spans["predict"], spans["inner"]
    assert {each.trace_id.hex() for each in spans.values()} == {TRACE}
    assert (predict.parent_span_id, inner.parent_span_id) == (server.span_id, predict.span_id)
    assert pairs(server.attributes)["football.league"] == 3
    assert pairs(server.attributes)["http.route"] == "/matches/{id}"
    assert pairs(predict.attributes) == {"model": "elo"}
    assert pairs(predict.events[0].attributes) == {"rounds": 3}
    assert carrier["traceparent"] == f"00-{TRACE}-{predict.span_id.hex()}-01"
    assert (inner.status.code, inner.status.message) == (Status.STATUS_CODE_ERROR, "ValueError")
    assert b"ann@" not in b"".join(seen.bodies)


def test_a_request_within_a_span_of_this_process_is_below_it() -> None:
    """As under another middleware, or called by a client within the process."""
    with collector() as seen, serving(seen.address) as traced:
        with traced.tracer.provider.get_tracer("football").start_as_current_span("outer"):
            traced.request(("traceparent", GOOD))
        traced.request(("traceparent", GOOD), route="/after")
    spans = sent(seen)
    assert spans["GET /matches/{id}"].parent_span_id == spans["outer"].span_id
    assert spans["GET /after"].trace_id.hex() == TRACE


def test_two_applications_in_one_process_share_a_provider_and_no_spans() -> None:
    with collector() as one, collector() as two, serving(one.address) as first, serving(two.address) as second:
        request = second.tracer.server(scope())
        with first.tracer.provider.get_tracer("football").start_as_current_span("predict"):
            pass
        request.end(route="/a", status=200, error=None, duration=0.1)
    assert sorted(sent(two)) == ["GET /a", "predict"]
    assert one.spans == []


def test_a_decorated_function_is_a_span_until_it_ends() -> None:
    with collector() as seen, serving(seen.address) as traced:

        @traced.tracer.provider.get_tracer("football").start_as_current_span("task")
        async def task() -> bool:
            await asyncio.sleep(0)
            return trace.get_current_span().is_recording()

        assert asyncio.run(task())
    assert [span.name for span in seen.spans] == ["task"]


def test_requests_at_once_keep_their_traces_apart() -> None:
    async def handle(number: int) -> tuple[str, str]:
        request = traced.tracer.server(scope())
        await asyncio.sleep(0)
        with tracer.start_as_current_span(f"of {number}"):
            await asyncio.sleep(0)
            inner = trace.get_current_span().get_span_context().trace_id
        request.end(route="/a", status=200, error=None, duration=0.0)
        return request.trace_id, trace.format_trace_id(inner)

    async def all_of_them() -> list[tuple[str, str]]:
        return await asyncio.gather(*(handle(number) for number in range(50)))

    with collector() as seen, serving(seen.address) as traced:
        tracer = traced.tracer.provider.get_tracer("football")
        found = asyncio.run(all_of_them())
    assert all(outer == inner for outer, inner in found)
    assert len({outer for outer, _ in found}) == 50
    assert len(seen.spans) == 100


def test_a_call_is_a_child_of_the_request_and_nothing_without_one() -> None:
    with collector() as seen, serving(seen.address) as traced:
        assert traced.tracer.place() is None
        request = traced.tracer.server(scope())
        place = traced.tracer.place()
        assert place is not None
        traced.tracer.called(place, "SELECT matches", (("db.system.name", "postgresql"),), 1_000, 0.5, TimeoutError())
        request.end(route="/a", status=200, error=None, duration=0.1)
    spans = sent(seen)
    call = spans["SELECT matches"]
    assert (call.parent_span_id, call.kind) == (spans["GET /a"].span_id, Span.SPAN_KIND_CLIENT)
    assert (call.start_time_unix_nano, call.end_time_unix_nano) == (1_000, 500_001_000)
    assert pairs(call.attributes) == {"db.system.name": "postgresql", "error.type": "TimeoutError"}


def test_what_cannot_be_written_hurts_nobody_and_is_counted() -> None:
    with collector() as seen, serving(seen.address) as traced:
        request = traced.tracer.server(scope())
        span = request.span
        span.add_event("odd", {"a": 1}, timestamp="now")  # type: ignore[arg-type]
        span.set_attribute("b", object())
        request.end(route="/a", status=200, error=None, duration=float("nan"))
        traced.tracer.called(span.place, "x", (), 0, float("inf"))
    assert traced.lost == {"spans": 3}
    assert seen.spans == []
