"""The types of an expression, for people. In: typed trees. Out: `Line`s: each part with its depth, its text and its type in words."""

from __future__ import annotations

from dataclasses import dataclass

from generators.promql.print import text_of
from generators.promql.syntax import Expr, NumberLiteral, Paren, StringLiteral
from generators.promql.types.infer import Types
from generators.promql.walk import children


@dataclass(frozen=True, slots=True)
class Line:
    """One part of an expression: `depth` levels down, in Prometheus's own text."""

    depth: int
    text: str
    type: str


def shown(types: Types) -> tuple[Line, ...]:
    """Every part of a tree in reading order, but for bare numbers, texts and parentheses, which tell nothing new."""
    found: list[Line] = []
    pending: list[tuple[Expr, int]] = [(types.tree, 0)]
    while pending:
        node, depth = pending.pop()
        told = not isinstance(node, Paren | NumberLiteral | StringLiteral)
        if told:
            found.append(Line(depth, text_of(node), types[node].shown))
        pending.extend((child, depth + told) for child in reversed(children(node)))
    return tuple(found)
