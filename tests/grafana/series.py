"""A history in which every metric of the contract exists. In: the contract and the scrape targets. Out: OpenMetrics text, which
`promtool tsdb create-blocks-from openmetrics` turns into blocks: each metric with all values of its labels, or two of each where
that were too many, on every target that exports it, for half an hour that ends at NOW. Values rise, so that counters count."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from generators.ir.contract import Metric
from generators.ir.scrape import Prometheus

NOW = 1_700_003_400
START = NOW - 1800
STEP = 60
MOST_COMBINATIONS = 64

KNOWN: Mapping[str, tuple[str, ...]] = {
    "alertstate": ("firing", "pending"),
    "severity": ("critical", "warning"),
    "signal": ("degradation", "business"),
    "quantile": ("0.5", "0.9"),
    "span_kind": ("SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"),
    "status_code": ("STATUS_CODE_UNSET", "STATUS_CODE_ERROR"),
}
"""Values of labels that the tools themselves write."""


def _targets(prometheus: Prometheus) -> list[dict[str, str]]:
    return [
        {**target.labels, "job": job.name, "instance": address}
        for job in prometheus.jobs
        for target in job.targets
        for address in target.addresses
    ]


def _exporting(metric: Metric, targets: list[dict[str, str]]) -> list[dict[str, str]]:
    """The targets that export a metric: those of its kind or services; everybody's where no one says."""
    sources = set(metric.source.split(",")) if metric.source else set()
    mine = [target for target in targets if {target.get("kind"), target.get("service")} & sources]
    return mine or targets


def _combinations(metric: Metric) -> Iterator[dict[str, str]]:
    values = [metric.values.get(label) or KNOWN.get(label) or (f"{label}-1", f"{label}-2") for label in metric.labels]
    every = math.prod(map(len, values)) <= MOST_COMBINATIONS
    for chosen in itertools.product(*values) if every else zip(*(each[:2] for each in values), strict=True):
        yield dict(zip(metric.labels, chosen, strict=True))


def _names(metric: Metric) -> Iterator[tuple[str, dict[str, str], int]]:
    """Every series name of a metric with its own labels, and by how much it rises each step."""
    if metric.kind == "histogram":
        bounds = [*(_bound(each) for each in metric.buckets), "+Inf"]
        for rank, bound in enumerate(bounds):
            yield f"{metric.name}_bucket", {"le": bound}, rank + 1
        yield f"{metric.name}_sum", {}, 1
        yield f"{metric.name}_count", {}, len(bounds)
    elif metric.kind == "summary":
        for quantile in KNOWN["quantile"]:
            yield metric.name, {"quantile": quantile}, 0
        yield f"{metric.name}_sum", {}, 1
        yield f"{metric.name}_count", {}, 1
    else:
        yield metric.name, {}, 1 if metric.kind == "counter" else 0


def _bound(bound: Decimal) -> str:
    """As Prometheus 3 writes it after a scrape: 2 becomes 2.0."""
    return str(float(bound))


def _line(name: str, labels: Mapping[str, str], value: int, at: int) -> str:
    written = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{written}}} {value} {at}"


def openmetrics(metrics: Mapping[str, Metric], prometheus: Prometheus) -> str:
    """The whole history. Every sample is of type unknown: promtool does not mind, and recorded names are no OpenMetrics names."""
    targets = _targets(prometheus)
    lines = []
    for metric in metrics.values():
        for target in _exporting(metric, targets):
            for own in _combinations(metric):
                for name, extra, rise in _names(metric):
                    labels = {**target, **own, **extra}
                    for count, at in enumerate(range(START, NOW + 1, STEP)):
                        lines.append(_line(name, labels, 1 + rise * count, at))
    return "\n".join((*lines, "# EOF", ""))
