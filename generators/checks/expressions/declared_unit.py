"""A value in another unit than people say. In: rules. Out: faults at conditions and derived metrics whose declared `unit` is
not that of their expression, so that their bound, their message and their panel are off by a factor."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql.types import unit_of

ID = "declared-unit"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        said, found = unit_of(one.rule.unit), one.types.result.unit
        if said and found and not said.same_as(found):
            what = f"it is said to be in {one.rule.unit}, and its expression gives {found}"
            yield one.fault(ID, one.tree, what, f"Bring the expression and its bound to {one.rule.unit}, or say `unit: {found}`.")
