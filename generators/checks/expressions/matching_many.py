"""A match that finds several series. In: rules. Out: faults at arithmetic and comparisons where the series of a side that must
be alone are not told apart by the labels that are matched: Prometheus refuses the whole rule when there are two, as soon as
there are two."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts
from generators.checks.expressions.pairing import Pairing, pairing
from generators.fault import Fault
from generators.promql.functions import SET_OPERATORS

ID = "matching-many"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            pair = pairing(node, one.types)
            if pair is None or pair.node.op in SET_OPERATORS:
                continue
            for side, labels in _crowded(pair):
                what = f"several series of the {side} side of '{pair.node.op}' have the same matching labels: they differ by {labels}"
                fix = "Aggregate that side by the matching labels, or say group_left/group_right for the side that has many."
                yield one.fault_at(ID, pair.node.op_span.start, what, fix)


def _crowded(pair: Pairing) -> Iterator[tuple[str, str]]:
    alone = {"one-to-one": ("left", "right"), "many-to-one": ("right",), "one-to-many": ("left",)}[pair.matching.card]
    for side in alone:
        loose = pair.loose(pair.left if side == "left" else pair.right)
        if loose:
            yield side, ", ".join(loose)
            return
