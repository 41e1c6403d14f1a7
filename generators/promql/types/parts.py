"""Whether one expression counts a part of what another counts: errors of requests, hits of hits plus misses. In: two trees. Out: yes, or
not known. Such a ratio lies between 0 and 1, and its denominator is not 0 when its numerator is not."""

from __future__ import annotations

import re

from generators.promql.functions import COMPARISONS
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    VectorSelector,
)

_COUNTING = frozenset({"rate", "increase", "irate"})
_SUMS = frozenset({"sum", "count"})
_OVER_TIME = "_over_time"
_FAILED = re.compile(r"_(failed|failures|errors|errs|dropped|rejected)(?=_|$)")
"""What `x_failed_total` counts, `x_total` counts as well, as https://prometheus.io/docs/practices/instrumentation/#failures asks."""


def bare(expr: Expr) -> Expr:
    """The expression without parentheses."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def unfiltered(expr: Expr) -> Expr:
    """The expression without parentheses and without comparisons with a number, which only leave series out."""
    expr = bare(expr)
    while (
        isinstance(expr, Binary)
        and expr.op in COMPARISONS
        and not expr.return_bool
        and isinstance(bare(expr.right), NumberLiteral)
    ):
        expr = bare(expr.left)
    return expr


def part_of(part: Expr, whole: Expr) -> bool:
    """Whether all that `part` counts is counted by `whole` as well, and nothing there is negative."""
    part, whole = unfiltered(part), unfiltered(whole)
    if isinstance(whole, Binary) and whole.op == "+":
        return part_of(part, whole.left) or part_of(part, whole.right)
    if isinstance(whole, Aggregation) and isinstance(bare(whole.expr), Binary):
        inner = bare(whole.expr)
        if isinstance(inner, Binary) and inner.op == "+" and isinstance(part, Aggregation):
            return any(part_of(part, _like(whole, side)) for side in (inner.left, inner.right))
    if isinstance(part, Aggregation) and isinstance(whole, Aggregation):
        if part.op == whole.op == "count" and _grouped_alike(part, whole) and _some_of(part.expr, whole.expr):
            return True
        return part.op == whole.op and part.op in _SUMS and _grouped_alike(part, whole) and _within(part.expr, whole.expr)
    return _within(part, whole)


def _some_of(part: Expr, whole: Expr) -> bool:
    """Whether one has a series only where the other has one: a condition on the same selector, or on what it was over a time."""
    while not isinstance(part, VectorSelector):
        part = unfiltered(part)
        if isinstance(part, Call) and part.function.endswith(_OVER_TIME) and isinstance(part.args[-1], MatrixSelector):
            part = part.args[-1].selector
        elif not isinstance(part, VectorSelector):
            return False
    whole = unfiltered(whole)
    return isinstance(whole, VectorSelector) and _chosen(part, whole)


def _like(whole: Aggregation, expr: Expr) -> Aggregation:
    return Aggregation(whole.op, expr, whole.grouping, whole.without, whole.param)


def _grouped_alike(one: Aggregation, other: Aggregation) -> bool:
    return set(one.grouping) == set(other.grouping) and one.without == other.without


def _within(part: Expr, whole: Expr) -> bool:
    part, whole = unfiltered(part), unfiltered(whole)
    if isinstance(part, Call) and isinstance(whole, Call):
        same = part.function == whole.function and part.function in _COUNTING
        return (
            same
            and isinstance(part.args[0], MatrixSelector)
            and isinstance(whole.args[0], MatrixSelector)
            and _selected(part.args[0], whole.args[0])
        )
    if isinstance(part, VectorSelector) and isinstance(whole, VectorSelector):
        return _chosen(part, whole)
    return False


def _selected(part: MatrixSelector, whole: MatrixSelector) -> bool:
    return part.range == whole.range and _chosen(part.selector, whole.selector)


def _chosen(part: VectorSelector, whole: VectorSelector) -> bool:
    """The same metric at the same time, chosen more narrowly; one bucket of a histogram against its count; or what failed of all."""
    counted = part.name.endswith("_bucket") and whole.name == part.name.removesuffix("_bucket") + "_count"
    least = {matcher for matcher in part.matchers if not (counted and matcher.name == "le")}
    if counted and least == set(part.matchers):
        return False
    everything = set(whole.matchers) <= least
    same = part.name == whole.name or counted or _FAILED.sub("", part.name, count=1) == whole.name
    return same and part.at == whole.at and part.offset == whole.offset and everything
