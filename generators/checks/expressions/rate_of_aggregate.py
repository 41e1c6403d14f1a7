"""A rate taken after an aggregation. In: rules. Out: faults at each rate() of summed counters: when one of them is reset or gone, the sum
falls, and the rate takes what is left for new events."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql import text_of
from generators.promql.types.calls import RATES

ID = "rate-of-aggregate"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            call = called(node, RATES)
            inner = one.types[call.args[0]] if call else None
            if call and inner and inner.cumulative and inner.aggregated:
                what = f"{call.function}() comes after an aggregation of counters in {text_of(call.args[0])}, and sees no reset of any"
                yield one.fault(ID, node, what, f"Take {call.function}() of each counter first: sum({call.function}(...)).")
