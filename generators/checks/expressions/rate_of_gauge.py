"""A rate of what is no counter. In: rules. Out: faults at each rate(), irate() or increase() of a gauge: every fall is taken
for a reset."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql import text_of

ID = "rate-of-gauge"
_COUNTERS_ONLY = frozenset({"rate", "irate", "increase", "resets"})
_OTHERS = frozenset({"gauge", "quantile", "info"})


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            call = called(node, _COUNTERS_ONLY)
            inner = one.types[call.args[0]] if call else None
            if call and inner and inner.kind in _OTHERS and not inner.cumulative:
                word = (
                    "a quantile of a summary"
                    if inner.kind == "quantile"
                    else f"a{'n' if inner.kind == 'info' else ''} {inner.kind}"
                )
                what = f"{call.function}() takes every fall for a reset, and {text_of(call.args[0])} is {word}"
                yield one.fault(ID, node, what, "Use delta() or deriv() for a gauge, or name a counter.")
