"""More series than the budget allows. In: recording rules and the contract's metrics, with the declared budget of series. Out:
faults where the declared values of the labels alone multiply to more, for each target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.ir.contract import Metric
from generators.ir.rules import RecordingRule
from generators.promql import metric_names

ID = "too-many-series"
_FIX = "Drop a label, or declare fewer values; raise `targets: {series_per_metric: …}` if they are meant."


def find(facts: Facts) -> Iterator[Fault]:
    budget = facts.settings.series_budget
    if budget is None:
        return
    for metric in facts.contract.metrics.values():
        count = _series(metric)
        if count > budget:
            what = f"the metric '{metric.name}' can have {count} series for each target ({_factors(metric)}), and the budget is {budget}"
            yield Fault(ID, metric.where, what, _FIX)
    for one in facts.rules:
        values = _values(facts, one) if isinstance(one.rule, RecordingRule) else {}
        kept = {label: number for label, number in values.items() if one.types.result.labels.may_have(label)}
        if prod(kept.values()) > budget:
            factors = " x ".join(f"{number} {label}" for label, number in kept.items())
            what = f"it can record {prod(kept.values())} series ({factors}), and the budget is {budget}"
            yield one.fault(ID, one.tree, what, _FIX)


def _series(metric: Metric) -> int:
    """The least that the declared values make; a histogram has a series for each bucket, one more for +Inf, a sum and a count."""
    parts = len(metric.buckets) + 3 if metric.kind == "histogram" else 1
    return parts * prod(len(values) for values in metric.values.values())


def _factors(metric: Metric) -> str:
    parts = [f"{len(values)} {label}" for label, values in metric.values.items()]
    return " x ".join([*parts, *([f"{len(metric.buckets) + 3} of the histogram"] if metric.kind == "histogram" else [])])


def _values(facts: Facts, one: Judged) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name in metric_names(one.tree):
        metric = facts.contract.by_series.get(name)
        for label, values in metric.values.items() if metric else ():
            found[label] = max(len(values), found.get(label, 0))
        if metric and metric.kind == "histogram" and name.endswith("_bucket"):
            found["le"] = len(metric.buckets) + 1
    return found
