"""What each application exports, as a Python module can say it. In: the Plan. Out: one telemetry IR for each service that asks for a
module. Names that Python keeps for itself get an underscore behind."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection
from typing import cast

from generators.ir.contract import Metric
from generators.ir.telemetry import EXPORTED, Kind, TelemetryMetric, TelemetryModule
from generators.plan import Plan, Service

TAKEN = frozenset({"Contract", "Counter", "Gauge", "Histogram", "Keep", "Literal", "CONTRACT", *keyword.kwlist, *dir(builtins)})
"""What a metric's variable may not hide."""
ARGUMENTS = frozenset({"self", "value", "by", *keyword.kwlist})
"""What an argument named after a label may not be."""


def compile_telemetry(plan: Plan) -> tuple[TelemetryModule, ...]:
    """The modules in the order of the services."""
    return tuple(_module(plan, service) for service in plan.services if service.telemetry)


def _module(plan: Plan, service: Service) -> TelemetryModule:
    metrics: list[TelemetryMetric] = []
    types: set[str] = set()
    for metric in plan.contract.metrics.values():
        if service.name in metric.exported_by and metric.kind in EXPORTED:
            metrics.append(_metric(metric, types))
            types.add(metrics[-1].type)
    tracing = plan.tracing
    return TelemetryModule(
        path=service.telemetry,
        project=plan.project.name,
        service=service.name,
        metrics=tuple(metrics),
        operations=tuple((one.method, one.route) for one in service.operations),
        metrics_path=service.metrics_path,
        keep_errors=tracing is not None and tracing.keep_errors,
        slower_than=tracing.slower_than if tracing else None,
        keep_operations=tuple((one.method, one.route) for one in tracing.operations) if tracing else (),
    )


def _metric(metric: Metric, types: Collection[str]) -> TelemetryMetric:
    return TelemetryMetric(
        name=metric.name,
        kind=cast(Kind, metric.kind),
        help=metric.help,
        labels=metric.labels,
        values={label: tuple(dict.fromkeys(metric.values[label])) for label in metric.labels if metric.values.get(label)},
        buckets=metric.buckets,
        workers=metric.workers,
        variable=metric.name + "_" * (metric.name in TAKEN),
        type=_type(metric.name, types),
        arguments=tuple(label + "_" * (label in ARGUMENTS) for label in metric.labels),
    )


def _type(name: str, taken: Collection[str]) -> str:
    """A class's name: `_HttpRequestsTotal`; a_b and ab would be one, so the second is numbered."""
    words = "_" + "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    number = sum(1 for other in taken if other.rstrip("0123456789") == words.rstrip("0123456789"))
    return f"{words}{number + 1}" if words in taken else words
