"""Tree to text: the canonical form, the very text that Prometheus's API returns for an expression. In: a tree. Out: its text.

`parse(text_of(tree)) == tree` holds for every tree that came from `parse` or `build`, down to a millisecond of duration, but
where Prometheus's own text says something else than what it read: `info(a, {})` and unbracketed arithmetic after a second sign
of an offset (`a offset --5m + 3m`)."""

from __future__ import annotations

import re

from generators.promql.literals import duration_text, fill_text, number_text, quote
from generators.promql.syntax import (
    Aggregation,
    At,
    Binary,
    Call,
    Duration,
    DurationExpr,
    DurationTerm,
    Expr,
    Length,
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

_PLAIN_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def text_of(expr: Expr) -> str:
    """The canonical text of an expression."""
    if isinstance(expr, VectorSelector):
        return _selector(expr)
    if isinstance(expr, Binary):
        return _binary(expr)
    if isinstance(expr, Call):
        return f"{expr.function}({', '.join(map(text_of, expr.args))})"
    if isinstance(expr, Aggregation):
        return _aggregation(expr)
    if isinstance(expr, NumberLiteral):
        return _number(expr)
    if isinstance(expr, MatrixSelector):
        return _matrix(expr)
    if isinstance(expr, Paren):
        return f"({text_of(expr.expr)})"
    if isinstance(expr, StringLiteral):
        return quote(expr.value)
    if isinstance(expr, Unary):
        return expr.op + text_of(expr.expr)
    return _subquery(expr)


def _number(literal: NumberLiteral) -> str:
    if literal.duration:
        return duration_text(round(literal.value * 1_000_000_000))
    return number_text(literal.value)


def _binary(expr: Binary) -> str:
    # Long chains of `or` and `+` lean to the left; they are walked, not recursed into.
    pieces: list[str] = []
    left: Expr = expr
    while isinstance(left, Binary):
        modifier = " bool" if left.return_bool else ""
        pieces.append(f" {left.op}{modifier}{_matching(left.matching)} {text_of(left.right)}")
        left = left.left
    pieces.append(text_of(left))
    return "".join(reversed(pieces))


def _matching(matching: VectorMatching | None) -> str:
    if matching is None:
        return ""
    text = ""
    if matching.labels or matching.on or matching.card != "one-to-one":
        text = f" {'on' if matching.on else 'ignoring'} ({_labels(matching.labels)})"
    if matching.card != "one-to-one":
        text += f" group_{'left' if matching.card == 'many-to-one' else 'right'} ({_labels(matching.include)})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and left == right:
        return f"{text} fill ({fill_text(left)})"
    if left is not None:
        text += f" fill_left ({fill_text(left)})"
    if right is not None:
        text += f" fill_right ({fill_text(right)})"
    return text


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(map(label_text, names))


def label_text(name: str) -> str:
    """A label name as it may stand in a grouping or in braces: quoted where it has to be."""
    return name if _PLAIN_LABEL.fullmatch(name) else quote(name)


def _aggregation(expr: Aggregation) -> str:
    grouping = ""
    if expr.without:
        grouping = f" without ({_labels(expr.grouping)}) "
    elif expr.grouping:
        grouping = f" by ({_labels(expr.grouping)}) "
    param = f"{text_of(expr.param)}, " if expr.param is not None else ""
    return f"{expr.op}{grouping}({param}{text_of(expr.expr)})"


def _bare(selector: VectorSelector) -> str:
    shown = [_matcher(matcher) for matcher in selector.matchers if not _is_name(matcher, selector.name)]
    return selector.name + ("{" + ",".join(sorted(shown)) + "}" if shown else "")


def _is_name(matcher: Matcher, name: str) -> bool:
    return bool(name) and matcher.name == "__name__" and matcher.op == "=" and matcher.value == name


def _matcher(matcher: Matcher) -> str:
    return label_text(matcher.name) + matcher.op + quote(matcher.value)


def _selector(selector: VectorSelector) -> str:
    extension = f" {selector.extension}" if selector.extension else ""
    return _bare(selector) + _at(selector.at) + extension + _offset(selector.offset)


def _matrix(expr: MatrixSelector) -> str:
    selector = expr.selector
    extension = f" {selector.extension}" if selector.extension else ""
    return f"{_bare(selector)}[{_length(expr.range)}]{extension}{_at(selector.at)}{_offset(selector.offset)}"


def _subquery(expr: Subquery) -> str:
    step = _length(expr.step) if expr.step is not None else ""
    return f"{text_of(expr.expr)}[{_length(expr.range)}:{step}]{_at(expr.at)}{_offset(expr.offset)}"


def _at(at: At | None) -> str:
    if at is None:
        return ""
    return f" @ {at.time}()" if isinstance(at.time, str) else f" @ {at.time / 1000:.3f}"


def _offset(offset: Length | None) -> str:
    return "" if offset is None else f" offset {_length(offset)}"


def _length(length: Length) -> str:
    return duration_text(length.nanoseconds) if isinstance(length, Duration) else _arithmetic(length)


def _arithmetic(term: DurationTerm) -> str:
    if isinstance(term, NumberLiteral):
        return _number(term)
    if term.op == "step" or term.op == "range":
        text = f"{term.op}()"
    elif term.right is None:
        raise ValueError(f"a duration expression {term.op} without operand")
    elif term.op == "min_of" or term.op == "max_of":
        text = f"{term.op}({_operand(term)}, {_arithmetic(term.right)})"
    elif term.left is None:
        text = ("-" if term.op == "-" else "") + _arithmetic(term.right)
    else:
        text = f"{_operand(term)} {term.op} {_arithmetic(term.right)}"
    return f"({text})" if term.wrapped else text


def _operand(term: DurationExpr) -> str:
    if term.left is None:
        raise ValueError(f"a duration expression {term.op} without its left side")
    return _arithmetic(term.left)
