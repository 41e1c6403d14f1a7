"""Objectives on dashboards. In: the Plan's SLOs and the tiers of slo.py. Out: what is left of each error budget, how fast it
burns (with the tiers' own factors as thresholds), how much history stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.compile.dashboards.frame import OF_SERVICE, dashboard, joined
from generators.compile.dashboards.panels import HALF, LARGE, QUARTER, asked, below
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Column, Dashboard, Link, Panel, Query, Row, Threshold, Variable
from generators.plan import LatencySli, Plan
from generators.slo import TIERS

UNITS = {"seconds": "s", "milliseconds": "ms"}
EMPTY, LOW = Decimal(0), Decimal("0.25")
BUDGET = (Threshold(None, "red"), Threshold(EMPTY, "orange"), Threshold(LOW, "green"))


def _mine(series: str) -> str:
    """The series of the chosen services' SLOs: only the info series knows whose an SLO is."""
    return f"{series} and on ({name.SLO}) {name.EVENT_FLOOR}{joined(OF_SERVICE)}"


def factors(burn: str) -> tuple[Threshold, ...]:
    """Where the tiers of one burn fire: the lowest factor warns, the highest alarms."""
    found = sorted(tier.factor for tier in TIERS if tier.burn == burn)
    steps = tuple(Threshold(factor, "red" if factor == found[-1] else "orange") for factor in found)
    return (Threshold(None, "green"), *steps)


def table(plan: Plan) -> Panel:
    """Every SLO, the poorest first."""
    panel = asked(
        plan,
        text("全部目标", "All objectives"),
        text(
            "剩余预算最少的在上面；“历史”不足 100% 的目标还太年轻，不能下结论。",
            "The least budget first; an objective with less than 100 % of history is too young to judge.",
        ),
        "table",
        Query(f"max by ({name.SLO}, {name.SERVICE}, objective, window) ({name.EVENT_FLOOR}{joined(OF_SERVICE)})"),
        Query(f"max by ({name.SLO}) ({_mine(name.BUDGET_REMAINING)})"),
        Query(f"max by ({name.SLO}) ({_mine(name.burn_rate(TIERS[0].long_text))})"),
        Query(f"max by ({name.SLO}) ({_mine(name.burn_rate(TIERS[-1].long_text))})"),
        Query(f"max by ({name.SLO}) ({_mine(name.HISTORY)})"),
    )
    service = Link(say(plan, text("这个服务的目标", "This service's objectives")), "/d/slo?var-service=${__value.raw}")
    burn = text("消耗速度", "Burn rate")
    columns = (
        Column(name.SLO, say(plan, text("目标", "Objective"))),
        Column(name.SERVICE, say(plan, text("服务", "Service")), data_links=(service,)),
        Column("objective", say(plan, text("要求", "Wanted"))),
        Column("window", say(plan, text("周期", "Window"))),
        Column("Value #B", say(plan, text("剩余预算", "Budget left")), "percentunit", BUDGET, "rising"),
        Column("Value #C", f"{say(plan, burn)} {TIERS[0].long_text}", "short", factors("page")),
        Column("Value #D", f"{say(plan, burn)} {TIERS[-1].long_text}", "short", factors("ticket")),
        Column("Value #E", say(plan, text("历史", "History")), "percentunit"),
    )
    return replace(panel, columns=columns, width=LARGE, height=10)


def least_budget(plan: Plan) -> Panel:
    """The poorest budget of all."""
    panel = asked(
        plan,
        text("最少的剩余预算", "Least budget left"),
        text("所有目标中剩余错误预算最少的一个。", "The objective with the least error budget left."),
        "stat",
        Query(f"min({name.BUDGET_REMAINING})"),
    )
    return replace(panel, unit="percentunit", thresholds=BUDGET, width=QUARTER, height=4)


