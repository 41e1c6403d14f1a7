"""A quantile of buckets that lost their bounds. In: rules. Out: faults at what histogram_quantile() is given where no label
`le` is left."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql import metric_names

ID = "quantile-without-le"
_QUANTILES = frozenset({"histogram_quantile", "histogram_fraction"})


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            call = called(node, _QUANTILES)
            if call is None:
                continue
            inner = one.types[call.args[-1]]
            names = metric_names(call.args[-1])
            classic = inner.kind == "buckets" or (inner.kind == "unknown" and any(name.endswith("_bucket") for name in names))
            if classic and not inner.labels.may_have("le"):
                what = f"{call.function}() finds no buckets: the label 'le' that holds their bounds is aggregated away"
                yield one.fault(ID, call.args[-1], what, "Keep `le` in the aggregation: sum by (le) (...).")
