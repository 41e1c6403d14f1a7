"""What keeps our own faults from the application. In: a fault of ours, caught where it happened. Out: one line in the log for the
first of each kind, and a number for telemetry_dropped_total. Nothing here raises."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

LOG = logging.getLogger("touchline_client")
KINDS = 256
"""Kinds of faults that are remembered as told; further ones are counted and not told."""


class Guard:
    """Counts and tells what could not be kept."""

    def __init__(self, count: Callable[[str, int], None]) -> None:
        self._count = count
        self._told: set[str] = set()
        self._counting = threading.local()

    def caught(self, doing: str, error: BaseException, telemetry: str = "metrics", number: int = 1) -> None:
        """A fault of ours while `doing`, by which `number` pieces are lost: told once for each kind of error, counted each time."""
        kind = type(error).__name__
        self.lost(f"{doing}: {kind}", f"{doing} failed: {kind}: {error}", telemetry, number)

    def troubled(self, doing: str, error: BaseException) -> None:
        """A fault by which nothing is lost yet: told once, not counted; what it costs is counted where it is lost."""
        self.caught(doing, error, number=0)

    def lost(self, kind: str, message: str, telemetry: str = "metrics", number: int = 1) -> None:
        """`number` pieces of telemetry could not be kept."""
        try:
            if kind not in self._told and len(self._told) < KINDS:
                self._told.add(kind)
                LOG.warning(
                    "telemetry is dropped, the application is unharmed: %s (told once, see telemetry_dropped_total)", message
                )
            if number and not getattr(self._counting, "now", False):  # what counts drops may itself find no room
                self._counting.now = True
                try:
                    self._count(telemetry, number)
                finally:
                    self._counting.now = False
        except Exception:  # a logging handler of the application may raise, and a counter may be what is broken
            pass
