"""Text to tree: the parser of PromQL as Prometheus 3.16 reads it. In: the text of an expression. Out: its tree, or `ParseFault`.

Operators are read by precedence climbing; all modifiers bind tighter than any operator. What text means in Grafana's
dashboards is the business of grafana.py, what kinds go together that of check.py."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from generators.promql.check import check
from generators.promql.cursor import Cursor
from generators.promql.functions import (
    AGGREGATIONS,
    DURATION_FUNCTIONS,
    EXPERIMENTAL_AGGREGATIONS,
    FUNCTIONS,
    KEYWORDS,
    NOT_A_METRIC,
    PARAMETER,
    PRECEDENCE,
    SIGN_PRECEDENCE,
)
from generators.promql.parse_durations import negated, number
from generators.promql.parse_matching import label_list, matching_at, meant_matching
from generators.promql.parse_selectors import POSTFIX, postfix, vector_selector
from generators.promql.syntax import (
    EXPERIMENTAL_FUNCTIONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    Paren,
    ParseFault,
    Span,
    StringLiteral,
    Unary,
    VectorSelector,
    first_of,
)

_METRIC_WORDS = (KEYWORDS | {"word", "metric"}) - NOT_A_METRIC
_CALLABLE = DURATION_FUNCTIONS | {"word", "start", "end"}
_GROUPING_MODIFIERS = ("by", "without")


@lru_cache(maxsize=8192)  # trees are frozen, and several stages read the same expression
def parse(text: str, features: frozenset[str] = frozenset()) -> Expr:
    """The tree of an expression. `features` names what Prometheus was started with (EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS)."""
    if features:
        # They allow what is refused without them, and change nothing else; without them the text may be known already.
        with suppress(ParseFault):
            return parse(text)
    c = Cursor(text, features)
    if c.kind == "eof":
        raise ParseFault(Span(0, len(text)), "no expression found in input", "Write an expression.")
    try:
        tree = _expression(c, 0)
        if c.kind != "eof":
            raise _trailing(c)
        if not c.faults:
            c.faults.extend(check(tree))
    except ParseFault as fault:
        raise first_of([*c.faults, fault]) from None
    except RecursionError:
        what, fix = "the expression is nested too deeply", "Split it with recording rules."
        raise ParseFault(Span(0, len(text)), what, fix) from None
    if c.faults:
        raise first_of(c.faults)
    return tree


def _trailing(c: Cursor) -> ParseFault:
    if c.kind == ")":
        return ParseFault(c.token.span, 'unexpected right parenthesis ")"', "Remove it, or open one before.")
    return c.unexpected("expression", "an operator or the end of input")


def _expression(c: Cursor, least: int) -> Expr:
    """An operand and all that follows with operators binding at least as tightly as `least`."""
    left = _operand(c)
    while (binding := PRECEDENCE.get(c.kind, -1)) >= least:
        op = c.step()
        return_bool = c.kind == "bool"
        if return_bool:
            c.step()
        matching = matching_at(c)
        right = _expression(c, binding if op.kind == "^" else binding + 1)
        if matching is not None:
            matching = meant_matching(c, matching, left, right, op)
        span = Span(left.span.start, right.span.end)
        left = Binary(op.kind, left, right, return_bool, matching, op.span, span)
    return left


def _operand(c: Cursor) -> Expr:
    kind = c.kind
    if kind == "-" or kind == "+":
        return _signed(c)
    if kind == "(":
        start = c.step().start
        inner = _expression(c, 0)
        operand: Expr = Paren(inner, Span(start, _close(c)))
    elif kind == "number" or kind == "duration" or kind == "inf":
        operand = number(c)
    elif kind == "string":
        value, token = c.string()
        operand = StringLiteral(value, token.span)
    elif kind == "{":
        operand = vector_selector(c, "", c.token.start)
    elif kind in AGGREGATIONS and c.next_kind() in ("(", *_GROUPING_MODIFIERS):
        operand = _aggregation(c)
    elif kind in _CALLABLE and c.next_kind() == "(":
        operand = _call(c)
    elif kind in _METRIC_WORDS:
        token = c.step()
        operand = vector_selector(c, token.text, token.start)
    else:
        raise c.unexpected("expression", "a metric, number, function, aggregation or parenthesis")
    return postfix(c, operand) if c.kind in POSTFIX else operand


def _close(c: Cursor) -> int:
    if c.kind == "eof":
        raise ParseFault(c.token.span, "unclosed left parenthesis", 'Close it with ")".')
    return c.take(")", "expression").end


def _signed(c: Cursor) -> Expr:
    sign = c.step()
    operand = _expression(c, SIGN_PRECEDENCE + 1)
    if isinstance(operand, NumberLiteral):
        if sign.kind == "-":
            return negated(operand, sign.start)
        return NumberLiteral(operand.value, operand.duration, Span(sign.start, operand.span.end))
    return Unary("-" if sign.kind == "-" else "+", operand, Span(sign.start, operand.span.end))


def _arguments(c: Cursor, context: str) -> tuple[Expr, ...]:
    c.take("(", context)
    found: list[Expr] = []
    while c.kind != ")":
        found.append(_expression(c, 0))
        if c.kind != ",":
            break
        comma = c.step()
        if c.kind == ")":
            c.note(comma.span, "trailing commas not allowed in function call args", "Remove the comma.")
    _close(c)
    return tuple(found)


def _call(c: Cursor) -> Expr:
    name = c.step()
    known = FUNCTIONS.get(name.text)
    if known is None:
        fix = _nearest(name.text)
        c.note(name.span, f'unknown function with name "{name.text}"', fix)
    elif known.experimental and EXPERIMENTAL_FUNCTIONS not in c.features:
        c.note(name.span, f'function "{name.text}" is not enabled', f"Start Prometheus with {EXPERIMENTAL_FUNCTIONS}.")
    args = _arguments(c, "function call")
    return Call(name.text, args, Span(name.start, c.last_end()))


def _nearest(name: str) -> str:
    import difflib  # only on the way to a message

    near = difflib.get_close_matches(name, FUNCTIONS, 1)
    return f'Did you mean "{near[0]}"?' if near else "See https://prometheus.io/docs/prometheus/latest/querying/functions/"


def _aggregation(c: Cursor) -> Expr:
    op = c.step()
    grouping: tuple[str, ...] = ()
    modifier = ""
    if c.kind in _GROUPING_MODIFIERS:
        modifier = c.step().kind
        grouping = label_list(c)
    args = _arguments(c, "aggregation")
    if not modifier and c.kind in _GROUPING_MODIFIERS:
        modifier = c.step().kind
        grouping = label_list(c)
    span = Span(op.start, c.last_end())
    name = op.kind
    if name in EXPERIMENTAL_AGGREGATIONS and EXPERIMENTAL_FUNCTIONS not in c.features:
        what = f"{name}() is experimental and must be enabled with --enable-feature={EXPERIMENTAL_FUNCTIONS}"
        c.note(op.span, what, "Use topk, or enable the feature.")
    wanted = 2 if name in PARAMETER else 1
    if len(args) != wanted:
        what = f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(args)}"
        c.note(span, what if args else "no arguments for aggregate expression provided", f"Give {name} {wanted}.")
        return Aggregation(name, VectorSelector("", span=span), grouping, modifier == "without", None, span)
    param = args[0] if wanted == 2 else None
    return Aggregation(name, args[-1], grouping, modifier == "without", param, span)
