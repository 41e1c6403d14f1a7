"""Log lines carry the ids of the trace that they belong to."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tests.client.test_w3c import GOOD, TRACE
from tests.client.tracing import scope, traced
from touchline_client.logs import JsonFormatter, TraceFilter


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(TraceFilter())
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("shop.logs")
    log.addHandler(handler)
    yield written
    log.removeHandler(handler)


def test_within_a_request_and_without(lines: io.StringIO) -> None:
    log = logging.getLogger("shop.logs")
    tracer = traced("http://127.0.0.1:9").tracer
    log.warning("before %s", "it")
    request = tracer.server(scope(("traceparent", GOOD)))
    log.warning("within")
    try:
        raise ValueError("x")
    except ValueError:
        log.exception("failed", extra={"trace_id": "my own"})
    request.end(route="/a", status=200, error=None, duration=0.0)
    before, within, failed = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (before["message"], before["trace_id"], before["span_id"]) == ("before it", "", "")
    assert (within["trace_id"], within["span_id"]) == (TRACE, request.span.place.own.hex())
    assert (within["level"], within["logger"]) == ("WARNING", "shop.logs")
    assert failed["trace_id"] == "my own"
    assert "ValueError: x" in failed["exception"]


def test_in_a_format_of_the_applications_own() -> None:
    record = logging.LogRecord("a", logging.INFO, "a", 1, "m", (), None)
    assert TraceFilter().filter(record)
    assert logging.Formatter("%(message)s trace=%(trace_id)s span=%(span_id)s").format(record) == "m trace= span="
