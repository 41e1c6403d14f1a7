"""Models are told how they did. In: matches settled of which football-models was not told. Out: one POST /scores with everything that
each model is judged by; told again at the next turn when it failed, so that nothing is lost with a restart on either side."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from football_api import standing
from football_api.jobs import Lock, alone
from football_api.models import Models
from football_api.tables import Match


class Scores:
    """Between the tables and football-models."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], models: Models) -> None:
        self._sessions = sessions
        self._models = models

    async def tell(self) -> None:
        """Tell what is new, if anything is."""
        async with alone(self._sessions, Lock.SCORES) as session:
            if session is None:
                return
            unscored = select(Match.id).where(Match.settled_at.is_not(None), Match.scored_at.is_(None))
            ids = list(await session.scalars(unscored))
            if not ids:
                return
            judged = await standing.recent(session)
            if windows := [_window(model_type, matches) for model_type, matches in judged.items()]:
                await self._models.tell(windows)
            await session.execute(update(Match).where(Match.id.in_(ids)).values(scored_at=datetime.now(UTC)))


def _window(model_type: str, matches: list[standing.Judged]) -> dict[str, object]:
    settled = [{key: value for key, value in asdict(one).items() if key != "new"} for one in matches]
    return {"model_type": model_type, "settled": settled, "new": sum(one.new for one in matches)}
