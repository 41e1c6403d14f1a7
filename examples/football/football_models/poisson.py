"""Poisson goals (Maher 1982). In: results. Out: a model that holds attack and defence a club and the advantage at home; the three ends
of a match follow from the goals that each side may score."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from football_league import Probabilities, Result

SWEEPS, MOST, PRIOR = 30, 16, 2.0
"""How often the strengths are fitted in turn; the goals of a side that are counted with; goals of an average club added to each, so
that one that never scored is not without all hope."""


@dataclass(frozen=True)
class Poisson:
    """The mean goals of a side are its attack times the other's defence, times `home` for the one and over it for the other."""

    attack: dict[str, float]
    defence: dict[str, float]
    home: float

    def predict(self, home: str, away: str) -> Probabilities:
        """Of a match; KeyError for a club that was never seen."""
        ours = _chances(self.attack[home] * self.defence[away] * self.home)
        theirs = _chances(self.attack[away] * self.defence[home] / self.home)
        draw = sum(one * other for one, other in zip(ours, theirs, strict=True))
        lost = sum(one * sum(theirs[goals + 1 :]) for goals, one in enumerate(ours))
        return Probabilities(1 - draw - lost, draw, lost)


def fit(results: Sequence[Result]) -> Poisson:
    """Maximum likelihood: each parameter in turn has a closed form when the others are held."""
    at_home = sum(one.home_goals for one in results)
    home = math.sqrt((at_home + 1) / (sum(one.away_goals for one in results) + 1))
    sides = [side for one in results for side in _sides(one, home)]
    attack: dict[str, float] = defaultdict(lambda: 1.0)
    defence: dict[str, float] = defaultdict(lambda: 1.0)
    for _ in range(SWEEPS):
        attack.update(_strengths(((us, goals, defence[them] * factor) for us, them, goals, factor in sides)))
        defence.update(_strengths(((them, goals, attack[us] * factor) for us, them, goals, factor in sides)))
    return Poisson(dict(attack), dict(defence), home)


def _sides(one: Result, home: float) -> tuple[tuple[str, str, int, float], ...]:
    us, them = one.fixture.home, one.fixture.away
    return (us, them, one.home_goals, home), (them, us, one.away_goals, 1 / home)


def _strengths(seen: Iterable[tuple[str, int, float]]) -> dict[str, float]:
    goals: dict[str, float] = defaultdict(lambda: PRIOR)
    expected: dict[str, float] = defaultdict(lambda: PRIOR)
    for club, scored, mean in seen:
        goals[club] += scored
        expected[club] += mean
    return {club: goals[club] / expected[club] for club in goals}


def _chances(mean: float) -> list[float]:
    """Of 0, 1, ... goals; the last stands for it and all above."""
    found = [math.exp(-mean)]
    for goals in range(1, MOST):
        found.append(found[-1] * mean / goals)
    return [*found, max(0.0, 1 - sum(found))]
