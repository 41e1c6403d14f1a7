"""From spans to the collector. In: spans in their form, from any thread. Out: POSTs of OTLP from one background thread, and a count of
what was dropped: what found no room, what the collector refused, what could not be delivered.

`put` never waits for the network. A batch is tried again only while there is room for what comes after it: new spans are worth more
than old ones. A fork leaves its child an empty queue and, with its first span, a thread of its own."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from touchline_client.guard import Guard
from touchline_client.tracing import wire
from touchline_client.tracing.post import Poster
from touchline_client.tracing.waiting import Batch, Waiting

GATHER = 1.0
"""Seconds that spans wait for others. Tail sampling waits ten for the rest of a trace."""
ANSWER = 10.0
"""Seconds for one POST, OpenTelemetry's own default."""
SHORTEST, LONGEST = 1.0, 30.0
"""Seconds between tries: doubled from the one to the other, each with chance, so that processes do not come together."""
AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which OTLP says to try again (specification, OTLP/HTTP response)."""


class Lost(NamedTuple):
    """Spans that will not arrive."""

    number: int
    why: str


class Exporter:
    """The sink of a process. Safe to be used by several threads."""

    def __init__(self, poster: Callable[[], Poster], process: bytes, guard: Guard) -> None:
        """`process` is wire.resource of it. `poster` is asked by the first span, in whichever process that is."""
        self._poster, self._process, self._guard = poster, process, guard
        self._begin()
        mine = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _begin_anew(mine()))

    def _begin(self) -> None:
        self._waiting = Waiting()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, scope: bytes, span: bytes) -> None:
        """Takes a span, or counts it as dropped."""
        try:
            if not self._waiting.put(scope, span):
                lost(self._guard, Lost(1, "more spans come than the collector takes"))
            if self._thread is None:
                self._start()
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Counts a span that our own code could not write."""
        self._guard.caught("writing a span", error, "spans")

    def flush(self, seconds: float) -> None:
        """Sends what waits, within a time; what is left then is dropped. The next span begins anew."""
        with self._starting:
            waiting, thread = self._waiting, self._thread
            self._waiting, self._thread = Waiting(), None
        waiting.end(seconds)
        if thread is not None:
            thread.join(seconds)
        left = waiting.abandon()
        if left:
            lost(self._guard, Lost(left, "the collector did not take the last spans in time"))

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return  # somebody else does
        try:
            if self._thread is None:
                sender = Sender(self._waiting, self._poster(), self._process, self._guard)
                thread = threading.Thread(target=sender.run, name="touchline-spans", daemon=True)
                thread.start()
                self._thread = thread
        finally:
            self._starting.release()


def _begin_anew(exporter: Exporter | None) -> None:
    """In a fork's child: the parent sends what was waiting, and has the thread."""
    if exporter is not None:
        exporter._begin()


def lost(guard: Guard, spans: Lost) -> None:
    """Counts, and tells each reason once."""
    guard.lost(f"spans: {spans.why}", spans.why, "spans", spans.number)


class Sender:
    """Empties one queue, in a thread of its own."""

    def __init__(self, waiting: Waiting, poster: Poster, process: bytes, guard: Guard) -> None:
        self._waiting, self._poster, self._process, self._guard = waiting, poster, process, guard
        self._wait = SHORTEST
        self._chance = Random()

    def run(self) -> None:
        """Until the queue ends."""
        waiting = self._waiting
        while True:
            ending = waiting.ending  # before the last look: what came until then is still taken
            if not ending:
                waiting.gather(GATHER)
            while batch := waiting.take():
                spans = self._deliver(batch)
                if waiting.done(batch) and spans.number:
                    lost(self._guard, spans)
            if ending:
                self._poster.close()
                return

    def _deliver(self, batch: Batch) -> Lost:
        """One batch, to its end. What of it was lost."""
        waiting = self._waiting
        try:
            body = wire.request(self._process, batch)
            while True:
                spans = self._try(body, len(batch))
                if spans is not None:
                    return spans
                if waiting.ending or not waiting.roomy:
                    return Lost(len(batch), "the collector cannot be reached, or takes no spans")
        except Exception as error:
            waiting.pause(self._wait)
            return Lost(len(batch), f"a batch of spans could not be sent ({type(error).__name__})")

    def _try(self, body: bytes, number: int) -> Lost | None:
        """None after a pause, when it may be tried again."""
        asked: str | None = None
        try:
            status, asked, answer = self._poster.post(body, self._waiting.left(ANSWER))
        except OSError:
            status, answer = 503, b""
        if status not in AGAIN:
            self._wait = SHORTEST
            if 200 <= status < 300:
                return Lost(min(wire.rejected(answer), number), "the collector refuses some spans")
            return Lost(number, f"the collector answers {status} (is OTEL_EXPORTER_OTLP_ENDPOINT right?)")
        self._waiting.pause(max(self._wait * self._chance.uniform(0.5, 1.0), _seconds(asked)))
        self._wait = min(LONGEST, self._wait * 2)
        return None


def _seconds(asked: str | None) -> float:
    """Retry-After in seconds, up to LONGEST; a date, or nonsense, is not heard."""
    return min(LONGEST, float(asked)) if asked and asked.isascii() and asked.isdecimal() and len(asked) < 6 else 0.0
