"""Faults in what the services lean on. In: the board. Out: a clock of the feed that stands still, cache keys that nobody finds again, a
model that confuses the sides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from football_drills.board import Board
from football_league import Probabilities
from football_models.fitting import Model


class StaleFeed:
    """How new the feed's data are: as new as they were when the drill began."""

    def __init__(self, board: Board, told_at: Callable[[], datetime]) -> None:
        self._board = board
        self._told_at = told_at
        self._last = told_at()

    def __call__(self) -> datetime:
        if self._board.get("stale_data") is None:
            self._last = self._told_at()
        return self._last


class LostKeys:
    """A key that holds something of the moment, the classic mistake: every look-up misses, and what is put is never found."""

    def __init__(self, board: Board, naming: Callable[[str], str]) -> None:
        self._board = board
        self._naming = naming

    def __call__(self, name: str) -> str:
        if self._board.get("cache_bypass") is None:
            return self._naming(name)
        return f"{self._naming(name)}:{uuid.uuid4().hex}"


class SwappedSides:
    """A defective new model: home is taken for away."""

    def __init__(self, board: Board, model: Model) -> None:
        self._board = board
        self._model = model

    def predict(self, home: str, away: str) -> Probabilities:
        """Of the match the other way round, without noticing."""
        said = self._model.predict(home, away)
        if self._board.get("bad_model") is None:
            return said
        return Probabilities(said.away, said.draw, said.home)
