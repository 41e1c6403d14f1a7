"""Vector selectors and what may follow any operand: ranges, subqueries, `offset`, `@`, `anchored`, `smoothed`.

In: a cursor. Out: selectors, and operands with their modifiers."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import cast

from generators.promql.cursor import Cursor
from generators.promql.parse_durations import number, offset_length, range_length
from generators.promql.regex import RegexFault, check_regex
from generators.promql.syntax import (
    At,
    Duration,
    Expr,
    Extension,
    Length,
    Matcher,
    MatchOp,
    MatrixSelector,
    Span,
    Subquery,
    VectorSelector,
)

_MATCH_OPS = frozenset({"=", "!=", "=~", "!~"})
_NO_NAME = frozenset({"metric", "number", "duration", "string", "eof", "error"})
_MODIFIED = "an instant vector selector or range vector selector or a subquery"
POSTFIX = frozenset({"[", "offset", "@", "anchored", "smoothed"})


def vector_selector(c: Cursor, name: str, start: int) -> VectorSelector:
    """The selector whose name, if any, was read; the braces, if any, are at hand."""
    matchers = _matchers(c) if c.kind == "{" else ()
    return VectorSelector(name, matchers, span=Span(start, c.last_end()))


def _matchers(c: Cursor) -> tuple[Matcher, ...]:
    c.step()
    found: list[Matcher] = []
    while c.kind != "}":
        found.append(_matcher(c))
        if c.kind != ",":
            break
        c.step()
    if c.kind != "}":
        raise c.unexpected("label matching", '"," or "}"')
    c.step()
    # Prometheus prints matchers in order; so kept, the same selector is the same tree however it was written.
    found.sort(key=_in_order)
    return tuple(found)


_in_order = attrgetter("name", "op", "value")


def _matcher(c: Cursor) -> Matcher:
    first = c.token
    if c.kind == "string":
        name = c.string()[0]
        if c.kind not in _MATCH_OPS:
            return Matcher("__name__", "=", name, first.span)
    elif first.text[:1].isalpha() or first.text[:1] == "_":
        # In braces keywords are plain names; a name with a colon is none.
        if c.kind in _NO_NAME:
            raise c.unexpected("label matching", 'identifier or "}"')
        name = c.step().text
    else:
        raise c.unexpected("label matching", 'identifier or "}"')
    if c.kind not in _MATCH_OPS:
        raise c.unexpected("label matching", "label matching operator")
    op = cast(MatchOp, c.step().kind)
    if c.kind != "string":
        raise c.unexpected("label matching", "string")
    value, token = c.string()
    if op in ("=~", "!~"):
        try:
            check_regex(value)
        except RegexFault as fault:
            c.note(token.span, f"error parsing regexp: {fault}", "Write the pattern in RE2 syntax; it has no look-around.")
    return Matcher(name, op, value, Span(first.start, token.end))


def postfix(c: Cursor, operand: Expr) -> Expr:
    """The operand with every modifier that follows it."""
    while c.kind in POSTFIX:
        if c.kind == "[":
            operand = _bracketed(c, operand)
        elif c.kind == "offset":
            operand = _offset(c, operand)
        elif c.kind == "@":
            operand = _at(c, operand)
        else:
            operand = _extended(c, operand)
    return operand


def _bracketed(c: Cursor, operand: Expr) -> Expr:
    opening = c.step()
    length = range_length(c, "subquery or range selector")
    if c.kind == "]":
        c.step()
        return _matrix(c, operand, length, opening.start)
    if c.kind != ":":
        raise c.unexpected("subquery or range", '":" or "]"')
    c.step()
    step = None if c.kind == "]" else range_length(c, "subquery selector")
    c.take("]", "subquery selector")
    return Subquery(operand, length, step, span=Span(operand.span.start, c.last_end()))


def _matrix(c: Cursor, operand: Expr, length: Length, opening: int) -> MatrixSelector:
    span = Span(operand.span.start, c.last_end())
    bracket = Span(opening, span.end)
    if not isinstance(operand, VectorSelector):
        fix = "Add a colon for a subquery: [5m:]."
        c.note(bracket, "ranges only allowed for vector selectors", fix)
        return MatrixSelector(VectorSelector("", (), span=operand.span), length, span)
    if operand.offset is not None:
        c.note(bracket, "no offset modifiers allowed before range", "Write the offset after the range.")
    elif operand.at is not None:
        c.note(bracket, "no @ modifiers allowed before range", "Write the @ modifier after the range.")
    return MatrixSelector(operand, length, span)


def _offset(c: Cursor, operand: Expr) -> Expr:
    c.step()
    length = offset_length(c)
    end = c.last_end()
    target = operand.selector if isinstance(operand, MatrixSelector) else operand
    if not isinstance(target, VectorSelector | Subquery):
        c.note(operand.span, f"offset modifier must be preceded by {_MODIFIED}", "Move the offset to the selector.")
        return operand
    if target.offset is not None:
        c.note(operand.span, "offset may not be set multiple times", "Keep one offset.")
    elif isinstance(length, Duration) and not length.nanoseconds:
        return operand  # Prometheus does not tell no offset from an offset of nothing
    return _modified(operand, end, target.at, length)


def _at(c: Cursor, operand: Expr) -> Expr:
    c.step()
    at = _instant(c, operand.span)
    end = c.last_end()
    target = operand.selector if isinstance(operand, MatrixSelector) else operand
    if not isinstance(target, VectorSelector | Subquery):
        c.note(operand.span, f"@ modifier must be preceded by {_MODIFIED}", "Move the @ modifier to the selector.")
        return operand
    if target.at is not None:
        c.note(operand.span, "@ <timestamp> may not be set multiple times", "Keep one @ modifier.")
    return _modified(operand, end, at, target.offset)


def _instant(c: Cursor, operand: Span) -> At:
    if c.kind == "start" or c.kind == "end":
        word = c.step().kind
        c.take("(", "@")
        c.take(")", "@")
        return At("start" if word == "start" else "end")
    sign = -1 if c.kind == "-" else 1
    if c.kind in ("+", "-"):
        c.step()
    if c.kind not in ("number", "duration", "inf"):
        raise c.unexpected("@", "timestamp")
    time = number(c).value * sign
    if not -(2**63) < time < 2**63:
        c.note(operand, f"timestamp out of bounds for @ modifier: {time:f}", "Write seconds since 1970, start() or end().")
        return At(0)
    return At(math.floor(time * 1000 + 0.5) if time >= 0 else math.ceil(time * 1000 - 0.5))


def _modified(operand: Expr, end: int, at: At | None, offset: Length | None) -> Expr:
    span = Span(operand.span.start, end)
    if isinstance(operand, MatrixSelector):
        inner = operand.selector
        selector = VectorSelector(inner.name, inner.matchers, at, offset, inner.extension, inner.span)
        return MatrixSelector(selector, operand.range, span)
    if isinstance(operand, Subquery):
        return Subquery(operand.expr, operand.range, operand.step, at, offset, span)
    assert isinstance(operand, VectorSelector)  # the callers asked
    return VectorSelector(operand.name, operand.matchers, at, offset, operand.extension, span)


def _extended(c: Cursor, operand: Expr) -> Expr:
    word = c.step()
    extension: Extension = "anchored" if word.kind == "anchored" else "smoothed"
    selector = operand.selector if isinstance(operand, MatrixSelector) else operand
    if not isinstance(selector, VectorSelector):
        what = f"{extension} modifier is not supported for subqueries"
        if not isinstance(selector, Subquery):
            what = f"{extension} modifier not implemented"
        c.note(operand.span, what, f"Write {extension} after a selector.")
        return operand
    if selector.extension not in (None, extension):
        c.note(operand.span, "anchored and smoothed modifiers cannot be used together", "Keep one of them.")
    span = Span(operand.span.start, word.end)
    is_matrix = isinstance(operand, MatrixSelector)
    inner = Span(selector.span.start, selector.span.end if is_matrix else word.end)
    extended = VectorSelector(selector.name, selector.matchers, selector.at, selector.offset, extension, inner)
    return MatrixSelector(extended, operand.range, span) if isinstance(operand, MatrixSelector) else extended
