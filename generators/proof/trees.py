"""Small questions about trees that proofs ask. In: a tree. Out: the tree without parentheses, a number, the values a matcher lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators.promql import Expr
from generators.promql.syntax import Binary, NumberLiteral, Paren, Unary, VectorSelector

_WILD = {".*": "x", ".+": "x", "..": "00", ".": "0", r"\d+": "1", r"\d": "1"}


class Underivable(Exception):  # noqa: N818 - not an error: an expression without a plain inverse
    """No inputs can be derived; the message says which part has no inverse."""


def bare(tree: Expr) -> Expr:
    """Without parentheses around it."""
    return bare(tree.expr) if isinstance(tree, Paren) else tree


def literal(tree: Expr) -> Decimal | None:
    """The number that a literal stands for."""
    inner = bare(tree)
    if isinstance(inner, Unary):
        number = literal(inner.expr)
        return None if number is None else -number if inner.op == "-" else number
    return Decimal(repr(inner.value)) if isinstance(inner, NumberLiteral) else None


def listed(selector: VectorSelector, op: str) -> Iterator[tuple[str, list[str]]]:
    """Labels whose matcher (`=~` or `!~`) lists several values, with a value for each."""
    for matcher in selector.matchers:
        if matcher.op == op and "|" in matcher.value and "(" not in matcher.value:
            yield matcher.name, [sample(one) for one in matcher.value.split("|")]


def sample(pattern: str) -> str:
    """A value that a simple pattern matches."""
    for wild, plain in _WILD.items():
        pattern = pattern.replace(wild, plain)
    return pattern


def filtered(tree: Expr) -> Decimal | None:
    """The number that a value must exceed to count: of `x > 5`, 5; None where nothing is asked for."""
    inner = bare(tree)
    return literal(inner.right) if isinstance(inner, Binary) and inner.op in (">", ">=") else None
