"""Conditions without their comparisons. In: the tree of an alert's expression. Out: a tree that has a value whenever the alert could judge:
where something is compared with a number, that something; where two series are compared, that both are there and find each other; where
something must be missing, the thing itself."""

from __future__ import annotations

import dataclasses

from generators.promql import Expr, kind_of
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import Binary, Call, MatrixSelector, Paren
from generators.promql.walk import replace


def judged(tree: Expr) -> Expr:
    """The expression without any comparison that filters. Guards against judging on too little go as well (`a / (b > 100)`): where `b` is 0
    the answer is NaN, which is no value either."""
    return replace(tree, _bare)


def _bare(node: Expr) -> Expr:
    if isinstance(node, Call):
        return _there(node)
    if not isinstance(node, Binary) or node.return_bool:
        return node
    if node.op == "unless":
        # What is taken out of a set must be there as well, and match: else the alert fires for what it never sees.
        return dataclasses.replace(node, op="and")
    return _compared(node) if node.op in COMPARISONS else node


def _compared(node: Binary) -> Expr:
    if kind_of(node.right) == "scalar":
        return node.left
    if kind_of(node.left) == "scalar":
        return node.right
    return dataclasses.replace(node, op="-", right=Paren(node.right))


def _there(call: Call) -> Expr:
    if call.function == "absent":
        return call.args[0]
    if call.function == "absent_over_time" and isinstance(call.args[0], MatrixSelector):
        return dataclasses.replace(call, function="last_over_time")
    return call
