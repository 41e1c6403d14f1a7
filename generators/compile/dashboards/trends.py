"""How things changed over a month. In: a Plan. Out: daily values from what was recorded: reliability, volume, alerts; and the
signals of what serves users, over thirty days."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.compile.dashboards.alerts import begins, fired_for
from generators.compile.dashboards.frame import OF_SERVICE, dashboard, services
from generators.compile.dashboards.kinds import applications
from generators.compile.dashboards.objectives import budget_over_time
from generators.compile.dashboards.panels import HALF, THIRD, asked, from_plan, headline
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Dashboard, Panel, Query, Row
from generators.plan import Plan

DAY_SECONDS = 86400


def _reliability(plan: Plan) -> tuple[Panel, ...]:
    if not plan.slos:
        return ()
    of_slo = f"{{{{{name.SLO}}}}}"
    good = f"1 - sum_over_time({name.SLI_ERRORS_SUM}[1d]) / (sum_over_time({name.SLI_TOTAL_SUM}[1d]) > 0)"
    events = f"avg_over_time({name.SLI_TOTAL}[1d]) * {DAY_SECONDS}"
    week = f"avg_over_time({name.SLI_TOTAL}[1d]) / (avg_over_time({name.SLI_TOTAL}[1d] offset 7d) > 0) - 1"
    daily = asked(
        plan,
        text("每日达成率", "Daily success"),
        text("每天达到目标的事件占比。", "Share of a day's events that met the objective."),
        "timeseries",
        Query(good, of_slo),
    )
    volume = asked(
        plan,
        text("每日事件数", "Events a day"),
        text("每天被计入目标的事件。", "Events of a day that count for each objective."),
        "timeseries",
        Query(events, of_slo),
    )
    growth = asked(
        plan,
        text("与上周相比", "Against last week"),
        text("事件数相对一周前的变化。", "Change of the volume against a week before."),
        "timeseries",
        Query(week, of_slo),
    )
    budgets = replace(budget_over_time(plan), since="", width=HALF)
    return (
        replace(daily, unit="percentunit", width=HALF),
        budgets,
        replace(volume, low=Decimal(0), width=HALF),
        replace(growth, unit="percentunit", width=HALF),
    )


def _alerts(plan: Plan) -> tuple[Panel, ...]:
    of = f"{{{{{name.SEVERITY}}}}}"
    times = asked(
        plan,
        text("每日告警次数", "Alerts a day"),
        text("每天开始触发的告警。", "Alerts that began to fire within a day."),
        "timeseries",
        Query(begins(OF_SERVICE, name.SEVERITY, "1d"), of),
    )
    hours = asked(
        plan,
        text("每日告警时长", "Time under alert a day"),
        text("每天处于告警中的总时长。", "Time for which alerts fired within a day."),
        "timeseries",
        Query(fired_for(OF_SERVICE, name.SEVERITY, "1d"), of),
    )
    return (
        replace(times, stacked=True, low=Decimal(0), width=HALF),
        replace(hours, unit="s", stacked=True, low=Decimal(0), width=HALF),
    )


def compile_trends(plan: Plan) -> Dashboard:
    """Thirty days."""
    signals = tuple(
        Row(
            say(plan, kind.title),
            tuple(
                replace(from_plan(panel, plan, THIRD), width=THIRD)
                for panel in headline(kind.panels)
                if panel.kind == "timeseries"
            ),
        )
        for kind in applications(plan)
    )
    rows = (
        Row(say(plan, text("可靠性与业务量", "Reliability and volume")), _reliability(plan)),
        *signals,
        Row(say(plan, text("告警", "Alerts")), _alerts(plan)),
    )
    return dashboard(plan, "trends", rows, (services(plan),), refresh="15m", since="now-30d")
