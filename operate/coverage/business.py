"""Business coverage: declared business metrics with live values. In: the Ground. Out: one item for each metric that the spec declares
and each service that it is `from`."""

from __future__ import annotations

from generators.compile.dashboards.coverage import business_metrics
from generators.ir.contract import Metric
from operate.coverage.figure import Figure, Gap, Item
from operate.coverage.ground import Ground
from operate.live import queries


def figure(ground: Ground) -> Figure:
    """The figure."""
    items = tuple(
        item for metric in business_metrics(ground.plan) for item in _items(ground, metric, tuple(metric.source.split(",")))
    )
    return Figure("business", ground.plan.goals.business_coverage, items)


def _items(ground: Ground, metric: Metric, services: tuple[str, ...]) -> tuple[Item, ...]:
    live = {one.labels.get("service", "") for one in queries.instant(ground.prometheus, fresh(metric))}
    missing = "was never counted" if metric.kind in ("counter", "histogram", "native-histogram") else "has no value"
    return tuple(
        Item(
            f"{metric.name} from {service}",
            ()
            if service in live
            else (
                Gap(
                    f"{metric.name} from {service} {missing}",
                    metric.where,
                    f"Set it in {service} where it happens, or take it out of the spec.",
                ),
            ),
        )
        for service in services
    )


def fresh(metric: Metric) -> str:
    """Services for which the metric lives now. What counts must have counted once: a series that starts at 0 shows only that somebody
    declared it. A gauge may well be 0; NaN is no value, and no answer of ours."""
    if metric.kind == "counter":
        return f"max by (service) ({metric.name}) > 0"
    if metric.kind == "histogram":
        return f"max by (service) ({metric.name}_count) > 0"
    if metric.kind == "native-histogram":
        return f"max by (service) (histogram_count({metric.name})) > 0"
    return f"max by (service) ({metric.name})"
