"""Gauges that are measured, not counted along. In: the tables. Out: active users by window; the quality of the match data: how complete,
how fresh, how accurate. As the tables are every worker's, each worker measures the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from football_api.tables import Match, User
from football_api.telemetry import active_users, data_quality_score

Window = Literal["5m", "1h", "1d"]
WINDOWS: Mapping[Window, timedelta] = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
JUDGED = timedelta(minutes=10)
"""How far back matches are looked at."""
FRESH, GRACE, GOALS = timedelta(seconds=30), timedelta(seconds=60), 20
"""What was imported so lately is fresh; a result is missing so long after kick-off; no side scores more."""


class Gauges:
    """What the dashboards of users and data quality show."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def measure(self) -> None:
        """All of them, once."""
        now = datetime.now(UTC)
        async with self._sessions() as session:
            counts = {window: func.count().filter(User.last_seen_at > now - back) for window, back in WINDOWS.items()}
            users = (await session.execute(select(*counts.values()))).one()
            quality = await measure_quality(session, now)
        for window, count in zip(counts, users, strict=True):
            active_users.set(count, window=window)
        for dimension, score in quality.items():
            data_quality_score.set(score, dimension=dimension)


async def measure_quality(session: AsyncSession, now: datetime) -> dict[Literal["completeness", "freshness", "accuracy"], float]:
    """Shares of matches. Completeness: venue and referee are known, and the result once it is due. Freshness: of those ahead, imported
    lately; none ahead is not fresh. Accuracy: of those settled, what is recorded can be true."""
    ahead, settled = Match.kickoff_at > now, Match.settled_at.is_not(None)
    complete = and_(
        Match.venue.is_not(None), Match.referee.is_not(None), or_(Match.kickoff_at > now - GRACE, Match.home_goals.is_not(None))
    )
    sane = and_(
        Match.home_goals.between(0, GOALS),
        Match.away_goals.between(0, GOALS),
        Match.settled_at >= Match.kickoff_at,
        Match.home != Match.away,
    )
    row = (
        await session.execute(
            select(
                func.coalesce(_share(complete), 0.0),
                func.coalesce(_share(Match.imported_at > now - FRESH).filter(ahead), 0.0),
                func.coalesce(_share(sane).filter(settled), 1.0),
            ).where(Match.kickoff_at > now - JUDGED)
        )
    ).one()
    return {"completeness": row[0], "freshness": row[1], "accuracy": row[2]}


def _share(condition: ColumnElement[bool]) -> FunctionElement[float]:
    return func.avg(case((condition, 1.0), else_=0.0))
