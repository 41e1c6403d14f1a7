"""Models, fitted and judged. In: the league's past. Out: each model with the share of held-out matches on which it was right, beside
that of "the home side does not lose", the least that a model must beat."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from football_league import League, Probabilities, Result, holds, pick
from football_models import elo, logistic, poisson

ModelType = Literal["elo", "poisson", "logistic"]
TRAINING, HELD_OUT = range(40), range(40, 60)
"""Rounds: two seasons to learn from, the next to be judged on."""


class Model(Protocol):
    """What every model does."""

    def predict(self, home: str, away: str) -> Probabilities:
        """Of a match; KeyError for a club that was never seen."""
        ...


@dataclass
class Fitted:
    """A model in service; `trained_at` in seconds since the epoch."""

    model: Model
    trained_at: float
    held_out: float
    baseline: float


FITS: Mapping[ModelType, Callable[[Sequence[Result]], Model]] = {"elo": elo.fit, "poisson": poisson.fit, "logistic": logistic.fit}


def fit_all(league: League) -> dict[ModelType, Fitted]:
    """Fit each model on the training rounds; less than a second."""
    past, later = list(league.results(TRAINING)), list(league.results(HELD_OUT))
    baseline = sum(holds("home", one.home_goals, one.away_goals) for one in later) / len(later)
    found: dict[ModelType, Fitted] = {}
    for name, fit in FITS.items():
        model = fit(past)
        found[name] = Fitted(model, time.time(), share_right(model, later), baseline)
    return found


def share_right(model: Model, played: Sequence[Result]) -> float:
    """Of these matches, the share in which the side that the model picks did not lose."""
    right = (holds(pick(model.predict(one.fixture.home, one.fixture.away)), one.home_goals, one.away_goals) for one in played)
    return sum(right) / len(played)
