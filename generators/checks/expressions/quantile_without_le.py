"""A quantile of buckets that lost their bounds. In: rules. Out: faults at what histogram_quantile() is given where no label
`le` is left."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, metric_names, selectors, text_of
from generators.promql.syntax import Aggregation
from generators.promql.walk import walk

ID = "quantile-without-le"
_QUANTILES = frozenset({"histogram_quantile", "histogram_fraction"})
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


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
            for node_below in walk(call.args[-1]):
                if _chooses_buckets(one, node_below):
                    what = f"{text_of(node_below)} chooses among buckets, and leaves histogram_quantile() some of each histogram"
                    yield one.fault(ID, node_below, what, "Add `le` to its labels.")
        if not one.is_alert and "_bucket:" in one.name and _lost(one):
            what = "it records buckets, and the label 'le' that holds their bounds is aggregated away"
            yield one.fault(ID, one.tree, what, "Keep `le` in the aggregation: sum by (le) (...).")


def _chooses_buckets(one: Judged, node: Expr) -> bool:
    """Whether `topk` and its like choose among the buckets of one histogram."""
    chooses = isinstance(node, Aggregation) and node.op in _CHOOSING and one.types[node.expr].kind == "buckets"
    return chooses and isinstance(node, Aggregation) and ("le" in node.grouping) == node.without


def _lost(one: Judged) -> bool:
    """Whether buckets of several bounds have become one series."""
    read = [each for each in selectors(one.tree) if "_bucket" in each.name]
    fixed = all(any(matcher.name == "le" for matcher in each.matchers) for each in read)
    return bool(read) and not fixed and not one.types.result.labels.may_have("le")
