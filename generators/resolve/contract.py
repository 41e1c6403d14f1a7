"""The telemetry contract of this spec: the metrics it declares, those that the kinds in use bring along, and what Prometheus adds
by itself. In: spec and catalogue. Out: Metrics by name; faults for two of a name and for metrics that are neither one thing nor
the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from generators.fault import NOWHERE, Where
from generators.ir.contract import HISTOGRAM_SUFFIXES, Appears, Contract, Metric
from generators.plan import Derived
from generators.resolve.context import Context
from generators.resolve.widths import at_pace
from generators.spec import model
from generators.spec.source import Spot

TARGET_LABELS = ("job", "instance", "service", "kind", "tier", "owner", "exporter")
"""Labels that every scraped series has from its target (scrape configuration), beside those its exporter writes."""

ALERT_LABELS = ("alertname", "severity", "signal", "burn", "slo", "anomaly")
"""Labels that we write on alerts and recordings: a series' own of that name would be overwritten, and two series become one."""

_METRIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")

AREAS = {"area": ("api", "traces", "business", "monitoring", "dashboards")}
RECORDED = (Appears("history", "nobody has run `touchline coverage --record` yet"),)
ZERO, ONE = Decimal(0), Decimal(1)

BUILT_IN = (
    Metric("up", "gauge", help="1 when the last scrape succeeded"),
    Metric("scrape_duration_seconds", "gauge", unit="seconds"),
    Metric("scrape_samples_scraped", "gauge"),
    Metric("scrape_samples_post_metric_relabeling", "gauge"),
    Metric("scrape_series_added", "gauge"),
    Metric("touchline_coverage_ratio", "gauge", ("area",), "ratio", values=AREAS, low=ZERO, high=ONE, appears=RECORDED),
    Metric("touchline_coverage_target_ratio", "gauge", ("area",), "ratio", values=AREAS, low=ZERO, high=ONE, appears=RECORDED),
    Metric("ALERTS", "gauge", labels=("alertname", "alertstate", "severity", "signal", "slo", "burn")),
    Metric("ALERTS_FOR_STATE", "gauge", labels=("alertname", "severity", "signal", "slo", "burn")),
)


def resolve_contract(context: Context) -> tuple[Contract, tuple[Derived, ...]]:
    """The contract and the derived metrics' recording rules, catalogue first: a spec cannot redefine what a kind means."""
    metrics: dict[str, Metric] = {one.name: one for one in BUILT_IN}
    derived: list[Derived] = []
    used = {service.kind for service in context.spec.services.values()}
    for kind in ("any", *(name for name in context.catalogue.kinds if name in used)):
        entry = context.catalogue.kinds.get(kind)
        for name, metric in entry.kind.metrics.items() if entry else ():
            where = entry.source.where_key(("metrics", name)) if entry else NOWHERE
            spot = entry.source.spot(("metrics", name, "derived")) if entry else Spot(NOWHERE)
            metrics.setdefault(name, _metric(context, name, metric, kind, where))
            if metric.derived:
                text = at_pace(metric.derived, context.spec.stack.scrape_interval)
                derived.append(Derived(name, text, where, spot.written(metric.derived), metric.unit))
    for name, metric in context.spec.metrics.items():
        where = context.where_key("metrics", name)
        if name in metrics:
            what = f"the metric '{name}' is already declared at {metrics[name].where}"
            context.fault("duplicate-name", where, what, "Take it out here, or give yours another name.")
            continue
        _check(context, name, metric)
        metrics[name] = _metric(context, name, metric, "", where)
        _check_series(context, metrics, name)
        if metric.derived:
            written = context.source.spot(("metrics", name, "derived")).written(metric.derived)
            derived.append(Derived(name, metric.derived, where, written, metric.unit))
    return Contract.of(metrics.values(), context.spec.targets.series_per_metric), tuple(derived)


