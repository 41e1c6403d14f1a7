"""Logistic regression. In: results. Out: two regressions on who plays (one coefficient a club, one for the ground): that the home
side does not lose, and that the away side does not. The three ends of a match follow from the two."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from football_league import Probabilities, Result

SWEEPS, STEP, RIDGE = 60, 0.2, 0.002
"""Passes of stochastic gradient descent, its step at the first, and the shrinking of the coefficients with each match."""


@dataclass(frozen=True)
class Line:
    """One regression: the chance of its event, by who plays."""

    ground: float
    strength: dict[str, float]

    def chance(self, home: str, away: str) -> float:
        """That the event happens; KeyError for a club that was never seen."""
        return 1 / (1 + math.exp(-(self.ground + self.strength[home] - self.strength[away])))


@dataclass(frozen=True)
class Logistic:
    """Both regressions."""

    home_holds: Line
    home_wins: Line

    def predict(self, home: str, away: str) -> Probabilities:
        """Of a match; KeyError for a club that was never seen."""
        holds, wins = self.home_holds.chance(home, away), self.home_wins.chance(home, away)
        wins = min(wins, holds)  # the two were fitted apart
        return Probabilities(wins, holds - wins, 1 - holds)


def fit(results: Sequence[Result]) -> Logistic:
    """Both regressions on the same matches."""
    matches = [(one.fixture.home, one.fixture.away) for one in results]
    return Logistic(
        _line(matches, [one.home_goals >= one.away_goals for one in results]),
        _line(matches, [one.home_goals > one.away_goals for one in results]),
    )


def _line(matches: Sequence[tuple[str, str]], happened: Sequence[bool]) -> Line:
    ground, strength = 0.0, defaultdict[str, float](float)
    for sweep in range(SWEEPS):
        step = STEP / (1 + sweep / 10)
        for (home, away), event in zip(matches, happened, strict=True):
            miss = event - 1 / (1 + math.exp(-(ground + strength[home] - strength[away])))
            ground += step * miss
            strength[home] += step * (miss - RIDGE * strength[home])
            strength[away] -= step * (miss + RIDGE * strength[away])
    return Line(ground, dict(strength))
