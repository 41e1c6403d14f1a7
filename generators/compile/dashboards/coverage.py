"""How much of what was declared is really seen. In: the Plan's services, operations, metrics and goals. Out: shares: how
many of the declared were seen within a day, by their exact names, so that nothing undeclared can count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.compile.dashboards.frame import dashboard
from generators.compile.dashboards.monitoring import targets_up
from generators.compile.dashboards.panels import HALF, LARGE, ONE, QUARTER, asked, below
from generators.compile.dashboards.tracing import SPANS
from generators.compile.dashboards.words import say, text
from generators.ir.contract import Metric
from generators.ir.dashboards import Dashboard, Panel, Query, Row
from generators.plan import Operation, Plan, Service

SEEN = "1d"
PANEL_QUERIES = 26
SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
"""What has a meaning in a regular expression."""


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def share(series: Iterable[str]) -> str:
    """The share of these selectors that had a sample within a day."""
    terms = [f"(max(present_over_time({each}[{SEEN}])) or vector(0))" for each in series]
    return f"({' + '.join(terms)}) / {len(terms)}"


def _counter(plan: Plan, service: Service) -> Metric | None:
    """The counter of a service's kind that tells its operations apart."""
    return next(
        (
            metric
            for metric in plan.contract.metrics.values()
            if metric.kind == "counter" and metric.source == service.kind and _labels(metric)
        ),
        None,
    )


def _labels(metric: Metric) -> tuple[str, ...]:
    """Which labels hold an operation's method and route."""
    known = (("method", "endpoint"), ("method", "handler"), ("grpc_service", "grpc_method"))
    return next((pair for pair in known if set(pair) <= set(metric.labels)), ())


def _split(metric: Metric, operation: Operation) -> tuple[str, str]:
    """An operation as the values of the metric's two labels; a method as the metric spells it (promhttp: in small letters)."""
    if _labels(metric)[0] == "method":
        spelt = (value for value in metric.values.get("method", ()) if value.upper() == operation.method)
        return next(spelt, operation.method), operation.route
    package, _, method = operation.route.strip("/").rpartition("/")
    return package, method


def seen(metric: str, fixed: Mapping[str, str], label: str, values: Iterable[str]) -> str:
    """How many of these values of a label had a sample within a day; the values are exact, so nothing else is counted."""
    any_of = "|".join(SPECIAL.sub(r"\\\g<0>", value) for value in values)
    matchers = ", ".join((*(f"{key}={_quoted(value)}" for key, value in fixed.items()), f"{label}=~{_quoted(any_of)}"))
    return f"(count(count by ({label}) (present_over_time({metric}{{{matchers}}}[{SEEN}]))) or vector(0))"


