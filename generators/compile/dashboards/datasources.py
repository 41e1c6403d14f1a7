"""What dashboards ask. In: a Plan. Out: Grafana's datasources: Prometheus, whose exemplars lead to Jaeger; Jaeger, whose spans
lead back to Prometheus; Alertmanager. Addresses are those at which the stack's parts reach each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generators.compile.dashboards.tracing import SPANS
from generators.ir.dashboards import GrafanaDatasource
from generators.plan import Plan

PROMETHEUS, JAEGER, ALERTMANAGER = "prometheus", "jaeger", "alertmanager"
TRACE_LABEL = "trace_id"
"""The exemplar's label, as OpenMetrics examples and OpenTelemetry name it."""


def compile_datasources(plan: Plan) -> tuple[GrafanaDatasource, ...]:
    """The datasources of the parts that run."""
    return tuple(_datasources(plan))


def _traced(plan: Plan) -> bool:
    return plan.tracing is not None and JAEGER in plan.stack.components


def _datasources(plan: Plan) -> Iterator[GrafanaDatasource]:
    about: dict[str, Any] = {
        "httpMethod": "POST",
        "manageAlerts": True,
        "prometheusType": "Prometheus",
        "prometheusVersion": plan.stack.version(PROMETHEUS),
        "timeInterval": f"{plan.stack.scrape_interval}s",
    }
    if ALERTMANAGER in plan.stack.components:
        about["alertmanagerUid"] = ALERTMANAGER
    if _traced(plan):
        about["exemplarTraceIdDestinations"] = [{"name": TRACE_LABEL, "datasourceUid": JAEGER}]
    yield GrafanaDatasource(PROMETHEUS, "Prometheus", "prometheus", f"http://{plan.address(PROMETHEUS)}", True, about)
    if _traced(plan):
        yield GrafanaDatasource(JAEGER, "Jaeger", "jaeger", f"http://{plan.address(JAEGER, 'query')}", json_data=_jaeger())
    if ALERTMANAGER in plan.stack.components:
        implementation = {"implementation": "prometheus", "handleGrafanaManagedAlerts": False}
        url = f"http://{plan.address(ALERTMANAGER)}"
        yield GrafanaDatasource(ALERTMANAGER, "Alertmanager", "alertmanager", url, json_data=implementation)


def _jaeger() -> dict[str, Any]:
    durations = "traces_span_metrics_duration_milliseconds_bucket"
    return {
        "nodeGraph": {"enabled": True},
        "spanBar": {"type": "Tag", "tag": "http.route"},
        "traceQuery": {"timeShiftEnabled": True, "spanStartTimeShift": "-1h", "spanEndTimeShift": "1h"},
        "tracesToMetrics": {
            "datasourceUid": PROMETHEUS,
            "spanStartTimeShift": "-10m",
            "spanEndTimeShift": "10m",
            "tags": [{"key": "service.name", "value": "service_name"}],
            "queries": [
                {"name": "Calls", "query": f"sum by (span_name) (rate({SPANS}{{$__tags}}[$__rate_interval]))"},
                {
                    "name": "P95 (ms)",
                    "query": f"histogram_quantile(0.95, sum by (le, span_name) (rate({durations}{{$__tags}}[$__rate_interval])))",
                },
            ],
        },
    }
