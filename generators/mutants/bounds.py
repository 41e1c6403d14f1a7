"""Mistakes in numbers: bounds, comparisons, windows, quantiles. In: a node of an expression. Out: the nodes that could stand there
by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from generators.mutants.tree import Spot, spots
from generators.promql import kind_of
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)

FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "!=", "!=": "=="}
LOOSENED = {">": (">=",), "<": ("<=",), ">=": (">",), "<=": ("<",), "==": (">=", "<="), "!=": (">", "<")}
"""What takes or leaves the bound itself; of what is equal or unequal, one side of it."""

QUANTILES = tuple(map(Decimal, ("0.5", "0.75", "0.9", "0.95", "0.99", "0.999")))
TAKES_A_QUANTILE = frozenset({"histogram_quantile", "quantile_over_time"})
COUNTS = frozenset({"changes", "resets", "count_over_time"})
"""Functions whose values are whole numbers."""

_TENTH = Decimal("0.1")
_ARITHMETIC = frozenset("+-*/%^")


def bound_up(node: Expr) -> Iterator[Expr]:
    """Each number of a bound a tenth larger."""
    yield from _moved(node, Decimal(1))


def bound_down(node: Expr) -> Iterator[Expr]:
    """Each number of a bound a tenth smaller."""
    yield from _moved(node, Decimal(-1))


def _moved(node: Expr, sign: Decimal) -> Iterator[Expr]:
    if not isinstance(node, Binary) or node.op not in COMPARISONS:
        return
    whole = node.op in ("==", "!=") or any(_counted(side) for side in (node.left, node.right))
    for spot in _bound(node):
        assert isinstance(spot.part, NumberLiteral)
        value = Decimal(repr(spot.part.value))
        if value.is_finite():
            step = max(abs(value) * _TENTH, Decimal(1)) if whole or not value else abs(value) * _TENTH
            yield spot.put(replace(spot.part, value=float(value + sign * step)))


def _bound(node: Binary) -> Iterator[Spot]:
    """The numbers that a value is compared with: those of the scalar side, and of both sides where both are vectors; each only
    as far as arithmetic reaches, not inside functions."""
    kinds = kind_of(node.left), kind_of(node.right)
    for spot in spots(node):
        if isinstance(spot.part, NumberLiteral):
            path = _path(node, spot.part)
            side = 0 if path and path[0] is node.left else 1
            if path and all(map(_passes, path)) and (kinds[side] == "scalar" or "scalar" not in kinds):
                yield spot


def _passes(node: Expr) -> bool:
    arithmetic = isinstance(node, Binary) and node.op in _ARITHMETIC
    return arithmetic or isinstance(node, Paren | Unary | NumberLiteral)


def _path(node: Binary, target: NumberLiteral) -> list[Expr]:
    """The parts from below the node down to the target itself; found by identity, for numbers repeat."""

    def down(part: Expr) -> list[Expr]:
        if part is target:
            return [part]
        below = (part.left, part.right) if isinstance(part, Binary) else (part.expr,) if isinstance(part, Paren | Unary) else ()
        return next(([part, *found] for child in below if (found := down(child))), [])

    return down(node.left) or down(node.right)


def _counted(expr: Expr) -> bool:
    """Is this a whole number by construction?"""
    if isinstance(expr, Paren):
        return _counted(expr.expr)
    if isinstance(expr, Aggregation):
        return expr.op in ("count", "group", "count_values") or (expr.op in ("sum", "max", "min") and _counted(expr.expr))
    return isinstance(expr, Call) and expr.function in COUNTS


def comparison_flipped(node: Expr) -> Iterator[Expr]:
    """The comparison the other way round."""
    if isinstance(node, Binary) and node.op in FLIPPED:
        yield replace(node, op=FLIPPED[node.op])


def comparison_loosened(node: Expr) -> Iterator[Expr]:
    """The comparison with its bound taken in or left out."""
    if isinstance(node, Binary):
        for op in LOOSENED.get(node.op, ()):
            if not _same_of_up(node, op):
                yield replace(node, op=op)


def _same_of_up(node: Binary, op: str) -> bool:
    """`up` is 0 or 1 (https://prometheus.io/docs/concepts/jobs_instances/): `<= 0` says what `== 0` says, `>= 1` what `== 1`."""
    value: Expr = node.left
    while isinstance(value, Paren) or (isinstance(value, Aggregation) and value.op in ("max", "min")):
        value = value.expr
    if not isinstance(value, VectorSelector) or value.name != "up" or not isinstance(node.right, NumberLiteral):
        return False
    return (node.op, op, node.right.value) in (("==", "<=", 0), ("==", ">=", 1), ("!=", ">", 0), ("!=", "<", 1))


def window_halved(node: Expr) -> Iterator[Expr]:
    """A range of half the length."""
    if isinstance(node, MatrixSelector | Subquery) and isinstance(node.range, Duration):
        yield replace(node, range=Duration(node.range.nanoseconds // 2))


def window_doubled(node: Expr) -> Iterator[Expr]:
    """A range of twice the length."""
    if isinstance(node, MatrixSelector | Subquery) and isinstance(node.range, Duration):
        yield replace(node, range=Duration(node.range.nanoseconds * 2))


def quantile_changed(node: Expr) -> Iterator[Expr]:
    """The next smaller and the next larger of the usual quantiles."""
    if isinstance(node, Call) and node.function in TAKES_A_QUANTILE and isinstance(node.args[0], NumberLiteral):
        for value in _neighbours(node.args[0]):
            yield replace(node, args=(value, *node.args[1:]))
    elif isinstance(node, Aggregation) and node.op == "quantile" and isinstance(node.param, NumberLiteral):
        for value in _neighbours(node.param):
            yield replace(node, param=value)


def _neighbours(literal: NumberLiteral) -> Iterator[NumberLiteral]:
    value = Decimal(repr(literal.value))
    below = [each for each in QUANTILES if each < value]
    above = [each for each in QUANTILES if each > value]
    for each in (*below[-1:], *above[:1]):
        yield replace(literal, value=float(each))
