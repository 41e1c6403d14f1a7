"""Comparisons with a number, and conditions taken apart. In: a tree with its types. Out: `Bound`s, and the arms of a condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generators.promql import Expr
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import Binary, Call
from generators.promql.types import Type, Types, bare
from generators.promql.types.ranges import MIRRORED
from generators.promql.walk import children

EXISTENCE = frozenset({"absent", "absent_over_time", "count", "group", "timestamp", "present_over_time", "count_values"})
"""What asks whether series are there, not what they say."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`subject op value`, with the number on the right however it was written."""

    node: Binary
    subject: Expr
    op: str
    value: float


def bound_of(node: Expr, types: Types) -> Bound | None:
    """The comparison of a vector with one number; None for anything else."""
    if not isinstance(node, Binary) or node.op not in COMPARISONS:
        return None
    for subject, other, op in ((node.left, node.right, node.op), (node.right, node.left, MIRRORED[node.op])):
        value = types[other]
        if value.kind == "scalar" and value.range.low == value.range.high and types[subject].kind != "scalar":
            return Bound(node, subject, op, value.range.low)
    return None


def judging(tree: Expr) -> Iterator[Expr]:
    """The parts of a condition whose values count: not what only asks for existence, nor what `and` and `unless` hold against it."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Binary) and node.op in ("and", "unless"):
            pending.append(node.left)
        elif getattr(node, "function", getattr(node, "op", "")) not in EXISTENCE:
            pending.extend(reversed(children(node)))


def arms(tree: Expr) -> Iterator[Expr]:
    """The conditions any of which is enough to fire, without what is only held against them."""
    pending = [tree]
    while pending:
        node = bare(pending.pop())
        if isinstance(node, Binary) and node.op == "or":
            pending += (node.right, node.left)
        elif isinstance(node, Binary) and node.op in ("and", "unless"):
            pending.append(node.left)
        else:
            yield node


def constant(found: Type) -> bool:
    """Whether a value says only that something is there: one fixed number, or a count of what is there."""
    return found.range.low == found.range.high or found.range.low >= 1


def called(node: Expr, names: frozenset[str]) -> Call | None:
    """The call of one of these functions, or None."""
    return node if isinstance(node, Call) and node.function in names and node.args else None
