"""What is written by hand is what the official classes read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.client.tracing import PATIENT
from touchline_client.tracing import wire

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
SIMPLE = TEXT | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False) | st.binary(max_size=50)
VALUES = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=6)
MOMENTS = st.integers(0, (1 << 64) - 1)


def plain(value: AnyValue) -> Any:
    """As Python has it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return pairs(value.kvlist_value.values)
    return getattr(value, kind or "string_value")


def pairs(values: Any) -> dict[str, Any]:
    """Attributes as a mapping."""
    found: list[KeyValue] = list(values)
    assert len({each.key for each in found}) == len(found)
    return {each.key: plain(each.value) for each in found}


def read(spans: list[tuple[bytes, bytes]]) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.ParseFromString(wire.request(wire.resource({"service.name": "x"}), spans))
    return request


@PATIENT
@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8) | st.just(b""),
    TEXT,
    TEXT,
    st.integers(1, 5),
    MOMENTS,
    MOMENTS,
    st.dictionaries(TEXT, SIMPLE, max_size=6),
)
def test_a_span_is_read_as_it_was_written(
    trace: bytes, own: bytes, parent: bytes, state: str, name: str, kind: int, start: int, end: int, values: Mapping[str, object]
) -> None:
    rest = wire.attributes(values) + wire.event("e", start, values) + wire.link(trace, own, values) + wire.ERROR
    body = wire.span(trace, own, parent, state, wire.named(name), kind, start, end, 0x301, rest)
    request = read([(wire.scope("s", "1"), body)])
    (scope,) = request.resource_spans[0].scope_spans
    (span,) = scope.spans
    assert (scope.scope.name, scope.scope.version) == ("s", "1")
    assert (span.trace_id, span.span_id, span.parent_span_id) == (trace, own, parent)
    assert (span.trace_state, span.name, span.kind, span.flags) == (state, name, kind, 0x301)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (start, end)
    assert pairs(span.attributes) == pairs(span.events[0].attributes) == pairs(span.links[0].attributes) == dict(values)
    assert (span.events[0].name, span.events[0].time_unix_nano) == ("e", start)
    assert (span.links[0].trace_id, span.links[0].span_id) == (trace, own)
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert span.ByteSize() == len(Span.FromString(span.SerializeToString()).SerializeToString())


@PATIENT
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_lists_and_mappings_are_read_as_they_were_written(values: Mapping[str, Any]) -> None:
    request = read([(wire.scope("s", ""), wire.span(b"t" * 16, b"s" * 8, b"", "", b"", 1, 0, 0, 1, wire.attributes(values)))])
    (span,) = request.resource_spans[0].scope_spans[0].spans
    assert pairs(span.attributes) == {key: _shallow(value, 0) for key, value in values.items()}


def _shallow(value: Any, deep: int) -> Any:
    """Without what is too deep."""
    if isinstance(value, list):
        return [_shallow(each, deep + 1) for each in value if not _too_deep(each, deep + 1)]
    if isinstance(value, dict):
        return {key: _shallow(each, deep + 1) for key, each in value.items() if not _too_deep(each, deep + 1)}
    return value


def _too_deep(value: Any, deep: int) -> bool:
    return isinstance(value, list | dict) and deep >= wire.DEEPEST


def test_what_contains_itself_is_written_as_far_as_it_is_deep() -> None:
    endless: list[object] = ["a"]
    endless.append(endless)
    again: dict[str, object] = {"a": 1}
    again["b"] = again
    values = {"list": endless, "mapping": again}
    request = read([(wire.scope("s", ""), wire.span(b"t" * 16, b"s" * 8, b"", "", b"", 1, 0, 0, 1, wire.attributes(values)))])
    told = pairs(request.resource_spans[0].scope_spans[0].spans[0].attributes)
    assert told["list"] == ["a", ["a", ["a", ["a"]]]]
    assert told["mapping"] == {"a": 1, "b": {"a": 1, "b": {"a": 1, "b": {"a": 1}}}}


@pytest.mark.parametrize("value", [None, object(), 1 << 63, -(1 << 63) - 1], ids=["none", "object", "large", "small"])
def test_what_has_no_place_is_left_out(value: object) -> None:
    assert wire.attributes({"a": value}) == b""


def test_texts_are_cut_and_half_characters_replaced() -> None:
    request = read(
        [(wire.scope("s", ""), wire.span(b"t" * 16, b"s" * 8, b"", "", b"", 1, 0, 0, 1, wire.attributes({"a": "\ud800" * 9999})))]
    )
    assert pairs(request.resource_spans[0].scope_spans[0].spans[0].attributes) == {"a": "?" * wire.LONGEST}


def test_spans_of_one_scope_go_together() -> None:
    one, other = wire.scope("one", ""), wire.scope("other", "2")
    span = wire.span(b"t" * 16, b"s" * 8, b"", "", b"", 1, 0, 0, 1, b"")
    request = read([(one, span), (other, span), (one, span)])
    (resource,) = request.resource_spans
    assert pairs(resource.resource.attributes) == {"service.name": "x"}
    assert [(each.scope.name, len(each.spans)) for each in resource.scope_spans] == [("one", 2), ("other", 1)]


@PATIENT
@given(st.integers(0, (1 << 63) - 1), TEXT)
def test_what_the_collector_refused_is_read(number: int, message: str) -> None:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = number
    answer.partial_success.error_message = message
    assert wire.rejected(answer.SerializeToString()) == number


@PATIENT
@given(st.binary(max_size=40))
def test_no_answer_is_too_odd(answer: bytes) -> None:
    assert wire.rejected(answer) >= 0
