"""Operators between columns. In: vectors and scalars of a test. Out: vectors: arithmetic, comparisons that filter, matching of labels
(on, ignoring, group_left), and, or, unless; aggregations. One rule for each, as in promql/engine.go of the pinned release."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import cast

from generators.promql.syntax import BY_ALL_LABELS, Aggregation, Binary, VectorMatching
from generators.proof.meaning.columns import NAME, Column, Labels, Same, Unforeseen, Vector

SETS = ("and", "or", "unless")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def _divided(one: float, other: float) -> float:
    if other:
        return one / other
    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one)


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}


@lru_cache(maxsize=4096)
def kept(labels: Labels, names: tuple[str, ...]) -> Labels:
    """Those labels alone."""
    wanted = frozenset(names)
    return frozenset(pair for pair in labels if pair[0] in wanted)


@lru_cache(maxsize=4096)
def without(labels: Labels, names: tuple[str, ...]) -> Labels:
    """All labels but those, and but the name."""
    gone = frozenset((*names, NAME))
    return frozenset(pair for pair in labels if pair[0] not in gone)


def joined(tree: Binary, left: Vector, right: Vector) -> Vector:
    """An operator between two vectors."""
    matching = tree.matching or BY_ALL_LABELS
    if tree.op in SETS:
        return _set(tree.op, matching, left, right)
    if tree.return_bool or matching.fill_left is not None or matching.fill_right is not None:
        raise Unforeseen("bool and fill")
    if matching.card == "one-to-many":
        raise Unforeseen("group_right")
    ones: dict[Labels, list[tuple[Labels, Column]]] = {}
    for labels, column in right.items():
        ones.setdefault(_signature(matching, labels), []).append((labels, column))
    found: Vector = {}
    for labels, column in left.items():
        for other, theirs in ones.get(_signature(matching, labels), ()):
            _merge(found, _result(tree, matching, labels, other), paired(tree.op, column, theirs))
    return found


def paired(op: str, left: Column, right: Column) -> Column:
    """Two columns by an operator; a comparison keeps the left value where it holds."""
    return _paired(op, Same(left), Same(right))


@lru_cache(maxsize=2048)
def _paired(op: str, one_side: Same, other_side: Same) -> Column:
    left, right = one_side.column, other_side.column
    if op in COMPARISONS:
        holds = COMPARISONS[op]
        return [
            one if one is not None and two is not None and holds(one, two) else None for one, two in zip(left, right, strict=True)
        ]
    if op not in ARITHMETIC:
        raise Unforeseen(f"'{op}'")
    act = ARITHMETIC[op]
    if None not in left and None not in right:
        return [*map(act, cast("list[float]", left), cast("list[float]", right))]
    return [None if one is None or two is None else act(one, two) for one, two in zip(left, right, strict=True)]


def _signature(matching: VectorMatching, labels: Labels) -> Labels:
    return kept(labels, matching.labels) if matching.on else without(labels, matching.labels)


def _result(tree: Binary, matching: VectorMatching, left: Labels, right: Labels) -> Labels:
    base = left if tree.op in COMPARISONS else without(left, ())
    if matching.card == "many-to-one":
        taken = kept(right, matching.include)
        return frozenset((*(pair for pair in base if pair[0] not in matching.include), *taken))
    return kept(base, matching.labels) if matching.on else frozenset(pair for pair in base if pair[0] not in matching.labels)


def _merge(found: Vector, labels: Labels, column: Column) -> None:
    """One result for each label set; which of two holds a value may change from step to step."""
    if labels in found:
        column = [one if one is not None else two for one, two in zip(found[labels], column, strict=True)]
    found[labels] = column


def _set(op: str, matching: VectorMatching, left: Vector, right: Vector) -> Vector:
    if op == "or":
        taken = _presence(matching, left)
        found = dict(left)
        for labels, column in right.items():
            over = taken.get(_signature(matching, labels))
            _merge(found, labels, column if over is None else _where(column, over, wanted=False))
        return found
    there = _presence(matching, right)
    found = {}
    for labels, column in left.items():
        over = there.get(_signature(matching, labels))
        if over is not None:
            found[labels] = _where(column, over, wanted=op == "and")
        elif op == "unless":
            found[labels] = column
    return found


def _presence(matching: VectorMatching, vector: Vector) -> dict[Labels, list[bool]]:
    """At which steps some series of each signature has a value."""
    there: dict[Labels, list[bool]] = {}
    for labels, column in vector.items():
        signature, here = _signature(matching, labels), [value is not None for value in column]
        before = there.get(signature)
        there[signature] = here if before is None else [one or two for one, two in zip(before, here, strict=True)]
    return there


def _where(column: Column, there: list[bool], *, wanted: bool) -> Column:
    return [value if here == wanted else None for value, here in zip(column, there, strict=True)]


_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
}


@lru_cache(maxsize=2048)
def _merged(op: str, columns: tuple[Same, ...]) -> Column:
    act = _AGGREGATES[op]
    rows = zip(*(one.column for one in columns), strict=True)
    if not any(None in one.column for one in columns):
        return [*map(act, cast("Iterable[tuple[float, ...]]", rows))]
    return [act(there) if (there := [value for value in row if value is not None]) else None for row in rows]


def aggregated(tree: Aggregation, inner: Vector) -> Vector:
    """sum, avg, min, max, count and group, by labels or without them."""
    if tree.op not in _AGGREGATES or tree.param is not None:
        raise Unforeseen(f"{tree.op}()")
    groups: dict[Labels, list[Column]] = {}
    for labels, column in inner.items():
        group = without(labels, tree.grouping) if tree.without else kept(labels, tree.grouping)
        groups.setdefault(group, []).append(column)
    found: Vector = {}
    for group, columns in groups.items():
        if len(columns) == 1 and tree.op in ("sum", "avg", "min", "max"):
            found[group] = columns[0]
            continue
        found[group] = _merged(tree.op, tuple([Same(column) for column in columns]))
    return found
