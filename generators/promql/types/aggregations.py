"""What aggregations make of the types of what they bring together. In: an aggregation and that type. Out: its type.

The rules are those of https://prometheus.io/docs/prometheus/latest/querying/operators/#aggregation-operators."""

from __future__ import annotations

from generators.promql.labels import NAME
from generators.promql.syntax import Aggregation, StringLiteral
from generators.promql.types.calls import literal, of_value, summed
from generators.promql.types.kinds import Type
from generators.promql.types.ranges import ANY, POSITIVE, Range
from generators.promql.types.units import EVENTS
from generators.record import replace

_SELECTING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_SAME_UNIT = frozenset(["sum", "avg", "min", "max", "quantile", "stddev"])
_BETWEEN = frozenset(["avg", "min", "max", "quantile"])


def aggregated(node: Aggregation, inner: Type) -> Type:
    """The type of an aggregation's result."""
    grouping = frozenset(node.grouping)
    if node.op in _SELECTING:
        one = node.op in ("topk", "bottomk") and node.param is not None and literal(node.param) == 1 and not node.without
        return replace(inner, key=grouping if one else inner.key)
    sure, key = (inner.sure - grouping, inner.key) if node.without else (inner.sure & grouping, grouping)
    if node.without:
        key = None if inner.key is None else inner.key - grouping
    kept = {name: value for name, value in inner.fixed.items() if (name in grouping) != node.without}
    labels = inner.labels.without(*grouping, NAME) if node.without else inner.labels.limited(*grouping)
    base = replace(inner, labels=labels, sure=frozenset(filter(labels.may_have, sure)), fixed=kept, key=key, aggregated=True)
    return _aggregate_value(node, inner, base)


def _aggregate_value(node: Aggregation, inner: Type, base: Type) -> Type:
    if node.op == "count_values":
        label = node.param.value if isinstance(node.param, StringLiteral) else ""
        labels = base.labels.joined(label)
        key = None if base.key is None else base.key | {label}
        return replace(of_value(base, EVENTS, Range(1)), labels=labels, key=key)
    if node.op in ("count", "group"):
        return of_value(base, EVENTS, Range(1) if node.op == "count" else Range(1, 1))
    unit = base.unit if node.op in _SAME_UNIT else None
    if node.op == "sum":
        return replace(base, unit=unit, range=summed(inner.range), normal=summed(inner.normal))
    if node.op in _BETWEEN:
        return replace(base, unit=unit)
    return replace(base, unit=unit, range=POSITIVE, normal=ANY, cumulative=False)
