"""W3C Trace Context: what is well-formed is followed, what is not is as if it were not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.tracing import PATIENT
from touchline_client.tracing import w3c

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01"
BAD = {
    "empty": "",
    "space": " ",
    "word": "garbage",
    "short trace": f"00-{TRACE[:-1]}-{SPAN}-01",
    "long trace": f"00-{TRACE}0-{SPAN}-01",
    "short span": f"00-{TRACE}-{SPAN[:-1]}-01",
    "long span": f"00-{TRACE}-{SPAN}0-01",
    "no trace": f"00-{'0' * 32}-{SPAN}-01",
    "no span": f"00-{TRACE}-{'0' * 16}-01",
    "capitals": GOOD.upper(),
    "no hex": f"00-{'g' * 32}-{SPAN}-01",
    "no flags": f"00-{TRACE}-{SPAN}",
    "short flags": f"00-{TRACE}-{SPAN}-1",
    "long flags": f"00-{TRACE}-{SPAN}-011",
    "odd flags": f"00-{TRACE}-{SPAN}-zz",
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "short version": f"0-{TRACE}-{SPAN}-01",
    "more in version 00": f"{GOOD}-more",
    "other signs": GOOD.replace("-", "_"),
    "space within": GOOD.replace("-", " - "),
    "new line": f"{GOOD}\n",
    "two in one": f"{GOOD},{GOOD}",
    "null": "\0" * 55,
    "not ascii": "\xff" * 55,
    "very long": "0" * 100_000,
}


def read(*headers: tuple[str, str]) -> w3c.Place | None:
    return w3c.read([(name.encode(), value.encode("latin-1")) for name, value in headers])


def test_the_caller_is_found_and_told_on() -> None:
    place = read(("host", "x"), ("traceparent", GOOD), ("tracestate", "a=1"), ("tracestate", "b=2"))
    assert place is not None
    assert (place.trace.hex(), place.own.hex(), place.state, place.remote) == (TRACE, SPAN, "a=1,b=2", True)
    child = place.child()
    assert (child.trace, child.parent, child.remote) == (place.trace, place.own, False)
    assert w3c.headers(child) == [("traceparent", f"00-{TRACE}-{child.own.hex()}-01"), ("tracestate", "a=1,b=2")]


def test_later_versions_are_read_as_far_as_they_are_known() -> None:
    assert read(("traceparent", f"cc-{TRACE}-{SPAN}-01-what-will-come")) is not None
    assert read(("traceparent", f"cc-{TRACE}-{SPAN}-01.what-will-come")) is None


def test_an_unsampled_caller_is_followed_too() -> None:
    place = read(("traceparent", GOOD[:-2] + "00"))
    assert place is not None
    assert place.trace.hex() == TRACE


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_nonsense_is_as_if_it_were_not_there(value: str) -> None:
    assert read(("traceparent", value)) is None


def test_two_callers_are_none() -> None:
    assert read(("traceparent", GOOD), ("traceparent", GOOD)) is None


@pytest.mark.parametrize("state", ["a=\r\nset-cookie: x", "a=\xff", "a=" + "x" * 600], ids=["lines", "not ascii", "long"])
def test_state_that_cannot_be_told_on_is_left_out(state: str) -> None:
    place = read(("traceparent", GOOD), ("tracestate", state))
    assert place is not None
    assert place.state == ""


@PATIENT
@given(st.binary(max_size=80))
def test_whatever_comes_a_place_or_none(value: bytes) -> None:
    place = w3c.read([(b"traceparent", value)])
    assert place is None or len(place.trace) == 16
