"""The telemetry contract: every metric that may be named, with its kind, labels, unit and range. Out of the spec and the
catalogues, into the checks, the tests and the application's own module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Literal

from generators.fault import NOWHERE, Where
from generators.record import dataclass

MetricKind = Literal["counter", "gauge", "histogram", "native-histogram", "summary", "info"]

HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")
SUMMARY_SUFFIXES = ("_sum", "_count")


Only = Literal["fault", "history", "containers", "environment"]


@dataclass(frozen=True, slots=True)
class Appears:
    """When there are series: `only` says where, `because` why. `labels` narrows it to selectors with exactly these values of labels."""

    only: Only
    because: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the contract. `labels` are the labels the exporter writes; `job` and `instance` come with every scrape.

    `source` is the service or exporter kind that exports it; "" for a recorded series. `low` and `high` bound its values. `workers`
    says how the values of a gauge in several processes of a service are joined; `exported_by` are the services that export it."""

    name: str
    kind: MetricKind
    labels: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""
    buckets: tuple[Decimal, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    normal_low: Decimal | None = None
    normal_high: Decimal | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    where: Where = NOWHERE
    workers: str = ""
    exported_by: tuple[str, ...] = ()
    appears: tuple[Appears, ...] = ()

    def series_names(self) -> tuple[str, ...]:
        """The names under which its samples appear."""
        if self.kind == "histogram":
            return tuple(self.name + suffix for suffix in HISTOGRAM_SUFFIXES)
        if self.kind == "summary":
            return (self.name, *(self.name + suffix for suffix in SUMMARY_SUFFIXES))
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Contract:
    """All metrics by name, and the metric each series name belongs to. `series_budget`: how many series a metric may have for each
    target, None where nobody has said."""

    metrics: Mapping[str, Metric]
    by_series: Mapping[str, Metric]
    series_budget: int | None = None

    @classmethod
    def of(cls, metrics: Iterable[Metric], series_budget: int | None = None) -> Contract:
        """Index metrics by name and by the series they appear as; the first of two with one name wins."""
        named: dict[str, Metric] = {}
        series: dict[str, Metric] = {}
        for metric in metrics:
            named.setdefault(metric.name, metric)
            for name in metric.series_names():
                series.setdefault(name, metric)
        return cls(named, series, series_budget)
