"""A collector that refuses, hangs, floods back or lies: requests go on, memory is bounded, and what is lost is counted."""

from __future__ import annotations

import os
import socket
import threading
import tracemalloc
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.client.collector import Answer, collector, fine, status
from tests.client.tracing import serving, traced
from tests.ports import free_ports
from touchline_client.tracing import post, waiting
from touchline_client.tracing.span import Span


def hang(connection: socket.socket, _body: bytes) -> None:
    """Says nothing until the other side goes."""
    while connection.recv(65536):
        pass


def drip(connection: socket.socket, _body: bytes) -> None:
    """Says something all the time, and never enough."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    _for_ever(connection, b"x")


def flood(connection: socket.socket, _body: bytes) -> None:
    """An answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    _for_ever(connection, b"x" * 65536)


def flood_of_heads(connection: socket.socket, _body: bytes) -> None:
    """Go on, go on, go on."""
    _for_ever(connection, b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)


def noise(connection: socket.socket, _body: bytes) -> None:
    """No HTTP."""
    connection.sendall(b"\x16\x03\x01\x00" * 500 + b"\r\n")
    connection.close()


def _for_ever(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(data)


BEHAVIOURS: dict[str, Answer] = {
    "hangs": hang,
    "drips": drip,
    "floods": flood,
    "floods with heads": flood_of_heads,
    "makes noise": noise,
    "is busy": status(503),
    "asks to wait for ever": status(429, "Retry-After: 99999"),
    "refuses": status(400),
    "is elsewhere": status(301, "Location: http://127.0.0.1:1/"),
}


@pytest.mark.parametrize("answer", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_a_bad_collector_hurts_nobody(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_SPANS", 2000)
    with collector(answer) as seen:
        tracer = traced(seen.address)
        tracemalloc.start()
        try:
            for _ in range(10_000):
                tracer.request()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        seen.wait(lambda it: len(it.bodies) > 0)
        tracer.tracer.flush(0.3)
    sent_at_most = len(seen.spans)
    assert held < 8 << 20
    assert 10_000 - sent_at_most <= tracer.lost["spans"] <= 10_000


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_SPANS", 2000)
    tracer = traced(f"http://127.0.0.1:{free_ports(1)[0]}")
    for _ in range(10_000):
        tracer.request()
    tracer.tracer.flush(0.3)
    assert tracer.lost["spans"] == 10_000


def test_bytes_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_BYTES", 100_000)
    queue = waiting.Waiting()
    taken = [queue.put(b"", b"x" * 1000) for _ in range(200)]
    assert taken == [True] * 100 + [False] * 100
    batch = queue.take()
    assert not queue.put(b"", b"x" * 1000), "what is being sent counts as well"
    assert queue.done(batch)
    assert queue.put(b"", b"x" * 1000)


def test_spans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_SPANS", 100)
    queue = waiting.Waiting()
    assert [queue.put(b"", b"") for _ in range(200)] == [True] * 100 + [False] * 100


def test_every_span_arrives_where_all_is_well() -> None:
    with collector() as seen, serving(seen.address) as tracer:
        for _ in range(4):
            for _ in range(1500):
                tracer.request()
            tracer.tracer.flush(20.0)
    assert len(seen.spans) == 6000
    assert len({span.span_id for span in seen.spans}) == 6000
    assert not tracer.lost


def test_a_batch_is_tried_again_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline_client.tracing.export.SHORTEST", 0.01)
    answers = iter([status(503), status(502), status(429, "Retry-After: 0")])

    def answer(connection: socket.socket, body: bytes) -> None:
        next(answers, fine)(connection, body)

    with collector(answer) as seen:
        tracer = traced(seen.address)
        tracer.request()
        seen.wait(lambda it: len(it.bodies) == 4)
        tracer.tracer.flush(20.0)
    assert len(set(seen.bodies)) == 1
    assert not tracer.lost


def test_a_collector_that_comes_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline_client.tracing.export.SHORTEST", 0.01)
    (port,) = free_ports(1)
    tracer = traced(f"http://127.0.0.1:{port}")
    tracer.request()
    with collector(port=port) as seen:
        seen.wait(lambda it: len(it.bodies) == 1)
    with collector(port=port) as again:
        tracer.request()
        again.wait(lambda it: len(it.bodies) == 1)
        tracer.tracer.flush(20.0)
    assert not tracer.lost


def test_what_a_collector_says_it_refused_is_counted() -> None:
    def answer(connection: socket.socket, _body: bytes) -> None:
        body = bytes.fromhex("0a020802")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)

    with collector(answer) as seen, serving(seen.address) as tracer:
        for _ in range(5):
            tracer.request()
    assert tracer.lost == {"spans": 2}


def test_a_hanging_collector_delays_the_end_no_longer_than_said() -> None:
    with collector(hang) as seen:
        tracer = traced(seen.address)
        tracer.request()
        seen.wait(lambda it: len(it.bodies) == 1)
        tracer.request()
        tracer.tracer.flush(0.2)
        assert not seen.over.is_set(), "it hangs still"
        assert tracer.lost == {"spans": 2}
        tracer.request()
        seen.wait(lambda it: len(it.bodies) == 2)
        tracer.tracer.flush(0.0)


def test_threads_at_once_lose_nothing() -> None:
    with collector() as seen, serving(seen.address) as tracer:
        threads = [threading.Thread(target=lambda: [tracer.request() for _ in range(500)]) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        tracer.tracer.flush(20.0)
    assert len(seen.spans) == 4000
    assert not tracer.lost


def test_a_span_that_is_ended_while_another_is_put_waits_for_nobody() -> None:
    """As the garbage collector may do, in the middle of a put."""
    queue = waiting.Waiting()
    with queue._lock:
        assert queue.put(b"", b"x")
    assert len(queue.take()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_sends_its_own_and_none_of_its_parents() -> None:
    with collector() as seen:
        tracer = traced(seen.address)
        tracer.request(route="/parent")
        child = os.fork()
        if child == 0:
            try:
                tracer.request(route="/child")
                tracer.tracer.flush(20.0)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        tracer.tracer.flush(20.0)
    assert sorted(span.name for span in seen.spans) == ["GET /child", "GET /parent"]
    assert len({span.span_id for span in seen.spans} | {span.trace_id for span in seen.spans}) == 4


def test_an_answer_is_read_as_far_as_an_honest_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    kept = post._Reader.readinto

    def readinto(self: post._Reader, buffer: memoryview) -> int:
        read.append(kept(self, buffer))
        return read[-1]

    monkeypatch.setattr(post._Reader, "readinto", readinto)
    with collector(flood) as seen, serving(seen.address) as tracer:
        tracer.request()
    assert sum(read) <= post.LONGEST
    assert not tracer.lost


def test_a_collector_that_says_a_byte_now_and_then_holds_nobody() -> None:
    def trickle(connection: socket.socket, _body: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        with suppress(OSError):
            while not seen.over.wait(0.02):
                connection.sendall(b"x")

    def posted() -> None:
        try:
            post.Poster(urlsplit(seen.address), {}).post(b"", 0.3)
        except OSError as error:
            ended.append(error)

    ended: list[OSError] = []
    with collector(trickle) as seen:
        poster = threading.Thread(target=posted, daemon=True)
        poster.start()
        poster.join(20)
        assert [type(error) for error in ended] == [TimeoutError], "it trickles still"


def test_a_span_is_sent_once() -> None:
    with collector() as seen, serving(seen.address) as tracer:
        span = tracer.tracer.provider.get_tracer("football").start_span("once")
        assert isinstance(span, Span)
        span.end()
        span.end()
        span.set_attribute("late", True)
    assert [len(span.attributes) for span in seen.spans] == [0]


def test_a_collector_is_used_over_one_connection() -> None:
    connections: set[int] = set()

    def answer(connection: socket.socket, body: bytes) -> None:
        connections.add(connection.getpeername()[1])
        fine(connection, body)

    with collector(answer) as seen:
        tracer = traced(seen.address)
        for number in range(1, 4):
            tracer.request()
            seen.wait(lambda it, number=number: len(it.bodies) == number)  # type: ignore[misc]
        tracer.tracer.flush(20.0)
    assert len(connections) == 1