def api_shares(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Of each service with declared operations: the share that its own counter knows."""
    found = []
    for service in plan.services:
        metric = _counter(plan, service)
        if metric and service.operations:
            by_first: dict[str, list[str]] = {}
            for operation in service.operations:
                first, second = _split(metric, operation)
                by_first.setdefault(first, []).append(second)
            one, other = _labels(metric)
            terms = [seen(metric.name, {name.SERVICE: service.name, one: first}, other, rest) for first, rest in by_first.items()]
            found.append((service.name, f"({' + '.join(terms)}) / {len(service.operations)}"))
    return tuple(found)


def trace_shares(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Of each traced service with declared operations: the share of which spans were seen."""
    if SPANS not in plan.contract.by_series:
        return ()
    return tuple(
        (
            service.name,
            f"{seen(SPANS, {'service_name': service.name}, 'span_name', map(str, service.operations))} / {len(service.operations)}",
        )
        for service in plan.services
        if service.traced and service.operations
    )


def business_metrics(plan: Plan) -> tuple[Metric, ...]:
    """The metrics that the spec declares for its own services."""
    names, kinds = {service.name for service in plan.services}, {service.kind for service in plan.services}
    own = (m for m in plan.contract.metrics.values() if m.source and m.source not in kinds and set(m.source.split(",")) <= names)
    return tuple(own)


def _average(shares: Iterable[tuple[str, str]]) -> str:
    exprs = [expr for _, expr in shares]
    return f"({' + '.join(f'({expr})' for expr in exprs)}) / {len(exprs)}"


def _stat(plan: Plan, title: tuple[str, str], about: tuple[str, str], expr: str, goal: Decimal) -> Panel:
    panel = asked(plan, text(*title), text(*about), "stat", Query(expr))
    return replace(panel, unit="percentunit", thresholds=below(goal), width=QUARTER, height=4)


def _stats(plan: Plan) -> tuple[Panel, ...]:
    api, traces, business = api_shares(plan)[:PANEL_QUERIES], trace_shares(plan)[:PANEL_QUERIES], business_metrics(plan)
    found = [targets_up(plan)]
    if api:
        about = ("一天内有请求指标的关键接口占比。", "Share of the key operations with request metrics within a day.")
        found.append(_stat(plan, ("接口覆盖率", "API coverage"), about, _average(api), plan.goals.api_coverage))
    if traces:
        about = ("一天内有链路的关键接口占比。", "Share of the key operations with spans within a day.")
        found.append(_stat(plan, ("链路覆盖率", "Trace coverage"), about, _average(traces), plan.goals.trace_coverage))
    if business:
        about = ("一天内有数据的业务指标占比。", "Share of the business metrics with data within a day.")
        found.append(
            _stat(
                plan,
                ("业务指标覆盖率", "Business coverage"),
                about,
                share(metric.series_names()[0] for metric in business),
                plan.goals.business_coverage,
            )
        )
    return tuple(found)


def _by_service(plan: Plan, title: tuple[str, str], shares: tuple[tuple[str, str], ...], goal: Decimal) -> tuple[Panel, ...]:
    """A bar for each service; as many panels as Grafana's letters for queries ask for."""
    parts = [shares[at : at + PANEL_QUERIES] for at in range(0, len(shares), PANEL_QUERIES)]
    about = text("每个服务声明的接口中被看见的占比。", "Of the operations that each service declares, the share that was seen.")
    panels = (
        asked(plan, text(*title), about, "bargauge", *(Query(expr, who, instant=True) for who, expr in part)) for part in parts
    )
    drawn = (replace(panel, unit="percentunit", low=Decimal(0), high=ONE, thresholds=below(goal)) for panel in panels)
    return tuple(replace(panel, title=f"{panel.title} {at}") if at > 1 else panel for at, panel in enumerate(drawn, 1))


def _measured(plan: Plan) -> tuple[Panel, ...]:
    """What `touchline coverage --record` has found, each area beside its target."""
    newest = f"max by (area) (last_over_time({{}}[{SEEN}]))"
    panel = asked(
        plan,
        text("覆盖率，按领域", "Coverage by area"),
        text(
            "`touchline coverage --record` 最近一次的结果，与目标并列；缺口由该命令列出。",
            "What the newest `touchline coverage --record` found, beside the targets; the command lists every gap.",
        ),
        "timeseries",
        Query(newest.format("touchline_coverage_ratio"), "{{area}}"),
        Query(newest.format("touchline_coverage_target_ratio"), say(plan, text("{{area}} 目标", "{{area}} target"))),
    )
    return (replace(panel, unit="percentunit", low=Decimal(0), high=ONE, width=LARGE),)


def _unseen(plan: Plan) -> Panel:
    """Declared services without any target that answers."""
    panel = asked(
        plan,
        text("每个服务的实例", "Instances of each service"),
        text(
            "能被抓取的实例数；声明而不在此处的服务没有被监控。",
            "Instances that answer; a declared service that is missing here is not watched.",
        ),
        "bargauge",
        Query(f"sum by ({name.SERVICE}) (up)", f"{{{{{name.SERVICE}}}}}", instant=True),
    )
    return replace(panel, thresholds=below(ONE), width=LARGE, low=Decimal(0))


def compile_coverage(plan: Plan) -> Dashboard:
    """The coverage of the monitoring."""
    api = _by_service(plan, ("接口覆盖率，按服务", "API coverage by service"), api_shares(plan), plan.goals.api_coverage)
    traces = _by_service(plan, ("链路覆盖率，按服务", "Trace coverage by service"), trace_shares(plan), plan.goals.trace_coverage)
    rows = (
        Row(say(plan, text("实测", "Measured")), _measured(plan)),
        Row("", _stats(plan)),
        Row(say(plan, text("按服务", "By service")), tuple(replace(panel, width=HALF) for panel in (*api, *traces))),
        Row(say(plan, text("服务", "Services")), (_unseen(plan),)),
    )
    return dashboard(plan, "coverage", rows, since="now-24h", refresh="5m")
