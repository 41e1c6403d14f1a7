"""Two alerts that say one thing. In: alerts. Out: faults at each alert whose condition, severity and patience are those of an
earlier one under another name: whoever is on call is told everything twice."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.ir.rules import AlertingRule
from generators.promql import text_of

ID = "duplicate-condition"


def find(facts: Facts) -> Iterator[Fault]:
    seen: dict[tuple[str, str, int], Judged] = {}
    for one in facts.alerts:
        rule = one.rule
        if isinstance(rule, AlertingRule):
            first = seen.setdefault((text_of(one.tree), one.severity, rule.hold), one)
            if first is not one and first.name != one.name:
                what = f"its condition is that of '{first.name}' ({first.rule.where}), with the same severity"
                yield one.fault(ID, one.tree, what, "Keep one of the two.")
