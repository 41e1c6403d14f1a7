"""The check of kinds: what Prometheus refuses in an expression whose grammar is right. In: a tree. Out: its faults.

The messages follow Prometheus's own, so that one found here reads like one found there."""

from __future__ import annotations

from collections.abc import Iterator

from generators.promql.functions import COMPARISONS, FUNCTIONS, PARAMETER, SET_OPERATORS, Function
from generators.promql.regex import RegexFault, check_regex
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    Kind,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    ParseFault,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)

_WORDS: dict[Kind, str] = {"vector": "instant vector", "matrix": "range vector", "scalar": "scalar", "string": "string"}
_NUMERIC = ("scalar", "vector")


def kind_of(expr: Expr) -> Kind:
    """Which of the four kinds of value an expression has."""
    while isinstance(expr, Paren | Unary | Binary):
        if not isinstance(expr, Binary):
            expr = expr.expr
        elif kind_of(expr.right) != "scalar":
            return "vector"
        else:
            expr = expr.left
            if not isinstance(expr, Paren | Unary | Binary):
                return "scalar" if kind_of(expr) == "scalar" else "vector"
    if isinstance(expr, NumberLiteral):
        return "scalar"
    if isinstance(expr, StringLiteral):
        return "string"
    if isinstance(expr, MatrixSelector | Subquery):
        return "matrix"
    if isinstance(expr, Call):
        known = FUNCTIONS.get(expr.function)
        return known.gives if known else "vector"
    return "vector"


def check(expr: Expr) -> Iterator[ParseFault]:
    """The faults of an expression and of all its parts."""
    pending = [expr]
    while pending:
        node = pending.pop()
        if isinstance(node, Binary):
            yield from _binary(node)
            pending += (node.left, node.right)
        elif isinstance(node, Call):
            yield from _call(node)
            # The second argument of `info` alone may select everything, so it is not looked into.
            pending += node.args[:1] if node.function == "info" else node.args
        elif isinstance(node, Aggregation):
            yield from _aggregation(node)
            pending += (node.expr,) if node.param is None else (node.expr, node.param)
        elif isinstance(node, Paren | Unary | Subquery):
            yield from _wrapped(node)
            pending.append(node.expr)
        elif isinstance(node, MatrixSelector):
            pending.append(node.selector)
        elif isinstance(node, VectorSelector):
            yield from _selector(node)


def _wrapped(node: Paren | Unary | Subquery) -> Iterator[ParseFault]:
    kind = kind_of(node.expr)
    if isinstance(node, Subquery) and kind != "vector":
        what = f"subquery is only allowed on instant vector, got {kind} instead"
        yield ParseFault(node.span, what, "Remove the brackets, or put them on an instant vector.")
    if isinstance(node, Unary) and kind not in _NUMERIC:
        what = "unary expression only allowed on expressions of type scalar or instant vector"
        yield ParseFault(node.span, f'{what}, got "{_WORDS[kind]}"', "Remove the sign.")


def _binary(node: Binary) -> Iterator[ParseFault]:
    left, right = kind_of(node.left), kind_of(node.right)
    is_comparison, is_set = node.op in COMPARISONS, node.op in SET_OPERATORS
    for side, kind in ((node.left, left), (node.right, right)):
        if kind not in _NUMERIC:
            what = f"binary expression must contain only scalar and instant vector types, got {_WORDS[kind]}"
            fix = "Wrap a range vector in a function such as rate()."
            yield ParseFault(side.span, what, fix)
    if node.return_bool and not is_comparison:
        yield ParseFault(node.op_span, "bool modifier can only be used on comparison operators", "Remove bool.")
    if is_comparison and not node.return_bool and left == right == "scalar":
        fix = f"Write {node.op} bool."
        yield ParseFault(node.op_span, "comparisons between scalars must use BOOL modifier", fix)
    if is_set and "scalar" in (left, right):
        what = f'set operator "{node.op}" not allowed in binary scalar expression'
        yield ParseFault(node.op_span, what, "Use instant vectors on both sides, for a number vector(1).")
    yield from _matching(node, is_set)


