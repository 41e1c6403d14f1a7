"""A week in winter by the quarter of an hour: which hours are open when. In: the Plan's `notify`. Out: when to begin what must not
be disturbed by hours and planned work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, time

from generators.plan import Plan
from generators.proof.hours import QUARTER, SEASONS, within
from generators.record import dataclass
from generators.zones import zone

BEGIN = datetime.combine(SEASONS["winter"], time(0), zone("UTC"))
LENGTH = 15 * 60
DAY = 24 * 4
WHOLE = 9 * DAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """Each quarter of an hour of a week and two days: the hours that are open, and "" (always) where nothing is being worked on."""

    quarters: tuple[frozenset[str], ...]
    known: dict[int, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Calendar:
        hours, works = plan.notify.hours, plan.notify.maintenance
        times = (BEGIN + count * QUARTER for count in range(WHOLE))
        return cls(
            tuple(
                frozenset(one.name for one in hours if within(one, time)).union(
                    () if any(within(one, time) for one in works) else ("",)
                )
                for time in times
            )
        )

    def quietest(self, lasts: int) -> datetime:
        """When most hours are open from the first second to the last, and nothing is being worked on: so that nothing is quiet for
        another reason than inhibition. The first of equals is taken."""
        long = min(lasts // LENGTH + 2, DAY)
        if long not in self.known:
            through = self._through(long)
            best = max(range(7 * DAY), key=lambda start: ("" in through[start], len(through[start])))
            self.known[long] = BEGIN + best * QUARTER
        return self.known[long]

    def _through(self, long: int) -> Sequence[frozenset[str]]:
        """What is open for so many quarters from each one on: two spans side by side are one of up to twice the length."""
        found: Sequence[frozenset[str]] = self.quarters
        have = 1
        while have < long:
            more = min(have, long - have)
            found = [one & other for one, other in zip(found, found[more:], strict=False)]
            have += more
        return found

    def longest(self, hours: str) -> tuple[datetime, int]:
        """When these hours ("" means always) are open, with nothing being worked on, for the longest time; and for how many seconds,
        a day at most."""
        best, room = 0, 0
        for start in range(7 * DAY):
            long = next((n for n in range(DAY) if not self._tells(start + n, hours)), DAY)
            if long > room:
                best, room = start, long
            if room == DAY:
                break
        return BEGIN + best * QUARTER, room * LENGTH

    def _tells(self, quarter: int, hours: str) -> bool:
        return {"", hours} <= self.quarters[quarter]
