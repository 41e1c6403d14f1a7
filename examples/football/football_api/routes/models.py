"""Models. In: nothing. Out: what football-models knows of each, and how often it was right for the users of this API."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from football_api import standing
from football_api.identity import TheCaller
from football_api.resources import Session, TheModels
from football_api.schemas import ModelOut
from football_league import holds

router = APIRouter(prefix="/models")


@router.get("")
async def models(_: TheCaller, session: Session, models: TheModels) -> list[ModelOut]:
    """Every model, with its accuracy over the matches settled last; that of a model nobody asked is unknown."""
    judged = await standing.recent(session)
    await session.rollback()
    found = []
    for card in await models.cards():
        settled = judged.get(card.model_type, [])
        right = sum(holds(one.pick, one.home_goals, one.away_goals) for one in settled)
        facts = card.model_dump() | {"trained_at": datetime.fromtimestamp(card.trained_at, UTC)}
        found.append(ModelOut(**facts, settled=len(settled), accuracy=right / len(settled) if settled else None))
    return found