def _matching(node: Binary, is_set: bool) -> Iterator[ParseFault]:
    matching = node.matching
    if matching is None:
        return
    for label in matching.labels if matching.on else ():
        if label in matching.include:
            what = f'label "{label}" must not occur in ON and GROUP clause at once'
            yield ParseFault(node.op_span, what, "Remove it from group_left or group_right.")
    if is_set and matching.card != "one-to-one":
        yield ParseFault(node.op_span, f'no grouping allowed for "{node.op}" operation', "Remove group_left or group_right.")
    if is_set and (matching.fill_left is not None or matching.fill_right is not None):
        yield ParseFault(node.op_span, "filling in missing series not allowed for set operators", "Remove fill.")


def _aggregation(node: Aggregation) -> Iterator[ParseFault]:
    if kind_of(node.expr) != "vector":
        yield _wrong_kind(node.expr, "vector", "aggregation expression")
    if node.param is not None and kind_of(node.param) != PARAMETER[node.op]:
        yield _wrong_kind(node.param, PARAMETER[node.op], "aggregation parameter")


def _wrong_kind(expr: Expr, wanted: Kind, context: str) -> ParseFault:
    got = kind_of(expr)
    fix = f"Give an expression of type {_WORDS[wanted]}."
    if wanted == "matrix":
        fix = "Select a range: metric[5m]."
    elif wanted == "vector" and got == "matrix":
        fix = "Remove the range, or wrap it in a function such as rate()."
    return ParseFault(expr.span, f"expected type {_WORDS[wanted]} in {context}, got {_WORDS[got]}", fix)


def _call(node: Call) -> Iterator[ParseFault]:
    known = FUNCTIONS.get(node.function)
    if known is None:
        return
    wrong = _wrong_count(node.function, known, len(node.args))
    if wrong:
        yield ParseFault(node.span, wrong, f"Its arguments are ({', '.join(_WORDS[kind] for kind in known.takes)}).")
    if node.function == "info" and len(node.args) > 1:
        labels = node.args[1]
        if not isinstance(labels, VectorSelector) or labels.name:
            yield ParseFault(labels.span, "expected label selectors only", 'Write braces alone: {k8s_cluster_name="a"}.')
    for place, argument in enumerate(node.args):
        if place >= len(known.takes) and not known.optional:
            break
        wanted = known.takes[min(place, len(known.takes) - 1)]
        if kind_of(argument) != wanted:
            yield _wrong_kind(argument, wanted, f'call to function "{node.function}"')


def _wrong_count(name: str, known: Function, count: int) -> str:
    wanted = len(known.takes)
    if not known.optional:
        return f'expected {wanted} argument(s) in call to "{name}", got {count}' if count != wanted else ""
    if count < wanted - 1:
        return f'expected at least {wanted - 1} argument(s) in call to "{name}", got {count}'
    most = wanted - 1 + known.optional
    if known.optional > 0 and count > most:
        return f'expected at most {most} argument(s) in call to "{name}", got {count}'
    return ""


def _selector(node: VectorSelector) -> Iterator[ParseFault]:
    if node.name:
        for matcher in node.matchers:
            if matcher.name == "__name__":
                what = f'metric name must not be set twice: "{node.name}" or "{matcher.value}"'
                yield ParseFault(node.span, what, "Keep one.")
    elif not any(_says_something(matcher) for matcher in node.matchers):
        what = "vector selector must contain at least one non-empty matcher"
        yield ParseFault(node.span, what, "Name a metric, or a label value that is not empty.")


def _says_something(matcher: Matcher) -> bool:
    """Whether the matcher refuses series without its label."""
    if matcher.op == "=" or matcher.op == "!=":
        return (matcher.value != "") == (matcher.op == "=")
    try:
        return check_regex(matcher.value) == (matcher.op == "!~")
    except RegexFault:
        return True  # told where it stands
