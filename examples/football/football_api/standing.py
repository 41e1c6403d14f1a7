"""By what a model is judged. In: the tables. Out: of the matches settled last, those of which a model was asked, each with the prediction
that stood at kick-off. A match counts once, however many users asked: accuracy is a share of matches, not of popularity."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from football_api.schemas import Pick
from football_api.tables import Match, Prediction

WINDOW = 100
"""Matches settled last: about five minutes of the compressed calendar."""


@dataclass(frozen=True)
class Judged:
    """A settled match, and what was predicted of it; `new` when football-models was not told yet."""

    match_id: int
    pick: Pick
    home_goals: int
    away_goals: int
    new: bool


async def recent(session: AsyncSession) -> dict[str, list[Judged]]:
    """By model, the oldest first."""
    last = select(Match.id).where(Match.settled_at.is_not(None)).order_by(Match.settled_at.desc(), Match.id.desc()).limit(WINDOW)
    stood = (
        select(func.max(Prediction.id)).where(Prediction.match_id.in_(last)).group_by(Prediction.match_id, Prediction.model_type)
    )
    rows = await session.execute(
        select(Prediction.model_type, Match.id, Prediction.pick, Match.home_goals, Match.away_goals, Match.scored_at.is_(None))
        .join(Match, Match.id == Prediction.match_id)
        .where(Prediction.id.in_(stood))
        .order_by(Match.settled_at, Match.id)
    )
    found: dict[str, list[Judged]] = defaultdict(list)
    for model_type, match_id, pick, home_goals, away_goals, new in rows:
        found[model_type].append(Judged(match_id, cast(Pick, pick), home_goals or 0, away_goals or 0, new))
    return found
