"""W3C Trace Context, level 1 and 2. In: headers of a request, or where we are. Out: where the caller is, or headers for the next service.

What is malformed is as if it were not there: a new trace begins, as https://www.w3.org/TR/trace-context/ asks for. The caller's
sampled flag is not obeyed: every span is sent, and the collector decides (tail sampling)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.DOTALL)
_STATE = re.compile(r"[\x20-\x7e\t]*")
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
LONGEST_STATE = 512
"""Characters of tracestate that must at least be passed on (section 3.3.1.5); longer ones are dropped whole."""


class Place(NamedTuple):
    """Where in which trace: `parent` is empty at its root, `own` the id of the span that is here."""

    trace: bytes
    parent: bytes
    own: bytes
    state: str
    remote: bool

    def child(self) -> Place:
        """The place of a new span below this one."""
        return Place(self.trace, self.own, os.urandom(8), self.state, False)


def root() -> Place:
    """The place of a first span. The kernel's randomness needs no seed that a fork or `random.seed` could repeat."""
    fresh = os.urandom(24)
    return Place(fresh[:16], b"", fresh[16:], "", False)


def read(headers: Iterable[tuple[bytes, bytes]]) -> Place | None:
    """The place of the caller's span, from the headers of an ASGI scope (names in lower case). None when it says none, or nonsense."""
    parent: bytes | None = None
    states: list[bytes] = []
    for name, value in headers:
        if name == b"traceparent":
            if parent is not None:
                return None
            parent = value
        elif name == b"tracestate":
            states.append(value)
    if parent is None:
        return None
    match = _PARENT.fullmatch(parent.strip(b" \t"))
    if match is None:
        return None
    version, trace, span, more = match.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    place = Place(bytes.fromhex(trace.decode()), b"", bytes.fromhex(span.decode()), _state(states) if states else "", True)
    return None if place.trace == _NO_TRACE or place.own == _NO_SPAN else place


def headers(place: Place) -> list[tuple[str, str]]:
    """What the next service is sent, so that its span becomes a child of this place's."""
    written = [("traceparent", f"00-{place.trace.hex()}-{place.own.hex()}-01")]
    if place.state:
        written.append(("tracestate", place.state))
    return written


def _state(values: list[bytes]) -> str:
    joined = ",".join(each.decode("latin-1").strip(" \t") for each in values)
    return joined if len(joined) <= LONGEST_STATE and _STATE.fullmatch(joined) else ""
