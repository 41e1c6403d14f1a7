"""A metric of the contract as the type of its series. In: the name of a series, its metric, the labels of targets. Out: its type."""

from __future__ import annotations

import re
from decimal import Decimal

from generators.ir.contract import Metric
from generators.promql.labels import NAME, Labels
from generators.promql.types import EVENTS, POSITIVE, Kind, Range, Type, Unit, unit_of

_LIMIT = re.compile(r"(^|_)(max|limit|quota|capacity)(_|$)")
"""Names of limits. A limit of 0 often means that there is none, unless its declared range says that it is never 0."""


def exported(name: str, metric: Metric, target_labels: frozenset[str], some_targets: frozenset[str] | None) -> Type:
    """The type of the series `name` of a metric. `some_targets` are labels that some targets add, None for any."""
    sure = target_labels | frozenset(metric.labels)
    kind, extra, unit, observed = _sample(name, metric)
    sure |= frozenset(extra)
    labels = Labels() if some_targets is None else Labels(sure | some_targets | {NAME})
    values = POSITIVE if kind in ("counter", "buckets") else Range(1, 1) if kind == "info" else _range(metric.low, metric.high)
    plain = kind in ("gauge", "quantile", "unknown")
    normal = _normal(metric, values) if plain else values
    return Type(
        kind=kind,
        unit=unit,
        labels=labels,
        sure=sure,
        key=frozenset((*metric.labels, *extra, "instance")),
        range=values,
        normal=normal,
        zero=kind == "gauge" and _zero(metric),
        cumulative=kind in ("counter", "buckets"),
        bounds=tuple(map(float, metric.buckets)) if kind == "buckets" else (),
        observed=observed,
    )


def _sample(name: str, metric: Metric) -> tuple[Kind, tuple[str, ...], Unit | None, Unit | None]:
    """Kind, added labels, unit of the samples and of what is observed."""
    unit = unit_of(metric.unit)
    if metric.kind in ("histogram", "summary") and name != metric.name:
        if name.endswith("_bucket"):
            return "buckets", ("le",), EVENTS, unit
        return "counter", (), unit if name.endswith("_sum") else EVENTS, None
    if metric.kind == "summary":
        return "quantile", ("quantile",), unit, None
    if metric.kind == "histogram":
        return "unknown", (), None, None
    if metric.kind == "native-histogram":
        return "native histogram", (), EVENTS, unit
    if metric.kind == "counter":
        return "counter", (), unit or EVENTS, None
    return ("info", (), EVENTS, None) if metric.kind == "info" else ("gauge", (), unit, None)


def _range(low: Decimal | None, high: Decimal | None) -> Range:
    return Range(float("-inf") if low is None else float(low), float("inf") if high is None else float(high))


def _normal(metric: Metric, values: Range) -> Range:
    low = values.low if metric.normal_low is None else float(metric.normal_low)
    high = values.high if metric.normal_high is None else float(metric.normal_high)
    return Range(low, high) if low <= high else values


def _zero(metric: Metric) -> bool:
    """Whether 0 is a value of a normal state."""
    least = metric.normal_low if metric.normal_low is not None else metric.low
    if metric.normal_low is not None:
        return least is not None and least <= 0
    return (least is None or least <= 0) and bool(_LIMIT.search(metric.name))
