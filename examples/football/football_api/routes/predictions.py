"""Predictions: asked for once a user, match and model. In: a wish. Out: what the model says, kept. Guests may ask Elo, members the
goals model as well, premium users all three."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from football_api.identity import TheCaller
from football_api.models import ModelsError
from football_api.resources import Session, TheCache, TheModels
from football_api.routes import matches
from football_api.schemas import PredictionOut, Wish
from football_api.tables import Prediction
from football_api.telemetry import prediction_requests_total

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "guest": ("elo",),
    "member": ("elo", "poisson"),
    "premium": ("elo", "poisson", "logistic"),
}
KEPT = 300
"""Seconds that a prediction stays in the cache."""
router = APIRouter(prefix="/predictions")


@router.post("", status_code=201)
async def predict(wish: Wish, caller: TheCaller, session: Session, cache: TheCache, models: TheModels) -> PredictionOut:
    """Ask a model of a match that has not begun."""
    if wish.model_type not in ALLOWED[caller.kind]:
        raise HTTPException(403, f"a {caller.kind} may ask {', '.join(ALLOWED[caller.kind])}")
    match = await matches.find(wish.match_id, session, cache)
    if match.kickoff_at <= datetime.now(UTC):
        raise HTTPException(409, f"match {match.id} has begun")
    # The connection goes back to the pool while the model thinks: one slow model must not hold them all.
    await session.rollback()
    try:
        said = await models.predict(wish.model_type, match.home, match.away)
    except ModelsError:
        prediction_requests_total.inc(model_type=wish.model_type, outcome="error")
        raise
    facts = {"user_id": caller.id, "match_id": match.id, "model_type": wish.model_type, "created_at": datetime.now(UTC)}
    once = insert(Prediction).values(**facts, **said.model_dump()).on_conflict_do_nothing().returning(Prediction)
    row = await session.scalar(once)
    await session.commit()
    if row is None:
        raise HTTPException(409, f"{wish.model_type} was asked of match {match.id} before; see your predictions")
    prediction_requests_total.inc(model_type=wish.model_type, outcome="ok")
    made = PredictionOut.model_validate(row)
    await cache.put(f"prediction:{made.id}", f"{caller.id} {made.model_dump_json()}", KEPT)
    return made


@router.get("/{id}")
async def prediction(id: int, caller: TheCaller, session: Session, cache: TheCache) -> PredictionOut:
    """One of your own predictions; of another user's it is not even said that they exist."""
    text = await cache.get(f"prediction:{id}")
    if text is not None:
        owner, _, body = text.partition(" ")
        found = PredictionOut.model_validate_json(body) if owner == str(caller.id) else None
    else:
        owned = select(Prediction).where(Prediction.id == id, Prediction.user_id == caller.id)
        row = await session.scalar(owned) if 0 < id < 2**63 else None
        found = PredictionOut.model_validate(row) if row else None
        if found is not None:
            await cache.put(f"prediction:{id}", f"{caller.id} {found.model_dump_json()}", KEPT)
    if found is None:
        raise HTTPException(404, f"you have no prediction {id}")
    return found
