"""What is predicted, and when it is right. In: the probabilities of a match's three ends. Out: the side that will not lose ("double
chance" in the bookmakers' words), and whether a result bears it out. A draw therefore makes either pick right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pick = Literal["home", "away"]


@dataclass(frozen=True)
class Probabilities:
    """Of a home win, a draw and an away win; they sum to 1."""

    home: float
    draw: float
    away: float


def pick(chances: Probabilities) -> Pick:
    """The side that loses less probably."""
    return "home" if chances.home >= chances.away else "away"


def holds(picked: Pick, home_goals: int, away_goals: int) -> bool:
    """Whether the picked side did not lose."""
    return home_goals >= away_goals if picked == "home" else away_goals >= home_goals
