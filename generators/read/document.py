"""One document of a foreign file, asked tolerantly. In: a `Source` (plain values and their places). Out: `Node`s that answer for
every path, present or not, so that a reader says what it wants and never what to do when it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generators.fault import Where, Written
from generators.record import dataclass
from generators.spec.source import Place, Source


@dataclass(frozen=True, slots=True)
class Document:
    """A document, the file it stands in, and its root."""

    path: str
    source: Source

    @property
    def root(self) -> Node:
        return Node(self.source, (), self.source.value)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place; `value` is None where there is none."""

    source: Source
    place: Place
    value: Any

    def __getitem__(self, key: str) -> Node:
        inner = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.source, (*self.place, key), inner)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[Node]:
        """The members of a list; of anything else none."""
        for index, value in enumerate(self.value if isinstance(self.value, list) else ()):
            yield Node(self.source, (*self.place, index), value)

    def fields(self) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping; of anything else none."""
        for key in self.value if isinstance(self.value, dict) else ():
            yield key, self[key]

    def one_or_many(self) -> Iterator[Node]:
        """A list's members, or the value itself where it is a scalar."""
        if isinstance(self.value, list):
            yield from self.items()
        elif self.value is not None and not isinstance(self.value, dict):
            yield self

    def scalars(self) -> Iterator[tuple[str, Node]]:
        """Every scalar below, with the nearest key above it."""
        pending: list[tuple[str, Node]] = [(str(self.place[-1]) if self.place else "", self)]
        while pending:
            key, node = pending.pop()
            if isinstance(node.value, dict):
                pending.extend(reversed(list(node.fields())))
            elif isinstance(node.value, list):
                pending.extend(reversed([(key, each) for each in node.items()]))
            elif node.value is not None:
                yield key, node

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def text(self) -> str:
        """A scalar as text; "" for nothing and for collections."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "" if self.value is None or isinstance(self.value, dict | list) else str(self.value)

    @property
    def number(self) -> int:
        """A whole number, 0 where it is none."""
        return int(self.text) if self.text.isascii() and self.text.isdigit() and len(self.text) < 10 else 0

    @property
    def where(self) -> Where:
        return self.source.where(self.place)

    @property
    def written(self) -> Written:
        shift = self.source.shifts.get(self.place)
        return Written(self.text, self.where.shifted(shift or 0), shift is not None)
