"""Traces on a dashboard. In: a Plan. Out: the newest traces of a service and who calls whom, asked of Jaeger, the second
where traced services need each other; what is counted from spans comes from the catalogue."""

from __future__ import annotations

from dataclasses import replace

from generators.compile.dashboards.panels import HALF, asked
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Query, Row, Variable
from generators.plan import Plan

SPANS = "traces_span_metrics_calls_total"


def traced_service(plan: Plan) -> Variable:
    """$traced: the service whose traces are listed, as it names itself in its spans."""
    options = tuple(service.name for service in plan.services if service.traced)
    query = f"label_values({SPANS}, service_name)" if SPANS in plan.contract.by_series else ""
    return Variable("traced", say(plan, text("链路服务", "Traced service")), query, options, multi=False, include_all=False)


def tracing_rows(plan: Plan) -> tuple[Row, ...]:
    """What only Jaeger knows; nothing where no Jaeger runs."""
    if plan.tracing is None or "jaeger" not in plan.stack.components:
        return ()
    newest = asked(
        plan,
        text("最新链路", "Newest traces"),
        text("所选服务最近的链路；点击打开。", "The chosen service's latest traces; a click opens one."),
        "table",
        Query("${traced}", datasource="jaeger"),
    )
    if not _calls(plan):
        return (Row(say(plan, text("链路", "Traces")), (replace(newest, height=12),)),)
    graph = asked(
        plan,
        text("服务依赖图", "Who calls whom"),
        text("由链路得到的服务依赖。", "The dependencies that traces show."),
        "nodegraph",
        Query("", datasource="jaeger"),
    )
    panels = (replace(newest, width=HALF, height=12), replace(graph, width=HALF, height=12))
    return (Row(say(plan, text("链路", "Traces")), panels),)


def _calls(plan: Plan) -> bool:
    """Whether a traced service needs another one: else the graph would stay empty."""
    traced = {service.name for service in plan.services if service.traced}
    return any(traced & set(service.depends_on) for service in plan.services if service.traced)
