"""Elo ratings. In: results in their order. Out: a model that holds one rating a club, from which the expected score of a match
follows; the draw's share is Davidson's (1970), with the one parameter estimated from the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from football_league import Probabilities, Result

START, SCALE, STEP = 1500.0, 400.0, 24.0
HOME = 50.0


@dataclass(frozen=True)
class Elo:
    """Ratings, and how common draws are between equals."""

    ratings: dict[str, float]
    draws: float

    def predict(self, home: str, away: str) -> Probabilities:
        """Of a match; KeyError for a club that was never seen."""
        odds = 10 ** ((self.ratings[home] + HOME - self.ratings[away]) / SCALE / 2)
        weights = (odds, self.draws, 1 / odds)
        return Probabilities(*(weight / sum(weights) for weight in weights))


def fit(results: Sequence[Result]) -> Elo:
    """Play the results through once, then see how many ended level."""
    ratings: dict[str, float] = {}
    level, between = 0, 0.0
    for one in results:
        home, away = (ratings.setdefault(club, START) for club in (one.fixture.home, one.fixture.away))
        expected = 1 / (1 + 10 ** ((away - home - HOME) / SCALE))
        score = 1.0 if one.home_goals > one.away_goals else 0.5 if one.home_goals == one.away_goals else 0.0
        ratings[one.fixture.home] = home + STEP * (score - expected)
        ratings[one.fixture.away] = away - STEP * (score - expected)
        level += score == 0.5
        between += 2 * (expected * (1 - expected)) ** 0.5
    return Elo(ratings, 2 * level / max(between, 1.0))
