"""Alerts on dashboards. In: a Plan. Out: what fires now and since when, how often each alert fired, how long it lasted. An alert
that fires is a series of ALERTS; one that begins to fire was none a minute ago."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.compile.annotations import runbook_url
from generators.compile.dashboards.frame import FIRING, OF_SERVICE, dashboard, joined, services
from generators.compile.dashboards.panels import HALF, LARGE, QUARTER, THIRD, above, asked
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Column, Dashboard, Link, Panel, Query, Row
from generators.plan import Plan

WHO = f"alertname, {name.SEVERITY}, {name.SERVICE}"


def firing_table(plan: Plan, scope: str) -> Panel:
    """What fires now and for how long; an alert's name leads to its runbook."""
    fires = f"ALERTS{joined(FIRING, scope)}"
    since = f"time() - max by ({WHO}) (ALERTS_FOR_STATE{joined(scope) if scope else ''})"
    query = Query(f"({since}) and on ({WHO}) {fires}", instant=True)
    panel = asked(
        plan,
        text("正在触发的告警", "Alerts that fire"),
        text("最新的在上面；点击名称打开处理手册。", "The newest first; a name opens its runbook."),
        "table",
        query,
    )
    address = runbook_url(plan, "${__value.raw}")
    runbook = (Link(say(plan, text("处理手册", "Runbook")), address),) if address else ()
    columns = (
        Column("alertname", say(plan, text("告警", "Alert")), data_links=runbook),
        Column(name.SEVERITY, say(plan, text("级别", "Severity"))),
        Column(name.SERVICE, say(plan, text("服务", "Service"))),
        Column("Value", say(plan, text("持续", "For")), unit="s", order="rising"),
    )
    return replace(panel, columns=columns, width=HALF)


def firing_count(plan: Plan, severity: str, scope: str = "") -> Panel:
    """How many alerts of a severity fire."""
    titles = {
        "critical": text("严重告警", "Critical alerts"),
        "warning": text("警告", "Warnings"),
        "info": text("提示", "Notices"),
    }
    of_severity = f'{name.SEVERITY}="{severity}"'
    query = f"count(ALERTS{joined(FIRING, of_severity, scope)}) or vector(0)"
    panel = asked(
        plan, titles[severity], text("正在触发的数量；正常为 0。", "How many fire now; 0 is normal."), "stat", Query(query)
    )
    color = {"critical": "red", "warning": "orange"}.get(severity, "yellow")
    return replace(panel, thresholds=above(Decimal(1), color), width=QUARTER, height=4)  # type: ignore[arg-type]


def begins(scope: str, by: str, window: str) -> str:
    """How often alerts began to fire within a window, at a minute's resolution."""
    fires = f"ALERTS{joined(FIRING, scope)}"
    return f"sum by ({by}) (sum_over_time(({fires} unless {fires} offset 1m)[{window}:1m]))"


def fired_for(scope: str, by: str, window: str) -> str:
    """Seconds for which alerts fired within a window."""
    return f"sum by ({by}) (sum_over_time(ALERTS{joined(FIRING, scope)}[{window}:1m])) * 60"


def _history(plan: Plan) -> tuple[Panel, ...]:
    by_severity = asked(
        plan,
        text("告警数量", "Alerts over time"),
        text("同时触发的告警，按级别。", "Alerts firing at once, by severity."),
        "timeseries",
        Query(f"count by ({name.SEVERITY}) (ALERTS{joined(FIRING, OF_SERVICE)})", f"{{{{{name.SEVERITY}}}}}"),
    )
    when = asked(
        plan,
        text("何时触发", "When they fired"),
        text("每个告警的触发时段。", "The times at which each alert fired."),
        "statetimeline",
        Query(f"max by (alertname) (ALERTS{joined(FIRING, OF_SERVICE)})", "{{alertname}}"),
    )
    fires = say(plan, text("触发", "fires"))
    return (
        replace(by_severity, stacked=True, width=HALF, low=Decimal(0)),
        replace(when, mappings={"1": (fires, "red")}, width=LARGE, height=10),
    )


def _handling(plan: Plan) -> tuple[Panel, ...]:
    by = f"alertname, {name.SEVERITY}"
    often, long = begins(OF_SERVICE, by, "$__range"), fired_for(OF_SERVICE, by, "$__range")
    table = asked(
        plan,
        text("频率与处理时间", "Frequency and handling time"),
        text(
            "所选时间内触发的次数、总时长与平均时长。",
            "How often each alert fired within the range, for how long, and on average.",
        ),
        "table",
        Query(often),
        Query(long),
        Query(f"{long} / {often}"),
    )
    columns = (
        Column("alertname", say(plan, text("告警", "Alert"))),
        Column(name.SEVERITY, say(plan, text("级别", "Severity"))),
        Column("Value #A", say(plan, text("次数", "Times")), unit="short", order="falling"),
        Column("Value #B", say(plan, text("总时长", "In all")), unit="s"),
        Column("Value #C", say(plan, text("平均处理时间", "Mean time to resolve")), unit="s"),
    )
    mean = asked(
        plan,
        text("平均处理时间", "Mean time to resolve"),
        text("一天内告警从触发到恢复的平均时间。", "From firing to resolved, on average over a day."),
        "timeseries",
        Query(
            f"{fired_for(OF_SERVICE, name.SEVERITY, '1d')} / {begins(OF_SERVICE, name.SEVERITY, '1d')}",
            f"{{{{{name.SEVERITY}}}}}",
        ),
    )
    return (
        replace(table, columns=columns, width=HALF, height=10),
        replace(mean, unit="s", width=HALF, height=10, low=Decimal(0)),
    )


def _notifications(plan: Plan) -> tuple[Panel, ...]:
    asked_for = (
        (
            "alertmanager_notifications_total",
            text("发出的通知", "Notifications sent"),
            text("一小时内各渠道的通知数。", "By channel within an hour."),
            "sum by (integration) (increase(alertmanager_notifications_total[1h]))",
            "{{integration}}",
        ),
        (
            "alertmanager_notifications_failed_total",
            text("失败的通知", "Notifications that failed"),
            text("一小时内失败的通知；正常为 0。", "Failures within an hour; 0 is normal."),
            "sum by (integration) (increase(alertmanager_notifications_failed_total[1h]))",
            "{{integration}}",
        ),
        (
            "alertmanager_alerts",
            text("被抑制或静默的告警", "Alerts by state"),
            text("Alertmanager 中的告警，按状态。", "Alerts in Alertmanager by state."),
            "sum by (state) (alertmanager_alerts)",
            "{{state}}",
        ),
    )
    return tuple(
        replace(asked(plan, title, about, "timeseries", Query(expr, legend)), width=THIRD, low=Decimal(0))
        for metric, title, about, expr, legend in asked_for
        if metric in plan.contract.metrics
    )


def compile_alerts(plan: Plan) -> Dashboard:
    """The statistics of alerts."""
    counts = tuple(firing_count(plan, severity, OF_SERVICE) for severity in ("critical", "warning", "info"))
    history = _history(plan)
    rows = (
        Row("", counts),
        Row(say(plan, text("现在", "Now")), (firing_table(plan, OF_SERVICE), history[0])),
        Row(say(plan, text("频率与处理", "Frequency and handling")), _handling(plan)),
        Row(say(plan, text("历史", "History")), history[1:]),
        Row(say(plan, text("通知", "Notifications")), _notifications(plan)),
    )
    return dashboard(plan, "alerts", rows, (services(plan),), since="now-24h")
