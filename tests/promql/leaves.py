"""The leaves of the trees that tests build: literals, matchers, selectors and their ranges. In: names and text. Out: nodes.

build.py gives them on, so that writers of expressions need to import one module only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from generators.promql.literals import DURATION, duration_ns
from generators.promql.syntax import (
    Binary,
    Duration,
    Expr,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)

Window = str | Duration

_DURATION = re.compile(DURATION)


def number(value: Decimal | int) -> NumberLiteral:
    """A number; in arithmetic Prometheus knows 64-bit floats, and so does this."""
    return NumberLiteral(float(value))


def string(value: str) -> StringLiteral:
    return StringLiteral(value)


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


def none_of(name: str, values: Iterable[str]) -> Matcher:
    given = tuple(values)
    return unequal(name, given[0]) if len(given) == 1 else unlike(name, "|".join(map(literal, given)))


def literal(value: str) -> str:
    """The pattern that matches this text only, escaped as Go's regexp.QuoteMeta does."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", value)


def equals(labels: Mapping[str, str]) -> tuple[Matcher, ...]:
    """One equality matcher a label."""
    return tuple(equal(name, value) for name, value in labels.items())


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
