"""Spans in OTLP's own form: protobuf, written by hand. In: names, ids, times, attributes. Out: bytes.

Field numbers are those of opentelemetry/proto/trace/v1/trace.proto 1.x, which are frozen; the tests read every message back with the
official classes. Writing bytes at a span's end costs a third of building message objects, needs no protobuf at run time, and makes the
memory of a waiting span known to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
OK, ERROR = b"\x7a\x02\x18\x01", b"\x7a\x02\x18\x02"
"""Field 15, Status{code}, whole."""
LONGEST = 4096
"""Characters kept of one text: what is longer is somebody's data."""
DEEPEST = 4
"""Lists and mappings within one another: what is deeper is left out."""

_HEAD = Struct("<2s16s2s8s")
_TIMES = Struct("<BBBQBQBBI")
_DOUBLE = Struct("<Bd")
_MOMENT = Struct("<BQ")
_SIGNED = (-(1 << 63), (1 << 63) - 1)


def varint(number: int) -> bytes:
    """A whole number from 0 up, seven bits a byte."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, body: bytes) -> bytes:
    """A field that holds bytes, text or a message."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def text(value: str) -> bytes:
    """UTF-8, cut at LONGEST; half a surrogate pair, which has no UTF-8, becomes a question mark."""
    return value[:LONGEST].encode("utf-8", "replace")


def value_of(value: object, deep: int = 0) -> bytes | None:
    """AnyValue; None for what has no place in it."""
    if isinstance(value, str):
        return field(1, text(value))
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        if not _SIGNED[0] <= value <= _SIGNED[1]:
            return None
        return b"\x18" + varint(value & 0xFFFFFFFFFFFFFFFF)
    if isinstance(value, float):
        return _DOUBLE.pack(0x21, value)
    if isinstance(value, bytes):
        return field(7, value[:LONGEST])
    if deep < DEEPEST and isinstance(value, Mapping):
        return field(6, attributes(value, 1, deep + 1))
    if deep < DEEPEST and isinstance(value, Sequence):
        inner = (value_of(each, deep + 1) for each in value)
        return field(5, b"".join(field(1, each) for each in inner if each is not None))
    return None


def attributes(values: Mapping[str, object], number: int = 9, deep: int = 0) -> bytes:
    """KeyValues, each as a field of this number: 9 in a span, 3 in an event, 4 in a link, 1 in a resource."""
    out = []
    for key, value in values.items():
        body = value_of(value, deep)
        if body is not None:
            out.append(field(number, field(1, text(str(key))) + field(2, body)))
    return b"".join(out)


def event(name: str, moment: int, values: Mapping[str, object]) -> bytes:
    """Field 11. `moment` in nanoseconds since the epoch."""
    return field(11, _MOMENT.pack(0x09, moment & 0xFFFFFFFFFFFFFFFF) + field(2, text(name)) + attributes(values, 3))


def link(trace: bytes, span: bytes, values: Mapping[str, object]) -> bytes:
    """Field 13."""
    return field(13, field(1, trace) + field(2, span) + attributes(values, 4))


def named(name: str) -> bytes:
    """Field 5, a span's name: made once for the names that come again and again."""
    return field(5, text(name))


def span(
    trace: bytes, own: bytes, parent: bytes, state: str, name: bytes, kind: int, start: int, end: int, flags: int, rest: bytes
) -> bytes:
    """A whole span, as field 2 of ScopeSpans. `name` from `named`; times in nanoseconds since the epoch, `flags` the trace's and
    whether the parent is remote; `rest` are attributes, events, links and status, whole fields."""
    body = b"".join(
        (
            _HEAD.pack(b"\x0a\x10", trace, b"\x12\x08", own),
            b"\x22\x08" + parent if parent else b"",
            field(3, text(state)) if state else b"",
            name,
            _TIMES.pack(0x30, kind, 0x39, start, 0x41, end, 0x85, 0x01, flags),
            rest,
        )
    )
    return field(2, body)


def scope(name: str, version: str) -> bytes:
    """Field 1 of ScopeSpans: who made the spans."""
    return field(1, field(1, text(name)) + (field(2, text(version)) if version else b""))


def resource(values: Mapping[str, object]) -> bytes:
    """Field 1 of ResourceSpans: which process."""
    return field(1, attributes(values, 1))


def request(process: bytes, spans: Iterable[tuple[bytes, bytes]]) -> bytes:
    """ExportTraceServiceRequest: spans with their scopes, those of one scope together. `process` from `resource`."""
    scopes: dict[bytes, list[bytes]] = {}
    for each, body in spans:
        scopes.setdefault(each, [each]).append(body)
    return field(1, process + b"".join(field(2, b"".join(bodies)) for bodies in scopes.values()))


def rejected(response: bytes) -> int:
    """How many spans the collector says that it refused: partial_success.rejected_spans of ExportTraceServiceResponse, which stand
    first in both. 0 where none can be read."""
    if response[:1] != b"\x0a":
        return 0
    _, at = _number(response, 1)
    return _number(response, at + 1)[0] if response[at : at + 1] == b"\x08" else 0


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The varint that begins here, and where it ends; 0 where it does not end."""
    number = 0
    for place, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    return 0, len(data)
