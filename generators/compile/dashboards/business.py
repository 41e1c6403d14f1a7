"""What the team watches of its own business. In: the spec's own panels, by aspect. Out: a dashboard for each aspect in use
(business, users, models, quality), and one of the state right now, with the last value of every panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generators import conventions as name
from generators import plan as planned
from generators.compile.dashboards.alerts import firing_table
from generators.compile.dashboards.frame import dashboard
from generators.compile.dashboards.panels import HALF, LARGE, QUARTER, from_plan
from generators.compile.dashboards.words import DASHBOARDS, say, text
from generators.ir.dashboards import Dashboard, Panel, Row
from generators.plan import Plan

ASPECTS = ("business", "users", "models", "quality")
OF_BUSINESS = f'{name.SIGNAL}="business"'
NOW = "now-15m"


def own_panels(plan: Plan) -> tuple[planned.Panel, ...]:
    """The panels that the spec itself asks for; the catalogue's have a kind."""
    return tuple(panel for kind in plan.kind_panels if not kind.kind for panel in kind.panels)


def _on(panel: planned.Panel) -> str:
    return panel.dashboard or (panel.aspect if panel.aspect in ASPECTS else "business")


def _alerts(plan: Plan) -> Row:
    return Row(say(plan, text("业务告警", "Business alerts")), (replace(firing_table(plan, OF_BUSINESS), width=LARGE),))


def _live(plan: Plan, panels: tuple[planned.Panel, ...]) -> Dashboard:
    rows = [
        Row(say(plan, DASHBOARDS[aspect][0]), tuple(_now(from_plan(panel, plan)) for panel in panels if _on(panel) == aspect))
        for aspect in ASPECTS
    ]
    return dashboard(plan, "live", [*rows, _alerts(plan)], refresh="5s", since=NOW)


def _now(panel: Panel) -> Panel:
    """The same question, answered with the last value."""
    width = HALF if len(panel.queries) > 1 or panel.queries[0].legend else QUARTER
    return replace(panel, kind="stat", width=width, height=5, threshold_lines=False, columns=())


def compile_business(plan: Plan) -> Iterator[Dashboard]:
    """A dashboard for each aspect, and the live one."""
    panels = own_panels(plan)
    for aspect in ASPECTS:
        mine = tuple(from_plan(panel, plan, HALF) for panel in panels if _on(panel) == aspect)
        if mine:
            yield dashboard(plan, aspect, [Row("", mine), _alerts(plan)])
    if panels:
        yield _live(plan, panels)
