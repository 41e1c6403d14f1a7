"""Expressions as trees, for property tests. In: names, matchers, windows such as "5m". Out: trees that are right by construction, with
parentheses where precedence asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from math import copysign

from generators.promql.check import kind_of
from generators.promql.functions import PRECEDENCE, SIGN_PRECEDENCE
from generators.promql.literals import DURATION, duration_ns
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Expr,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)

Window = str | Duration
Operand = Expr | Decimal | int

_DURATION = re.compile(DURATION)


def number(value: Decimal | int) -> NumberLiteral:
    """A number; in arithmetic Prometheus knows 64-bit floats, and so does this."""
    return NumberLiteral(float(value))


def duration(text: Window) -> Duration:
    """The length of time that `5m` or `1h30m` means."""
    if isinstance(text, Duration):
        return text
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration")
    return Duration(duration_ns(text))


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, "=", value)


def unequal(name: str, value: str) -> Matcher:
    return Matcher(name, "!=", value)


def like(name: str, pattern: str) -> Matcher:
    """The label matches a pattern in RE2 syntax, anchored at both ends."""
    return Matcher(name, "=~", pattern)


def unlike(name: str, pattern: str) -> Matcher:
    return Matcher(name, "!~", pattern)


def one_of(name: str, values: Iterable[str]) -> Matcher:
    """The label has one of these very values."""
    given = tuple(values)
    return equal(name, given[0]) if len(given) == 1 else like(name, "|".join(map(literal, given)))


def literal(value: str) -> str:
    """The pattern that matches this text only, escaped as Go's regexp.QuoteMeta does."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", value)


def selector(metric: str, matchers: Iterable[Matcher] = ()) -> VectorSelector:
    """`metric{matchers}`; the same matcher given twice stands once."""
    given = tuple(sorted(dict.fromkeys(matchers), key=lambda matcher: (matcher.name, matcher.op, matcher.value)))
    return VectorSelector(metric, given)


def earlier(expr: VectorSelector | MatrixSelector | Subquery, offset: Window) -> VectorSelector | MatrixSelector | Subquery:
    """The same selection `offset` ago."""
    length = duration(offset)
    if isinstance(expr, Subquery):
        return Subquery(expr.expr, expr.range, expr.step, expr.at, length)
    if isinstance(expr, MatrixSelector):
        inner = expr.selector
        return MatrixSelector(VectorSelector(inner.name, inner.matchers, inner.at, length, inner.extension), expr.range)
    return VectorSelector(expr.name, expr.matchers, expr.at, length, expr.extension)


def during(expr: Expr, window: Window, step: Window | None = None) -> MatrixSelector | Subquery:
    """The range `expr[window]`: of a selector directly, of anything else by a subquery with `step`."""
    if isinstance(expr, VectorSelector) and step is None:
        return MatrixSelector(expr, duration(window))
    inner = Paren(expr) if isinstance(expr, Binary | Unary) else expr
    return Subquery(inner, duration(window), duration(step) if step is not None else None)


def call(function: str, *args: Operand) -> Call:
    return Call(function, tuple(map(_expr, args)))


def over(function: str, expr: Expr, window: Window, step: Window | None = None) -> Call:
    """A function over a range: `over("max_over_time", x, "1h")`."""
    return Call(function, (during(expr, window, step),))


def histogram_quantile(quantile: Decimal, expr: Expr) -> Call:
    return call("histogram_quantile", quantile, expr)


def vector(value: Decimal | int) -> Call:
    return call("vector", value)


def label_replace(expr: Expr, target: str, replacement: str, source: str, pattern: str) -> Call:
    return call("label_replace", expr, *map(StringLiteral, (target, replacement, source, pattern)))


def with_label(expr: Expr, name: str, value: str) -> Call:
    """The expression with one label set on every series."""
    return label_replace(expr, name, value.replace("$", "$$"), "", "")


def aggregate(op: str, expr: Expr, by: Iterable[str] = (), param: Operand | None = None) -> Aggregation:
    return Aggregation(op, expr, tuple(by), False, None if param is None else _expr(param))


def aggregate_without(op: str, expr: Expr, labels: Iterable[str]) -> Aggregation:
    return Aggregation(op, expr, tuple(labels), True)


def on(labels: Iterable[str]) -> VectorMatching:
    return VectorMatching(True, tuple(labels))


def ignoring(labels: Iterable[str]) -> VectorMatching:
    return VectorMatching(False, tuple(labels))


def group_left(matching: VectorMatching, include: Iterable[str] = ()) -> VectorMatching:
    """Many on the left find one on the right, whose labels `include` they take."""
    return VectorMatching(matching.on, matching.labels, "many-to-one", tuple(include))


def binary(left: Operand, op: str, right: Operand, matching: VectorMatching | None = None) -> Binary:
    """`left op right`, with parentheses around a side that would otherwise be read differently."""
    sides = _expr(left), _expr(right)
    kept = matching if matching != VectorMatching() and all(kind_of(side) == "vector" for side in sides) else None
    return Binary(op, _left(sides[0], op), _right(sides[1], op), False, kept)


def ratio(part: Operand, whole: Operand, matching: VectorMatching | None = None) -> Binary:
    return binary(part, "/", whole, matching)


def compare_bool(expr: Operand, op: str, bound: Operand, matching: VectorMatching | None = None) -> Binary:
    """1 where the comparison holds, 0 where it does not."""
    compared = binary(expr, op, bound, matching)
    return Binary(compared.op, compared.left, compared.right, True, compared.matching)


def negative(expr: Operand) -> Expr:
    """The expression with its sign changed."""
    inner = _expr(expr)
    if isinstance(inner, NumberLiteral):
        return NumberLiteral(-inner.value, inner.duration)
    return Unary("-", Paren(inner) if isinstance(inner, Binary) and PRECEDENCE[inner.op] <= SIGN_PRECEDENCE else inner)


def paren(expr: Expr) -> Paren:
    """Parentheses for the reader's sake."""
    return Paren(expr)


def _expr(operand: Operand) -> Expr:
    return number(operand) if isinstance(operand, Decimal | int) else operand


def _left(side: Expr, op: str) -> Expr:
    binding = PRECEDENCE[op]
    if isinstance(side, Binary):
        inner = PRECEDENCE[side.op]
        return Paren(side) if inner < binding or (inner == binding and op == "^") else side
    signed = isinstance(side, Unary) or (isinstance(side, NumberLiteral) and copysign(1, side.value) < 0)
    return Paren(side) if signed and binding > SIGN_PRECEDENCE else side


def _right(side: Expr, op: str) -> Expr:
    if not isinstance(side, Binary):
        return side
    inner, binding = PRECEDENCE[side.op], PRECEDENCE[op]
    return Paren(side) if inner < binding or (inner == binding and op != "^") else side
