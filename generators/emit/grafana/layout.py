"""Where panels stand. In: rows of panels in reading order, each with a width and a height. Out: each panel's place in
Grafana's grid of 24 columns, and an id that stays the same while the panel keeps its row and title."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from generators.ir.dashboards import Panel, Row
from generators.record import dataclass

COLUMNS = 24
HEADER = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the grid."""

    x: int
    y: int
    w: int
    h: int

    def as_json(self) -> dict[str, int]:
        """Grafana's gridPos."""
        return {"h": self.h, "w": self.w, "x": self.x, "y": self.y}


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row, where its header stands (None for a row without title) and where its panels stand."""

    row: Row
    header: Place | None
    panels: tuple[tuple[Panel, Place], ...]


def _fill(panels: Iterable[Panel], top: int) -> Iterator[tuple[Panel, Place]]:
    x, y, tallest = 0, top, 0
    for panel in panels:
        width = min(panel.width, COLUMNS)
        if x + width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        yield panel, Place(x, y, width, panel.height)
        x, tallest = x + width, max(tallest, panel.height)


def place(rows: Iterable[Row]) -> Iterator[PlacedRow]:
    """Fill each row from the left, one row under the other; what a collapsed row hides takes no room."""
    top = 0
    for row in rows:
        header = Place(0, top, COLUMNS, HEADER) if row.title else None
        top += HEADER if header else 0
        panels = tuple(_fill(row.panels, top))
        if not (row.collapsed and header):
            top = max((at.y + at.h for _, at in panels), default=top)
        yield PlacedRow(row, header, panels)


class Ids:
    """Panel ids out of names: a panel that is added or moved renumbers no other, so links to a panel hold."""

    SPAN = 1_000_000

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def next(self, *names: str) -> int:
        """A free id, the same for the same names in the same company."""
        number = zlib.crc32("\x1f".join(names).encode()) % self.SPAN + 1
        while number in self._taken:
            number = number % self.SPAN + 1
        self._taken.add(number)
        return number
