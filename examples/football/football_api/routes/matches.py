"""Matches: what can be predicted, what is due, how it ended. In: a state or an id; results from the feed. Out: matches; a settled match
says of each of its predictions whether it was right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, select, update

from football_api.cache import Cache
from football_api.identity import TheCaller, feed
from football_api.resources import Session, TheCache
from football_api.schemas import Goals, MatchOut
from football_api.tables import Match, Prediction
from football_league import holds

LISTED, LIST_SECONDS, MATCH_SECONDS = 60, 3, 60
State = Literal["open", "due", "settled"]
router = APIRouter(prefix="/matches")
_list = TypeAdapter(list[MatchOut])


def _condition(state: State, now: datetime) -> ColumnElement[bool]:
    if state == "settled":
        return Match.settled_at.is_not(None)
    return Match.kickoff_at > now if state == "open" else (Match.kickoff_at <= now) & Match.settled_at.is_(None)


@router.get("", response_model=list[MatchOut])
async def matches(_: TheCaller, session: Session, cache: TheCache, state: State = "open") -> Response:
    """Open matches (before kick-off, the next first), those that wait for their result, or those settled last."""
    name = f"matches:{state}"
    text = await cache.get(name)
    if text is None:
        order = Match.kickoff_at.desc() if state == "settled" else Match.kickoff_at
        rows = await session.scalars(select(Match).where(_condition(state, datetime.now(UTC))).order_by(order).limit(LISTED))
        text = _list.dump_json([MatchOut.model_validate(row) for row in rows]).decode()
        await cache.put(name, text, LIST_SECONDS)
    return Response(text, media_type="application/json")


@router.get("/{id}")
async def match(id: int, _: TheCaller, session: Session, cache: TheCache) -> MatchOut:
    """One match."""
    return await find(id, session, cache)


async def find(number: int, session: Session, cache: Cache) -> MatchOut:
    """From the cache, or from the table; 404 when it is in neither."""
    name = f"match:{number}"
    if (text := await cache.get(name)) is not None:
        return MatchOut.model_validate_json(text)
    row = await session.get(Match, number) if 0 < number < 2**31 else None
    if row is None:
        raise HTTPException(404, f"there is no match {number}")
    found = MatchOut.model_validate(row)
    await cache.put(name, found.model_dump_json(), MATCH_SECONDS)
    return found


@router.post("/{id}/settle", dependencies=[Depends(feed)])
async def settle(id: int, goals: Goals, session: Session, cache: TheCache) -> MatchOut:
    """How a match ended, told once by the feed. 409 before kick-off, and when it is settled already."""
    row = await session.get(Match, id, with_for_update=True) if 0 < id < 2**31 else None
    if row is None:
        raise HTTPException(404, f"there is no match {id}")
    now = datetime.now(UTC)
    if row.settled_at is not None or row.kickoff_at > now:
        raise HTTPException(409, f"match {id} is {'settled already' if row.settled_at else 'not played yet'}")
    row.home_goals, row.away_goals, row.settled_at = goals.home_goals, goals.away_goals, now
    changed: list[int] = []
    for side in ("home", "away"):
        right = holds(side, goals.home_goals, goals.away_goals)
        told = update(Prediction).where(Prediction.match_id == id, Prediction.pick == side).values(right=right)
        changed += await session.scalars(told.returning(Prediction.id))
    await session.commit()
    await cache.drop(f"match:{id}", "matches:open", "matches:due", "matches:settled", *(f"prediction:{one}" for one in changed))
    return MatchOut.model_validate(row)
