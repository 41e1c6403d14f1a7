"""What waits to be sent. In: spans in their form, from any thread. Out: batches, for one thread. Bounded in spans and in bytes, and what
is being sent counts until it has arrived."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

MOST_SPANS, MOST_BYTES = 16384, 8 << 20
"""What may wait. A request's span is about 250 bytes; twice as much is taken by Python's objects around it."""
BATCH_SPANS, BATCH_BYTES = 4096, 1 << 20
"""What goes in one POST, well below what collectors take (20 MiB, OpenTelemetry's confighttp)."""
WAKE = 1024
"""So many waiting spans are sent at once; fewer are gathered first."""

Batch = list[tuple[bytes, bytes]]


class Waiting:
    """One queue, for the life of one sending thread."""

    def __init__(self) -> None:
        self._queue: deque[tuple[bytes, bytes]] = deque()
        self._spans = self._bytes = 0
        # Not Lock and Event: the garbage collector may end a span in the middle of a put of its own thread.
        self._lock = threading.RLock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._ending = threading.Event()
        self._until = 0.0
        self._over = False

    def put(self, scope: bytes, span: bytes) -> bool:
        """False when there is no room."""
        size = len(span)
        with self._lock:
            if self._over or self._spans >= MOST_SPANS or self._bytes + size > MOST_BYTES:
                return False
            self._queue.append((scope, span))
            self._spans += 1
            self._bytes += size
            many = len(self._queue) == WAKE
        if many:
            self._wake.put(None)
        return True

    def gather(self, seconds: float) -> None:
        """Waits until many wait, it ends, or the time is over."""
        with suppress(Empty):
            self._wake.get(timeout=seconds)

    def take(self) -> Batch:
        """The oldest, as many as go into one POST. Only the sending thread takes."""
        batch: Batch = []
        size = 0
        while self._queue and len(batch) < BATCH_SPANS and size < BATCH_BYTES:
            each = self._queue.popleft()
            batch.append(each)
            size += len(each[1])
        return batch

    def done(self, batch: Batch) -> bool:
        """Makes the room of a batch free. False when nobody waits for it any more: it has been counted."""
        with self._lock:
            if self._over:
                return False
            self._spans -= len(batch)
            self._bytes -= sum(len(span) for _, span in batch)
            return True

    @property
    def roomy(self) -> bool:
        """Whether a quarter is free."""
        return self._spans <= MOST_SPANS * 3 // 4 and self._bytes <= MOST_BYTES * 3 // 4

    @property
    def ending(self) -> bool:
        """Whether only what is here is still to be sent."""
        return self._ending.is_set()

    def end(self, seconds: float) -> None:
        """Nothing more than what is here, and not later than this."""
        self._until = monotonic() + seconds
        self._ending.set()
        self._wake.put(None)

    def pause(self, seconds: float) -> None:
        """Waits between tries, or until it ends."""
        self._ending.wait(seconds)

    def left(self, seconds: float) -> float:
        """As long as that, but not beyond the end."""
        return min(seconds, self._until - monotonic()) if self._ending.is_set() else seconds

    def abandon(self) -> int:
        """Nobody waits any more. How many were not delivered."""
        with self._lock:
            self._over = True
            return self._spans
