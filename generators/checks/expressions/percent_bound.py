"""A percentage that is a ratio. In: rules. Out: faults where the quotient of two sizes or times, or of a value by its limit, is
held against a number such as 80: it is 0.8 when 80 percent are used. The same series at another time may well have grown eighty
times, and is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.conditions import bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, metric_names, text_of
from generators.promql.syntax import Binary, VectorSelector
from generators.promql.types import RATIO, unfiltered

ID = "percent-bound"
_LIKELY = range(20, 101)
_LIMIT = re.compile(r"(^|_)(max|limits?|size|capacity|quota)(_|$)")


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            bound = bound_of(node, one.types)
            if bound and bound.value in _LIKELY and _is_share(one, bound.subject):
                what = f"{text_of(bound.subject)} is a ratio, 1 when all is used, and {bound.value:g} looks like percent"
                yield one.fault(ID, bound.node, what, f"Write {bound.value / 100:g}, or multiply the ratio by 100.")


def _is_share(one: Judged, expr: Expr) -> bool:
    node = unfiltered(expr)
    if not isinstance(node, Binary) or node.op != "/" or metric_names(node.left) == metric_names(node.right):
        return False
    left, right, whole = one.types[node.left].unit, one.types[node.right].unit, one.types[node].unit
    sizes = left and right and whole and left.dimensions and whole.same_as(RATIO)
    limited = isinstance(unfiltered(node.left), VectorSelector) and any(map(_LIMIT.search, metric_names(node.right)))
    return bool(sizes) or (limited and isinstance(unfiltered(node.right), VectorSelector))
