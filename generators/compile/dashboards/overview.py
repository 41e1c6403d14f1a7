"""The first dashboard people see. In: a Plan. Out: is anything wrong, where, and since when, before any detail: counts, alerts
that fire, objectives, the four signals of what serves users, the state of everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generators import conventions as name
from generators.compile.dashboards.alerts import firing_count, firing_table
from generators.compile.dashboards.frame import FIRING, OF_SERVICE, dashboard, joined, services
from generators.compile.dashboards.kinds import ABOUT_OURSELVES, applications, uid_of
from generators.compile.dashboards.monitoring import targets_up
from generators.compile.dashboards.objectives import BUDGET, least_budget
from generators.compile.dashboards.panels import HALF, LARGE, THIRD, asked, from_plan, headline, leading, up_or_down
from generators.compile.dashboards.words import say, text
from generators.ir.dashboards import Column, Dashboard, Link, Panel, Query, Row
from generators.plan import KindPanels, Plan


def _service_table(plan: Plan) -> Panel:
    """Each service: up or not, how many alerts, how much budget."""
    by = f"{name.SERVICE}, kind, {name.TIER}"
    queries = [
        Query(f"min by ({by}) (up{joined(OF_SERVICE)})"),
        Query(f"count by ({name.SERVICE}) (ALERTS{joined(FIRING_OF_SERVICE)})"),
    ]
    columns = [
        Column(name.SERVICE, say(plan, text("服务", "Service")), data_links=(_alerts_of(plan),)),
        Column("kind", say(plan, text("类型", "Kind"))),
        Column(name.TIER, say(plan, text("等级", "Tier"))),
        Column("Value #A", say(plan, text("在线", "Up")), unit="bool_yes_no"),
        Column("Value #B", say(plan, text("告警", "Alerts")), unit="short", order="falling"),
    ]
    if plan.slos:
        whose = f"max by ({name.SLO}, {name.SERVICE}) (clamp({name.EVENT_FLOOR}{joined(OF_SERVICE)}, 1, 1))"
        join = f"on ({name.SLO}) group_right () {whose}"
        queries.append(Query(f"min by ({name.SERVICE}) (max by ({name.SLO}) ({name.BUDGET_REMAINING}) * {join})"))
        columns.append(Column("Value #C", say(plan, text("剩余预算", "Budget left")), "percentunit", BUDGET))
    panel = asked(
        plan,
        text("全部服务", "All services"),
        text("告警最多的在上面；点击服务看它的告警。", "The most alerts first; a service leads to its alerts."),
        "table",
        *queries,
    )
    return replace(panel, columns=tuple(columns), width=HALF, height=10)


FIRING_OF_SERVICE = f"{FIRING}, {OF_SERVICE}"


def _alerts_of(plan: Plan) -> Link:
    return Link(say(plan, text("这个服务的告警", "Alerts of this service")), "/d/alerts?var-service=${__value.raw}")


def _history(plan: Plan) -> Panel:
    panel = asked(
        plan,
        text("服务状态", "Services over time"),
        text("每个服务何时不可用。", "When each service was down."),
        "statetimeline",
        Query(f"max by ({name.SERVICE}) (up{joined(OF_SERVICE)})", f"{{{{{name.SERVICE}}}}}"),
    )
    return replace(panel, mappings=up_or_down(plan), width=LARGE, height=8)


def _signals(plan: Plan, kind: KindPanels) -> Row:
    """The first three signals of a kind that serves users."""
    panels = (leading(from_plan(panel, plan, THIRD), plan, uid_of(kind)) for panel in headline(kind.panels)[:3])
    return Row(say(plan, kind.title), tuple(replace(panel, width=THIRD) for panel in panels))


def _rest(plan: Plan) -> Iterator[Panel]:
    """One panel of each other kind: what runs full first."""
    served = {kind.kind for kind in applications(plan)}
    for kind in plan.kind_panels:
        if not kind.kind or not kind.panels or kind.kind in served or uid_of(kind) in ABOUT_OURSELVES:
            continue
        full = next((panel for panel in kind.panels if panel.aspect == "saturation"), kind.panels[0])
        panel = leading(from_plan(full, plan, THIRD), plan, uid_of(kind))
        yield replace(panel, title=f"{say(plan, kind.title)} · {panel.title}", width=THIRD)


def compile_overview(plan: Plan) -> Dashboard:
    """The APM overview."""
    first = [firing_count(plan, "critical", OF_SERVICE), firing_count(plan, "warning", OF_SERVICE), targets_up(plan)]
    if plan.slos:
        first.append(least_budget(plan))
    rows = (
        Row("", tuple(first)),
        Row(say(plan, text("现在", "Now")), (replace(firing_table(plan, OF_SERVICE), height=10), _service_table(plan))),
        *(_signals(plan, kind) for kind in applications(plan)),
        Row(say(plan, text("依赖与资源", "Dependencies and resources")), tuple(_rest(plan))),
        Row(say(plan, text("历史", "History")), (_history(plan),)),
    )
    return dashboard(plan, "overview", rows, (services(plan),))
