"""Two sides that can never meet. In: rules. Out: faults at operators between vectors where a label that must agree is on one
side only, or is fixed to two different values: the answer is always empty, and an `unless` never takes anything away."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions import sides_differ
from generators.checks.expressions.facts import Facts, Judged
from generators.checks.expressions.pairing import Pairing, pairing
from generators.fault import Fault
from generators.promql.walk import walk

ID = "matching-never"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        found = {id(pair.node): (pair.node, why) for pair, why in _clashes(one)}
        for node, why in found.values():
            # What stands around an answer that is always empty is no fault of its own.
            if not any(id(inner) in found for inner in walk(node) if inner is not node):
                what = f"the two sides of '{node.op}' never meet: {why}"
                fix = "Match with `on (...)` by labels that both sides have, or aggregate both sides alike."
                yield one.fault_at(ID, node.op_span.start, what, fix)


def _clashes(one: Judged) -> Iterator[tuple[Pairing, str]]:
    for node, _ in one.types.items():
        pair = pairing(node, one.types)
        if pair is not None and pair.node.op != "or" and not sides_differ.differing(pair):
            why = pair.clash()
            if why:
                yield pair, why
