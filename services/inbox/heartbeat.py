"""Heartbeats: who reported when. In: a name and the time it called. Out: for each name the first and last call, how
many, and how far apart.

A dead man's switch fires all day; its calls are counted here instead of pushing real messages out of the ring.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.inbox.message import stamp

MOST_NAMES = 200


@dataclass(frozen=True)
class Heartbeat:
    name: str
    first_seen: datetime
    last_seen: datetime
    count: int
    every_seconds: float | None  # between the last two calls

    def record(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "first_seen": stamp(self.first_seen),
            "last_seen": stamp(self.last_seen),
            "count": self.count,
            "every_seconds": self.every_seconds,
        }


class Heartbeats:
    """The table of them; when it is full the name that was silent longest makes room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beats: dict[str, Heartbeat] = {}

    def beat(self, name: str, at: datetime) -> Heartbeat:
        with self._lock:
            old = self._beats.get(name)
            if old is None:
                if len(self._beats) >= MOST_NAMES:
                    del self._beats[min(self._beats.values(), key=lambda one: one.last_seen).name]
                new = Heartbeat(name, at, at, 1, None)
            else:
                gap = round((at - old.last_seen).total_seconds(), 3)
                new = replace(old, last_seen=at, count=old.count + 1, every_seconds=gap)
            self._beats[name] = new
            return new

    def all(self) -> list[Heartbeat]:
        with self._lock:
            return sorted(self._beats.values(), key=lambda one: one.name)

    def clear(self) -> None:
        with self._lock:
            self._beats.clear()
