"""What stands between an operator and its right side, and lists of label names. In: a cursor. Out: matchings and names."""

from __future__ import annotations

import math

from generators.promql.check import kind_of
from generators.promql.cursor import Cursor
from generators.promql.functions import KEYWORDS, NOT_A_GROUPING_LABEL
from generators.promql.lexer import Token
from generators.promql.parse_durations import number
from generators.promql.syntax import FILL_MODIFIERS, Card, Expr, VectorMatching

_LABEL_WORDS = (KEYWORDS | {"word", "metric"}) - NOT_A_GROUPING_LABEL


def label_list(c: Cursor) -> tuple[str, ...]:
    """A parenthesised list of label names, in which keywords are names as well."""
    c.take("(", "grouping opts")
    found: list[str] = []
    while c.kind != ")":
        if c.kind == "string":
            name, token = c.string()
            if not name or any("\udc80" <= character <= "\udcff" for character in name):
                c.note(token.span, f'invalid label name for grouping: "{name}"', "Name a label.")
            found.append(name)
        elif c.kind in _LABEL_WORDS:
            found.append(c.step().text)
        else:
            raise c.unexpected("grouping opts", "label")
        if c.kind != ",":
            break
        c.step()
    if c.kind != ")":
        raise c.unexpected("grouping opts", '"," or ")"')
    c.step()
    return tuple(found)


def matching_at(c: Cursor) -> VectorMatching | None:
    """What stands between an operator and its right side, if anything."""
    if c.kind not in ("on", "ignoring", "fill", "fill_left", "fill_right"):
        return None
    is_on = c.kind == "on"
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    card: Card = "one-to-one"
    if is_on or c.kind == "ignoring":
        c.step()
        labels = label_list(c)
        if c.kind == "group_left" or c.kind == "group_right":
            card = "many-to-one" if c.step().kind == "group_left" else "one-to-many"
            include = label_list(c) if c.kind == "(" else ()
    left, right = _fills(c)
    return VectorMatching(is_on, labels, card, include, left, right)


def _fills(c: Cursor) -> tuple[float | None, float | None]:
    if c.kind not in ("fill", "fill_left", "fill_right") or not c.touches_paren():
        return None, None
    first = c.step().kind
    value = _fill_value(c)
    if first == "fill":
        return value, value
    other = "fill_right" if first == "fill_left" else "fill_left"
    second = None
    if c.kind == other and c.touches_paren():
        c.step()
        second = _fill_value(c)
    return (value, second) if first == "fill_left" else (second, value)


def _fill_value(c: Cursor) -> float:
    c.take("(", "fill modifier")
    sign = c.step().kind if c.kind in ("+", "-") else "+"
    if c.kind not in ("number", "duration", "inf"):
        raise c.unexpected("fill modifier", "number")
    value = number(c).value
    c.take(")", "fill modifier")
    return math.nan if math.isnan(value) else -value if sign == "-" else value


def meant_matching(c: Cursor, matching: VectorMatching, left: Expr, right: Expr, op: Token) -> VectorMatching | None:
    """The matching that Prometheus keeps: none beside a scalar, none that says nothing."""
    filled = matching.fill_left is not None or matching.fill_right is not None
    if filled and FILL_MODIFIERS not in c.features:
        c.note(op.span, "binop fill modifiers are experimental and not enabled", f"Enable {FILL_MODIFIERS}, or use `or`.")
    if kind_of(left) == "vector" and kind_of(right) == "vector":
        return None if matching == VectorMatching() else matching
    if matching.labels:
        c.note(op.span, "vector matching only allowed between instant vectors", "Remove on(...) or ignoring(...).")
    if filled:
        c.note(op.span, "filling in missing series only allowed between instant vectors", "Remove fill(...).")
    return None
