"""The telemetry contract of this spec: the metrics it declares, those that the kinds in use bring along, and what Prometheus adds
by itself. In: spec and catalogue. Out: Metrics by name; faults for two of a name and for metrics that are neither one thing nor
the other."""

from __future__ import annotations

from generators.fault import NOWHERE, Where
from generators.ir.contract import Contract, Metric
from generators.plan import Derived
from generators.resolve.context import Context
from generators.spec import model

TARGET_LABELS = ("job", "instance", "service", "kind", "tier", "owner", "exporter")
"""Labels that every scraped series has from its target (scrape configuration), beside those its exporter writes."""

BUILT_IN = (
    Metric("up", "gauge", help="1 when the last scrape succeeded"),
    Metric("scrape_duration_seconds", "gauge", unit="seconds"),
    Metric("scrape_samples_scraped", "gauge"),
    Metric("scrape_samples_post_metric_relabeling", "gauge"),
    Metric("scrape_series_added", "gauge"),
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
            metrics.setdefault(name, _metric(context, name, metric, kind, where))
            if metric.derived:
                derived.append(Derived(name, metric.derived, where))
    for name, metric in context.spec.metrics.items():
        where = context.where_key("metrics", name)
        if name in metrics:
            what = f"the metric '{name}' is already declared at {metrics[name].where}"
            context.fault("duplicate-name", where, what, "Take it out here, or give yours another name.")
            continue
        _check(context, name, metric)
        metrics[name] = _metric(context, name, metric, "", where)
        if metric.derived:
            derived.append(Derived(name, metric.derived, where))
    return Contract.of(metrics.values()), tuple(derived)


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
    )


def _check(context: Context, name: str, metric: model.Metric) -> None:
    place = ("metrics", name)
    if (metric.kind is None) == (metric.derived is None):
        what = f"the metric '{name}' must be either exported (`kind`) or computed (`derived`)"
        context.fault("metric", context.where_key(*place), what, "Give it exactly one of the two.")
    if metric.kind == "histogram" and (not metric.buckets or list(metric.buckets) != sorted(set(metric.buckets))):
        what = f"the histogram '{name}' needs bucket bounds that rise"
        context.fault(
            "metric", context.where_key(*place), what, "Write `buckets: [0.1, 0.5, 1, 2]`, with every bound you ask about."
        )
    for label in metric.values:
        if label not in metric.labels:
            context.unknown("label", label, metric.labels, (*place, "values", label))
    for index, service in enumerate(metric.exported_by):
        if service not in context.spec.services:
            context.unknown("service", service, context.spec.services, (*place, "from", index))
