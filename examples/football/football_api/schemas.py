"""What goes over the wire. In: rows. Out: the bodies that the operations declare."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ModelType = Literal["elo", "poisson", "logistic"]
UserKind = Literal["guest", "member", "premium"]
Pick = Literal["home", "away"]


class Wish(BaseModel):
    """Which match, and which model to ask."""

    match_id: int = Field(ge=1, le=2**31 - 1)
    model_type: ModelType


class Goals(BaseModel):
    """How a match ended."""

    home_goals: int = Field(ge=0, le=50)
    away_goals: int = Field(ge=0, le=50)


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PredictionOut(_Row):
    """A prediction: the side that will not lose, the chances of the three ends, and once it is known whether that was right."""

    id: int
    match_id: int
    model_type: ModelType
    pick: Pick
    home: float
    draw: float
    away: float
    created_at: datetime
    right: bool | None


class MatchOut(_Row):
    """A match, with its result once it is settled."""

    id: int
    round: int
    home: str
    away: str
    venue: str | None
    referee: str | None
    kickoff_at: datetime
    home_goals: int | None
    away_goals: int | None


class ModelOut(BaseModel):
    """A model: what it was worth on matches held out from its training, and what it was worth to users."""

    model_type: ModelType
    trained_at: datetime
    held_out_accuracy: float
    baseline_accuracy: float
    settled: int
    accuracy: float | None
