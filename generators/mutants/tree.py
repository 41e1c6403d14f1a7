"""Trees changed in one place. In: a tree. Out: each of its parts with a function that puts something else there and gives the
whole tree back. `promql.walk.replace` changes every part alike; a mutant has one mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)

Put = Callable[[Expr], Expr]


class Spot(NamedTuple):
    """A part of a tree, and how to put another in its place."""

    part: Expr
    put: Put


def spots(whole: Expr) -> Iterator[Spot]:
    """The tree and all its parts, each before its own parts, in reading order."""
    pending = [Spot(whole, _itself)]
    while pending:
        spot = pending.pop()
        yield spot
        pending.extend(reversed([Spot(part, _chained(put, spot.put)) for part, put in _below(spot.part)]))


def _itself(part: Expr) -> Expr:
    return part


def _chained(inner: Put, outer: Put) -> Put:
    return lambda part: outer(inner(part))


def _below(node: Expr) -> Iterator[Spot]:
    """The parts directly below a node; `put` gives the node with another part."""
    if isinstance(node, Binary):
        yield Spot(node.left, lambda part: replace(node, left=part))
        yield Spot(node.right, lambda part: replace(node, right=part))
    elif isinstance(node, Call):
        for index, each in enumerate(node.args):
            yield Spot(each, _argument(node, index))
    elif isinstance(node, Aggregation):
        if node.param is not None:
            yield Spot(node.param, lambda part: replace(node, param=part))
        yield Spot(node.expr, lambda part: replace(node, expr=part))
    elif isinstance(node, MatrixSelector):
        yield Spot(node.selector, lambda part: _ranged(node, part))
    elif isinstance(node, Paren | Unary | Subquery):
        yield Spot(node.expr, lambda part: replace(node, expr=part))


def _argument(node: Call, index: int) -> Put:
    return lambda part: replace(node, args=(*node.args[:index], part, *node.args[index + 1 :]))


def _ranged(node: MatrixSelector, part: Expr) -> Expr:
    if not isinstance(part, VectorSelector):
        raise TypeError("only a selector can stand before a range")
    return replace(node, selector=part)
