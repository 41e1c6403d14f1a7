"""An alert that fires only when another does. In: alerts. Out: faults at each alert whose condition is a narrower form of
another's (a higher bound, more matchers) at the same severity and with no less patience: it tells nothing that the other has
not told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from generators.checks.expressions.conditions import bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.ir.rules import AlertingRule
from generators.promql import text_of
from generators.promql.types import bare

ID = "contained-alert"


@dataclass(frozen=True, slots=True)
class _Limit:
    """An alert that holds a value against a number."""

    one: Judged
    op: str
    value: float
    hold: int

    def within(self, other: _Limit) -> bool:
        """Whether whenever this one fires, the other has fired."""
        if self.hold < other.hold or self.op[0] != other.op[0] or self.op[0] not in "<>":
            return False
        if self.value == other.value:
            return self.op == other.op[0] and self.op != other.op
        return (self.value > other.value) == (self.op[0] == ">")


def find(facts: Facts) -> Iterator[Fault]:
    groups: dict[tuple[str, str], list[_Limit]] = defaultdict(list)
    for one in facts.alerts:
        bound = bound_of(bare(one.tree), one.types)
        if bound and isinstance(one.rule, AlertingRule) and not bound.node.return_bool:
            groups[text_of(bare(bound.subject)), one.severity].append(_Limit(one, bound.op, bound.value, one.rule.hold))
    for limits in groups.values():
        for inner in limits:
            outer = next((each for each in limits if each is not inner and inner.within(each)), None)
            if outer and outer.one.name != inner.one.name:
                what = f"whenever it fires, '{outer.one.name}' fires already, with the same severity ({outer.one.rule.where})"
                yield inner.one.fault(ID, inner.one.tree, what, "Raise its severity, or keep one of the two.")
