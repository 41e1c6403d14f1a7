"""The league's feed of fixtures. In: the simulated league and the time. Out: the matches of the next rounds, in the table, and how new
what is told of them is. Round N kicks off N times the pace after the epoch, so every process reckons the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from football_api.jobs import Lock, alone
from football_api.settings import Settings
from football_api.tables import Match
from football_league import League

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REFEREES = ("Ash", "Brook", "Clay", "Dale", "Field", "Glen")


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Calendar:
    """`told_at` says how new the source's data are."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], settings: Settings, told_at: Callable[[], datetime] = now
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._league = League()
        self.told_at = told_at

    async def fetch(self) -> None:
        """Bring in what the source tells of all rounds ahead."""
        told, present = self.told_at(), now()
        async with alone(self._sessions, Lock.CALENDAR) as session:
            if session is None:
                return
            ahead = self._ahead(present)
            known = set(await session.scalars(select(Match.round).where(Match.round.in_(ahead)).distinct()))
            if rows := [row for number in ahead if number not in known for row in self._rows(number, told)]:
                await session.execute(insert(Match).values(rows))
            await session.execute(
                update(Match).where(Match.kickoff_at > present, Match.imported_at < told).values(imported_at=told)
            )

    def _ahead(self, present: datetime) -> range:
        first = (present - EPOCH) // self._settings.every + 1
        return range(first, first + self._settings.ahead)

    def _rows(self, number: int, told: datetime) -> list[dict[str, object]]:
        return [
            {
                "round": fixture.round,
                "home": fixture.home,
                "away": fixture.away,
                "venue": f"{fixture.home} Park",
                "referee": REFEREES[index % len(REFEREES)],
                "kickoff_at": EPOCH + self._settings.every * number,
                "imported_at": told,
            }
            for index, fixture in enumerate(self._league.fixtures(number))
        ]