def _metric(context: Context, name: str, metric: model.Metric, source: str, where: Where) -> Metric:
    low, high = metric.range
    return Metric(
        name=name,
        kind=metric.kind or "gauge",
        labels=tuple(metric.labels),
        unit=metric.unit,
        help=context.text(metric.help)[context.spec.project.locale],
        buckets=tuple(metric.buckets),
        low=low,
        high=high,
        normal_low=metric.normal[0],
        normal_high=metric.normal[1],
        values={label: tuple(values) for label, values in metric.values.items()},
        source=source or ",".join(metric.exported_by),
        where=where,
        workers=metric.workers or _workers(name, metric),
        exported_by=tuple(_exporting(context, metric, source)),
        appears=tuple(Appears(one.only, one.because, one.labels) for one in metric.appears),
    )


def _workers(name: str, metric: model.Metric) -> str:
    """How a gauge's values in several processes are joined where nobody says: a share of something is no sum, nor is a point in time."""
    if metric.kind != "gauge":
        return ""
    if metric.unit == "ratio" or None not in metric.range:
        return "latest"
    return "max" if name.endswith("_timestamp_seconds") else "sum"


def _exporting(context: Context, metric: model.Metric, kind: str) -> Iterator[str]:
    """The services that export a metric of a kind ("" for the spec's own), in the order of the spec."""
    for name, service in context.spec.services.items():
        if metric.derived:
            continue
        if kind and metric.client:
            entry = context.catalogue.kinds.get(service.kind)
            below = (context.spec.services[one].kind for one in service.depends_on if one in context.spec.services)
            if entry and entry.kind.application and kind in below:
                yield name
        elif service.kind == kind or (not kind and name in metric.exported_by):
            yield name


def _check_series(context: Context, metrics: Mapping[str, Metric], name: str) -> None:
    """Two metrics may not appear as series of one name: a histogram `x` is x_bucket, x_sum and x_count."""
    for series in metrics[name].series_names():
        for suffix in HISTOGRAM_SUFFIXES:
            other = metrics.get(series if series != name else name.removesuffix(suffix))
            if other and other.name != name and series in other.series_names():
                what = f"the metric '{name}' has series '{series}', and so has '{other.name}' ({other.where})"
                where = context.where_key("metrics", name)
                context.fault("duplicate-name", where, what, "Give one of the two another name.")
                return


def _check(context: Context, name: str, metric: model.Metric) -> None:
    place = ("metrics", name)
    if not _METRIC.fullmatch(name):
        what = f"'{name}' is no metric name"
        fix = "Use letters, digits and '_', like http_requests_total; names with ':' are those of recording rules."
        context.fault("value", context.where_key(*place), what, fix)
    for index, label in enumerate(metric.labels):
        if not _LABEL.fullmatch(label) or label in (*TARGET_LABELS, *ALERT_LABELS) or label in metric.labels[:index]:
            why = "comes with every scrape" if label in TARGET_LABELS else "is no label name, or stands here twice"
            why = "is a label that every alert is given" if label in ALERT_LABELS else why
            fix = f"Use letters, digits and '_', each name once, none of {', '.join((*TARGET_LABELS, *ALERT_LABELS))}."
            context.fault("value", context.where(*place, "labels", index), f"'{label}' {why}", fix)
    if (metric.kind is None) == (metric.derived is None):
        what = f"the metric '{name}' must be either exported (`kind`) or computed (`derived`)"
        context.fault("metric", context.where_key(*place), what, "Give it exactly one of the two.")
    if metric.kind == "histogram" and (not metric.buckets or list(metric.buckets) != sorted(set(metric.buckets))):
        what = f"the histogram '{name}' needs bucket bounds that rise"
        context.fault(
            "metric", context.where_key(*place), what, "Write `buckets: [0.1, 0.5, 1, 2]`, with every bound you ask about."
        )
    if metric.workers and metric.kind != "gauge":
        what = f"`workers` says how a gauge of several processes is joined, and '{name}' is none"
        context.fault("metric", context.where(*place, "workers"), what, "Take it out: counters and histograms are summed.")
    for label in metric.values:
        if label not in metric.labels:
            context.unknown("label", label, metric.labels, (*place, "values", label))
    for index, one in enumerate(metric.appears):
        for label in one.labels:
            if label not in metric.labels:
                context.unknown("label", label, metric.labels, (*place, "appears", index, "labels", label))
    for index, service in enumerate(metric.exported_by):
        if service not in context.spec.services:
            context.unknown("service", service, context.spec.services, (*place, "from", index))
