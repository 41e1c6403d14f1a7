"""A quantile of what is no histogram. In: rules. Out: faults at what histogram_quantile() and its like are given where it is known to be
something else, and at quantiles outside 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql import text_of
from generators.promql.types.calls import literal

ID = "quantile-of-no-histogram"
_CLASSIC = frozenset({"histogram_quantile", "histogram_fraction"})
_NATIVE = frozenset({"histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar"})
_OTHERS = frozenset({"counter", "gauge", "quantile", "info"})
_WORDS = {"quantile": "quantiles of a summary", "buckets": "buckets of a classic histogram"}


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            call = called(node, _CLASSIC | _NATIVE)
            if call is None:
                continue
            inner = one.types[call.args[-1]]
            if inner.kind in _OTHERS or (inner.kind == "buckets" and call.function in _NATIVE):
                word = _WORDS.get(inner.kind, f"a {inner.kind}")
                what = f"{call.function}() is given {word}: {text_of(call.args[-1])}"
                wanted = (
                    "a native histogram"
                    if call.function in _NATIVE
                    else "the _bucket series of a histogram, or a native histogram"
                )
                yield one.fault(ID, call.args[-1], what, f"Give it {wanted}.")
            share = literal(call.args[0]) if call.function == "histogram_quantile" else None
            if share is not None and not 0 <= share <= 1:
                what = f"there is no quantile {share:g}: the answer is always infinite"
                yield one.fault(ID, call.args[0], what, f"Write a number between 0 and 1, like {_meant(share)}.")


def _meant(share: float) -> str:
    return f"{share / 100:g}" if 1 < share < 100 else "0.95"