def _burn(plan: Plan, window: str, burn: str) -> Panel:
    panel = asked(
        plan,
        text(f"消耗速度 {window}", f"Burn rate {window}"),
        text(
            "1 表示预算恰好在周期末用完；虚线是告警的界限。",
            "At 1 the budget lasts exactly its window; dashed lines are the alerts' bounds.",
        ),
        "timeseries",
        Query(_mine(name.burn_rate(window)), f"{{{{{name.SLO}}}}}"),
    )
    return replace(panel, thresholds=factors(burn), threshold_lines=True, low=Decimal(0))


def budget_over_time(plan: Plan) -> Panel:
    """How the budgets were spent."""
    panel = asked(
        plan,
        text("剩余预算的变化", "Budget left over time"),
        text("30 天内每个目标剩余的错误预算。", "The error budget left of each objective over 30 days."),
        "timeseries",
        Query(_mine(name.BUDGET_REMAINING), f"{{{{{name.SLO}}}}}"),
    )
    return replace(panel, unit="percentunit", thresholds=below(EMPTY), threshold_lines=True, since="30d")


def _traffic(plan: Plan) -> tuple[Panel, ...]:
    ratio = asked(
        plan,
        text("错误比例", "Error ratio"),
        text("未达到目标的事件占比。", "Share of events that miss the objective."),
        "timeseries",
        Query(_mine(f"{name.SLI_ERRORS} / ({name.SLI_TOTAL} > 0)"), f"{{{{{name.SLO}}}}}"),
    )
    total = asked(
        plan,
        text("事件速率", "Events"),
        text("每秒被计入目标的事件。", "Events a second that count for each objective."),
        "timeseries",
        Query(_mine(name.SLI_TOTAL), f"{{{{{name.SLO}}}}}"),
    )
    return (replace(ratio, unit="percentunit", low=Decimal(0)), replace(total, unit="ops", low=Decimal(0)))


def service_row(plan: Plan) -> Row:
    """The objectives of the chosen services, for a service's own dashboard."""
    fast = next(tier for tier in TIERS if tier.burn == "page")
    panels = (_burn(plan, fast.long_text, "page"), budget_over_time(plan))
    return Row(say(plan, text("服务目标", "Objectives")), tuple(replace(panel, width=HALF) for panel in panels))


def latency_spread(plan: Plan, kinds: Iterable[str]) -> Iterator[Panel]:
    """All requests by how long they took, from the histograms that latency objectives of these kinds read; a dot opens a trace."""
    kinds = frozenset(kinds)
    of_kinds = [slo.sli for slo in plan.slos if isinstance(slo.sli, LatencySli) and slo.service.kind in kinds]
    for metric in dict.fromkeys(sli.histogram.partition("{")[0] for sli in of_kinds):
        unit = UNITS.get(plan.contract.metrics[metric].unit, "short")
        panel = asked(
            plan,
            text("延迟分布", "Spread of latency"),
            text("全部请求按耗时分布；点击样点打开链路。", "All requests by the time they took; a dot opens its trace."),
            "heatmap",
            Query(f"sum by (le) (rate({metric}_bucket{joined(OF_SERVICE)}[$__rate_interval]))", exemplars=True),
        )
        yield replace(panel, unit=unit, width=LARGE, height=10)


def compile_objectives(plan: Plan) -> Dashboard:
    """All objectives at a glance."""
    service = Variable("service", say(plan, text("服务", "Service")), f"label_values({name.EVENT_FLOOR}, {name.SERVICE})")
    page = next(tier for tier in TIERS if tier.burn == "page")
    ticket = next(tier for tier in reversed(TIERS) if tier.burn == "ticket")
    rows = (
        Row("", (table(plan),)),
        Row(
            say(plan, text("消耗与预算", "Burn and budget")),
            (_burn(plan, page.long_text, "page"), _burn(plan, ticket.long_text, "ticket"), *_traffic(plan)),
        ),
        Row(say(plan, text("预算的历史", "History of the budgets")), (replace(budget_over_time(plan), width=LARGE),)),
    )
    return dashboard(plan, "slo", rows, (service,), since="now-6h")
