"""Two sides that can never meet. In: rules. Out: faults at operators between vectors where a label that must agree is on one
side only, or is fixed to two different values: the answer is always empty, and an `unless` never takes anything away."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions import sides_differ
from generators.checks.expressions.facts import Facts
from generators.checks.expressions.pairing import pairing
from generators.fault import Fault

ID = "matching-never"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            pair = pairing(node, one.types)
            if pair is None or pair.node.op == "or" or sides_differ.differing(pair):
                continue
            why = pair.clash()
            if why:
                what = f"the two sides of '{pair.node.op}' never meet: {why}"
                fix = "Match with `on (...)` by labels that both sides have, or aggregate both sides alike."
                yield one.fault_at(ID, pair.node.op_span.start, what, fix)
