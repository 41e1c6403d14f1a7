"""Durations and their arithmetic, as they stand in square brackets and after `offset`. In: a cursor. Out: a length.

Prometheus's grammar reads the two places differently: in brackets any arithmetic, after `offset` a signed literal or call
ends the offset, so that `a offset -2 ^ 2` is `(a offset -2) ^ 2`, while a parenthesis opens arithmetic that runs on."""

from __future__ import annotations

import math

from generators.promql.cursor import Cursor
from generators.promql.functions import DURATION_FUNCTIONS, PRECEDENCE, SIGN_PRECEDENCE
from generators.promql.literals import duration_ns, number_value
from generators.promql.syntax import NANOSECONDS, Duration, DurationExpr, DurationTerm, Length, NumberLiteral, Span

_EXPECTED = "number, duration, step(), or range()"
_LONGEST_SECONDS = 2**63 / NANOSECONDS
_OPERATORS = {op: PRECEDENCE[op] for op in ("+", "-", "*", "/", "%", "^")}


def number(c: Cursor) -> NumberLiteral:
    """The number or duration at hand."""
    token = c.step()
    try:
        if token.kind == "duration":
            return NumberLiteral(duration_ns(token.text) / NANOSECONDS, True, token.span)
        return NumberLiteral(number_value(token.text), False, token.span)
    except ValueError as fault:
        c.note(token.span, f'error parsing number "{token.text}": {fault}', "Write a number or duration Prometheus can hold.")
        return NumberLiteral(0.0, False, token.span)


def negated(literal: NumberLiteral, start: int) -> NumberLiteral:
    """The literal with its sign changed; the sign stands at `start`."""
    value = literal.value if math.isnan(literal.value) else -literal.value
    return NumberLiteral(value, literal.duration, Span(start, literal.span.end))


def range_length(c: Cursor, context: str) -> Length:
    """A length in brackets, which has to be positive as far as that can be seen."""
    term = _arithmetic(c, 0, context)
    if isinstance(term, NumberLiteral):
        if not term.value > 0:
            c.note(term.span, "duration must be greater than 0", "Write a positive duration, such as 5m.")
        return _literal(term)
    return term


def offset_length(c: Cursor) -> Length:
    """The length after `offset`, which may be negative."""
    sign = c.step() if c.kind in ("+", "-") else None
    if c.kind in ("number", "duration", "inf") or c.kind in DURATION_FUNCTIONS:
        term: DurationTerm = _call(c, "offset") if c.kind in DURATION_FUNCTIONS else _ranged(c, number(c))
        return _finished(_signed(c, sign.text, sign.start, term) if sign else term)
    if c.kind == "(" and sign is not None:
        return _finished(_signed(c, sign.text, sign.start, _parenthesis(c, "offset")))
    if sign is not None:
        inner = _arithmetic(c, SIGN_PRECEDENCE + 1, "offset")
        return _finished(_more(c, _signed(c, sign.text, sign.start, inner), 0, "offset"))
    return _finished(_arithmetic(c, 0, "offset"))


def _finished(term: DurationTerm) -> Length:
    return _literal(term) if isinstance(term, NumberLiteral) else term


def _literal(term: NumberLiteral) -> Duration:
    scaled = term.value * NANOSECONDS
    if not math.isfinite(scaled):
        return Duration(0, term.span)  # told already: it is out of range
    return Duration(math.floor(scaled + 0.5) if scaled >= 0 else math.ceil(scaled - 0.5), term.span)


def _arithmetic(c: Cursor, least: int, context: str) -> DurationTerm:
    """An operand and all that follows with operators binding at least as tightly as `least`."""
    if c.kind in ("+", "-"):
        sign = c.step()
        inner = _arithmetic(c, SIGN_PRECEDENCE + 1, context)
        return _more(c, _signed(c, sign.text, sign.start, inner), least, context)
    if c.kind in ("number", "duration", "inf"):
        return _more(c, _ranged(c, number(c)), least, context)
    if c.kind == "(":
        return _more(c, _parenthesis(c, context), least, context)
    if c.kind in DURATION_FUNCTIONS:
        return _more(c, _call(c, context), least, context)
    raise c.unexpected(context, _EXPECTED)


def _more(c: Cursor, left: DurationTerm, least: int, context: str) -> DurationTerm:
    while (binding := _OPERATORS.get(c.kind, -1)) >= least:
        op = c.step()
        right = _arithmetic(c, binding if op.kind == "^" else binding + 1, context)
        if op.kind in ("/", "%") and isinstance(right, NumberLiteral) and right.value == 0:
            c.note(op.span, "division by zero" if op.kind == "/" else "modulo by zero", "Divide by something else.")
        left = DurationExpr(op.kind, left, right, False, Span(left.span.start, right.span.end))
    return left


def _parenthesis(c: Cursor, context: str) -> DurationExpr:
    start = c.step().start
    inner = _arithmetic(c, 0, context)
    span = Span(start, c.take(")", context).end)
    if isinstance(inner, DurationExpr):
        return DurationExpr(inner.op, inner.left, inner.right, True, span)
    # A literal cannot say that it stood in parentheses, so Prometheus puts a plus around it that is not printed.
    return DurationExpr("+", None, inner, True, span)


def _call(c: Cursor, context: str) -> DurationExpr:
    name = c.step()
    op = name.kind
    c.take("(", context)
    if op in ("step", "range"):
        return DurationExpr(op, None, None, False, Span(name.start, c.take(")", context).end))
    left = _arithmetic(c, 0, context)
    c.take(",", context)
    right = _arithmetic(c, 0, context)
    return DurationExpr(op, left, right, False, Span(name.start, c.take(")", context).end))


def _signed(c: Cursor, sign: str, start: int, term: DurationTerm) -> DurationTerm:
    if isinstance(term, NumberLiteral):
        return _ranged(c, negated(term, start)) if sign == "-" else term
    return DurationExpr("-", None, term, False, Span(start, term.span.end)) if sign == "-" else term


def _ranged(c: Cursor, term: NumberLiteral) -> NumberLiteral:
    if abs(term.value) > _LONGEST_SECONDS:
        c.note(term.span, "duration out of range", "Prometheus holds about 292 years.")
    return term
