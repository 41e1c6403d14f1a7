"""What becomes of a fault. In: what is seen, look by look. Out: when its alert fired, when somebody was told, when it was over; a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from football_demo.faults import Fault
from football_demo.witness import Key
from football_demo.words import say


@dataclass
class Course:
    """Moments by the monotonic clock, None for what was not seen. `begun` and `ended` are those when it was ordered, `in_place` when the
    order was carried out; `limit` are the seconds from then in which somebody must be told, None where that cannot be said. `closed`:
    it was over before the next began."""

    fault: Fault
    limit: float | None = None
    begun: float | None = None
    in_place: float | None = None
    fired: float | None = None
    told: float | None = None
    inhibited: bool = False
    ended: float | None = None
    resolved: float | None = None
    closed: bool = False

    @property
    def key(self) -> Key:
        return self.fault.alert, self.fault.service

    @property
    def noticed(self) -> bool:
        """It fires, and somebody was told, or need not be: another alert explains it."""
        return self.fired is not None and (self.told is not None or self.inhibited)

    @property
    def late(self) -> bool:
        """Told after more than the worst case."""
        return None not in (self.limit, self.told, self.in_place) and self.told - self.in_place > self.limit  # type: ignore[operator]

    @property
    def good(self) -> bool:
        return self.noticed and not self.late and self.resolved is not None

    def see(self, state: str | None) -> None:
        """What its alert is now: `pending`, `firing`, or nothing."""
        now = time.monotonic()
        if self.ended is None:
            if state == "firing" and self.fired is None:
                self.fired = now
                say(f"{self.fault.title}: {self.fault.alert} fires after {_between(self.begun, now)}")
        elif self.closed:
            return
        elif state is not None:
            self.resolved = None
        elif self.fired is not None and self.resolved is None:
            self.resolved = now
            say(f"{self.fault.title}: {self.fault.alert} is over {_between(self.ended, now)} after the fault")

    def see_told(self, told: bool, inhibited: bool) -> None:
        """Whether a message tells of it, and whether Alertmanager holds it back."""
        self.inhibited = inhibited
        if told and self.told is None:
            self.told = time.monotonic()
            say(f"{self.fault.title}: told after {_between(self.begun, self.told)}")


def table(courses: Sequence[Course]) -> list[str]:
    """A line for each, in columns."""
    rows = [("fault", "alert", "fires after", "told after", "at most", "over after")]
    rows += [_row(one) for one in courses]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(one: Course) -> tuple[str, str, str, str, str, str]:
    fault, alert = one.fault.title, one.fault.alert
    if one.begun is None:
        return fault, alert, "NOT INJECTED", "", "", ""
    fires = "NOT SEEN" if one.fired is None else _between(one.begun, one.fired)
    told = _between(one.begun, one.told) if one.told is not None else "inhibited" if one.inhibited else "NOT SEEN"
    over = "" if one.fired is None else "STILL ACTIVE" if one.resolved is None else _between(one.ended, one.resolved)
    return fault, alert, fires, f"{told} LATE" if one.late else told, "" if one.limit is None else f"{one.limit:.0f} s", over


def _between(begin: float | None, end: float) -> str:
    return "" if begin is None else f"{end - begin:.0f} s"
