"""Two aggregated sides that keep different labels. In: rules. Out: faults at operators whose sides were aggregated by different
labels and are matched by all of them: what one side has lost, the other would have to lack."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts
from generators.checks.expressions.pairing import Pairing, pairing
from generators.fault import Fault
from generators.promql.functions import SET_OPERATORS

ID = "sides-differ"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            pair = pairing(node, one.types)
            found = differing(pair) if pair and pair.node.op not in SET_OPERATORS else None
            if pair and found:
                left, right = (", ".join(sorted(side)) or "no label" for side in found)
                what = f"the sides of '{pair.node.op}' keep different labels: {left} on the left, {right} on the right"
                fix = "Aggregate both sides by the same labels, or match with `on (...)` and group_left."
                yield one.fault_at(ID, pair.node.op_span.start, what, fix)


def differing(pair: Pairing) -> tuple[frozenset[str], frozenset[str]] | None:
    """The labels each side keeps, where they must be the same and are not."""
    if pair.matching.on or pair.matching.card != "one-to-one" or not (pair.left.aggregated and pair.right.aggregated):
        return None
    kept = [side.labels.only for side in (pair.left, pair.right)]
    compared = [frozenset(label for label in one if pair.compares(label)) for one in kept if one is not None]
    return (compared[0], compared[1]) if len(compared) == 2 and compared[0] != compared[1] else None
