"""Two sides in different units. In: rules. Out: faults at sums, differences and comparisons of values whose units are known and
not the same: seconds against bytes, milliseconds against seconds, per second against per minute, percent against a ratio."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import text_of
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import Binary
from generators.promql.types.calls import literal

ID = "unit-mismatch"
_ADDED = frozenset({"+", "-"})


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            if isinstance(node, Binary) and _differ(one, node):
                left, right = one.types[node.left].unit, one.types[node.right].unit
                what = f"'{node.op}' has {left} on its left and {right} on its right: {text_of(node.left)}, {text_of(node.right)}"
                yield one.fault_at(ID, node.op_span.start, what, f"Bring both sides to {left}.")


def _differ(one: Judged, node: Binary) -> bool:
    if node.op not in COMPARISONS and (node.op not in _ADDED or _with_a_number(node)):
        return False
    left, right = one.types[node.left].unit, one.types[node.right].unit
    return left is not None and right is not None and not left.same_as(right)


def _with_a_number(node: Binary) -> bool:
    """A number that is added has the unit of what it is added to."""
    return literal(node.left) is not None or literal(node.right) is not None
