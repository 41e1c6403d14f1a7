"""Plan -> Grafana IR: every dashboard, and the datasources they ask. What the team wrote (panels, dashboards, kinds in use) and
what every team needs (overview, objectives, alerts, coverage, trends) go through the same panels and frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generators.compile.dashboards.alerts import compile_alerts
from generators.compile.dashboards.business import compile_business
from generators.compile.dashboards.coverage import compile_coverage
from generators.compile.dashboards.datasources import compile_datasources
from generators.compile.dashboards.frame import dashboard, services
from generators.compile.dashboards.kinds import compile_kinds
from generators.compile.dashboards.objectives import compile_objectives
from generators.compile.dashboards.overview import compile_overview
from generators.compile.dashboards.panels import HALF, from_plan
from generators.compile.dashboards.trends import compile_trends
from generators.compile.dashboards.words import say
from generators.ir.dashboards import Dashboard, ForeignDashboard, Grafana, Row
from generators.ir.stack import RELEASES_TARGET
from generators.plan import DashboardPlan, Plan

__all__ = ["compile_grafana"]


def compile_grafana(plan: Plan) -> Grafana:
    """Everything Grafana is provisioned with."""
    return Grafana(
        dashboards=_with_the_specs_own(plan, tuple(_core(plan))),
        foreign=tuple(_foreign(plan)),
        datasources=compile_datasources(plan),
        folder=say(plan, plan.project.title),
        home="overview",
        dashboards_dir=f"{RELEASES_TARGET}/current/grafana/dashboards",
    )


def _core(plan: Plan) -> Iterator[Dashboard]:
    yield compile_overview(plan)
    if plan.slos:
        yield compile_objectives(plan)
    yield from compile_kinds(plan)
    yield from compile_business(plan)
    yield compile_alerts(plan)
    yield compile_coverage(plan)
    yield compile_trends(plan)


def _foreign(plan: Plan) -> Iterator[ForeignDashboard]:
    """What mixins brought along."""
    for mixin in plan.mixins:
        for uid, model in mixin.dashboards.items():
            if isinstance(model, Mapping):
                yield ForeignDashboard(uid, str(model.get("title") or uid), model, mixin.where)


def _rows(plan: Plan, wanted: DashboardPlan) -> tuple[Row, ...]:
    return tuple(Row(say(plan, title), tuple(from_plan(panel, plan, HALF) for panel in panels)) for title, panels in wanted.rows)


def _with_the_specs_own(plan: Plan, core: tuple[Dashboard, ...]) -> tuple[Dashboard, ...]:
    """A dashboard of the spec adds its rows to that of the core with the same uid, or stands beside the others."""
    own = {wanted.uid: wanted for wanted in plan.dashboards}
    grown = (replace(each, rows=each.rows + _rows(plan, own[each.uid])) if each.uid in own else each for each in core)
    known = {each.uid for each in core}
    new = (
        replace(
            dashboard(plan, wanted.uid, _rows(plan, wanted), (services(plan),), (wanted.title, wanted.description)),
            where=wanted.where,
        )
        for wanted in plan.dashboards
        if wanted.uid not in known
    )
    return (*grown, *new)
