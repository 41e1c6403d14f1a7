"""Expressions as trees, for tests: `from tests.promql import build as q`, then `q.rate(q.selector("x"), "5m")`.

In: names, matchers, windows such as "5m", bounds as `Decimal`. Out: trees that are right by construction; parentheses are put
where precedence asks for them. A bound of up to fifteen digits prints exactly as written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import copysign

from generators.promql.check import kind_of
from generators.promql.functions import PRECEDENCE, SIGN_PRECEDENCE
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
    VectorMatching,
    VectorSelector,
)
from tests.promql.leaves import (
    Window,
    duration,
    during,
    earlier,
    equal,
    equals,
    like,
    literal,
    none_of,
    number,
    one_of,
    selector,
    string,
    unequal,
    unlike,
)

# fmt: off
__all__ = [
    "Operand", "Window", "absent", "add", "aggregate", "aggregate_without", "avg_by", "binary", "both", "call",
    "clamp_max", "clamp_min", "compare", "compare_bool", "count_by", "duration", "during", "earlier", "either",
    "equal", "equals", "group_left", "group_right", "histogram_quantile", "ignoring", "increase", "label_replace",
    "like", "literal", "max_by", "min_by", "multiply", "negative", "none_of", "number", "on", "one_of", "over",
    "paren", "rate", "ratio", "scalar", "selector", "string", "subtract", "sum_by", "time", "topk", "unequal",
    "unless", "unlike", "vector", "with_label",
]
# fmt: on

Operand = Expr | Decimal | int


def call(function: str, *args: Operand) -> Call:
    return Call(function, tuple(map(_expr, args)))


def over(function: str, expr: Expr, window: Window, step: Window | None = None) -> Call:
    """A function over a range: `over("max_over_time", x, "1h")`."""
    return Call(function, (during(expr, window, step),))


def rate(expr: Expr, window: Window) -> Call:
    return over("rate", expr, window)


def increase(expr: Expr, window: Window) -> Call:
    return over("increase", expr, window)


def histogram_quantile(quantile: Decimal, expr: Expr) -> Call:
    return call("histogram_quantile", quantile, expr)


def absent(expr: VectorSelector) -> Call:
    return call("absent", expr)


def vector(value: Decimal | int) -> Call:
    return call("vector", value)


def scalar(expr: Expr) -> Call:
    return call("scalar", expr)


def time() -> Call:
    return call("time")


def clamp_min(expr: Expr, least: Operand) -> Call:
    return call("clamp_min", expr, least)


def clamp_max(expr: Expr, most: Operand) -> Call:
    return call("clamp_max", expr, most)


def label_replace(expr: Expr, target: str, replacement: str, source: str, pattern: str) -> Call:
    return call("label_replace", expr, *map(StringLiteral, (target, replacement, source, pattern)))


def with_label(expr: Expr, name: str, value: str) -> Call:
    """The expression with one label set on every series."""
    return label_replace(expr, name, value.replace("$", "$$"), "", "")


def aggregate(op: str, expr: Expr, by: Iterable[str] = (), param: Operand | None = None) -> Aggregation:
    return Aggregation(op, expr, tuple(by), False, None if param is None else _expr(param))


def aggregate_without(op: str, expr: Expr, labels: Iterable[str]) -> Aggregation:
    return Aggregation(op, expr, tuple(labels), True)


def sum_by(expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("sum", expr, labels)


def max_by(expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("max", expr, labels)


def min_by(expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("min", expr, labels)


def avg_by(expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("avg", expr, labels)


def count_by(expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("count", expr, labels)


def topk(count: int, expr: Expr, labels: Iterable[str] = ()) -> Aggregation:
    return aggregate("topk", expr, labels, count)


def on(labels: Iterable[str]) -> VectorMatching:
    return VectorMatching(True, tuple(labels))


def ignoring(labels: Iterable[str]) -> VectorMatching:
    return VectorMatching(False, tuple(labels))


def group_left(matching: VectorMatching, include: Iterable[str] = ()) -> VectorMatching:
    """Many on the left find one on the right, whose labels `include` they take."""
    return VectorMatching(matching.on, matching.labels, "many-to-one", tuple(include))


def group_right(matching: VectorMatching, include: Iterable[str] = ()) -> VectorMatching:
    return VectorMatching(matching.on, matching.labels, "one-to-many", tuple(include))


def binary(left: Operand, op: str, right: Operand, matching: VectorMatching | None = None) -> Binary:
    """`left op right`, with parentheses around a side that would otherwise be read differently."""
    sides = _expr(left), _expr(right)
    kept = matching if matching != VectorMatching() and all(kind_of(side) == "vector" for side in sides) else None
    return Binary(op, _left(sides[0], op), _right(sides[1], op), False, kept)


def add(left: Operand, right: Operand, matching: VectorMatching | None = None) -> Binary:
    return binary(left, "+", right, matching)


def subtract(left: Operand, right: Operand, matching: VectorMatching | None = None) -> Binary:
    return binary(left, "-", right, matching)


def multiply(left: Operand, right: Operand, matching: VectorMatching | None = None) -> Binary:
    return binary(left, "*", right, matching)


def ratio(part: Operand, whole: Operand, matching: VectorMatching | None = None) -> Binary:
    return binary(part, "/", whole, matching)


def compare(expr: Operand, op: str, bound: Operand, matching: VectorMatching | None = None) -> Binary:
    """The series of `expr` for which the comparison holds."""
    return binary(expr, op, bound, matching)


def compare_bool(expr: Operand, op: str, bound: Operand, matching: VectorMatching | None = None) -> Binary:
    """1 where the comparison holds, 0 where it does not."""
    compared = binary(expr, op, bound, matching)
    return Binary(compared.op, compared.left, compared.right, True, compared.matching)


def both(left: Expr, right: Expr, matching: VectorMatching | None = None) -> Binary:
    """`left and right`."""
    return binary(left, "and", right, matching)


def either(left: Expr, right: Expr, matching: VectorMatching | None = None) -> Binary:
    """`left or right`."""
    return binary(left, "or", right, matching)


def unless(left: Expr, right: Expr, matching: VectorMatching | None = None) -> Binary:
    return binary(left, "unless", right, matching)


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
