"""Plain values and the place of each: what both ways of reading a text (YAML, Jsonnet) give. In: nothing. Out: `Source`, whose
`where` answers for every path, and `Spot`, which points into a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from generators.fault import Fault, Where, Written

V = TypeVar("V")
Place = tuple[str | int, ...]
Position = tuple[str, int, int]
"""File, line, column. The path of a place is written out when somebody asks: of thousands of places almost none is."""

DEEPEST = 60
"""How deep values may nest: far deeper than the model goes, and far from where the machine's stack ends."""

_BARE = re.compile(r"[A-Za-z_][\w-]*")


def dollar(place: Place) -> str:
    """A path as people read it: $.alerts.High.when, $.notify.routes[0]."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" if _BARE.fullmatch(part) else f"['{part}']" for part in place)
    return "$" + "".join(parts)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text begins: `shift` is the columns from the value's place to its first character, None where the text was folded
    or escaped, so that only its beginning can be named."""

    where: Where
    shift: int | None = None

    def plus(self, offset: int) -> Where:
        """The place of the character `offset` of the text."""
        return self.where if self.shift is None else self.where.shifted(self.shift + offset)

    def written(self, text: str) -> Written:
        """The text together with its place."""
        return Written(text, self.plus(0), self.shift is not None)


@dataclass
class Source:
    """Plain values, and where each key and value stands. `keys` knows the key's place, `values` the value's, `shifts` how far
    from there a text on one line begins."""

    value: Any = None
    keys: dict[Place, Position] = field(default_factory=dict)
    values: dict[Place, Position] = field(default_factory=dict)
    shifts: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def spot(self, place: Place) -> Spot:
        """Where the text of a path begins, to point into it."""
        return Spot(self.where(place), self.shifts.get(place))

    def where(self, place: Place) -> Where:
        """Where the value of a path stands; of the nearest part above it where the path itself is nowhere."""
        for length in range(len(place), -1, -1):
            found = self.values.get(place[:length])
            if found:
                return Where(*found, dollar(place))
        return Where("spec")

    def where_key(self, place: Place) -> Where:
        """Where the key of a path stands, or its value where it has no key."""
        found = self.keys.get(place)
        return Where(*found, dollar(place)) if found else self.where(place)

    def adopt(self, other: Source, old: Place, new: Place) -> None:
        """Take over the places of everything at and below `old` of another source, as those of `new`."""
        for ours, theirs in ((self.keys, other.keys), (self.values, other.values)):
            ours.update((new + place[len(old) :], position) for place, position in _below(theirs, old))
        self.shifts.update((new + place[len(old) :], shift) for place, shift in _below(other.shifts, old))


def _below(places: dict[Place, V], top: Place) -> list[tuple[Place, V]]:
    return [(place, value) for place, value in places.items() if place[: len(top)] == top]
