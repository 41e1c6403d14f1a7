"""Users. In: a user's id. Out: the predictions that this user asked for."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from sqlalchemy import select

from football_api.identity import TheCaller
from football_api.resources import Session
from football_api.schemas import PredictionOut
from football_api.tables import Prediction

LISTED = 20
router = APIRouter(prefix="/users")


@router.get("/{id}/predictions")
async def predictions(id: int, caller: TheCaller, session: Session) -> list[PredictionOut]:
    """Your own, the newest first; 403 for another user's."""
    if id != caller.id:
        raise HTTPException(403, "you may see your own predictions alone")
    rows = await session.scalars(select(Prediction).where(Prediction.user_id == id).order_by(Prediction.id.desc()).limit(LISTED))
    return [PredictionOut.model_validate(row) for row in rows]
