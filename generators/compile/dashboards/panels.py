"""Panels of the Plan as panels of Grafana. In: what the catalogue and the spec ask for. Out: IR panels with units, words in every
language, and thresholds that are the very bounds of the alerts they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from generators import plan as planned
from generators.compile.dashboards.words import explain, say, text
from generators.fault import NOWHERE
from generators.ir.dashboards import Color, Column, Link, Panel, PanelKind, Query, Row, Threshold
from generators.plan import Alert, Plan, Text

SIGNALS = ("rate", "errors", "duration", "saturation")
"""Where the on-call looks first, in this order (https://sre.google/sre-book/monitoring-distributed-systems/)."""

LARGE, HALF, THIRD, QUARTER = 24, 12, 8, 6
SEVERITY_COLOR: dict[str, Color] = {"critical": "red", "warning": "orange", "info": "yellow"}
ONE = Decimal(1)


def below(bound: Decimal, color: Color = "red") -> tuple[Threshold, ...]:
    """Bad below the bound."""
    return (Threshold(None, color), Threshold(bound, "green"))


def above(bound: Decimal, color: Color = "red") -> tuple[Threshold, ...]:
    """Bad from the bound upward."""
    return (Threshold(None, "green"), Threshold(bound, color))


def thresholds(alert: Alert | None) -> tuple[Threshold, ...]:
    """The alert's own bound, in its severity's colour."""
    if alert is None or alert.bound is None:
        return ()
    color = SEVERITY_COLOR[alert.severity]
    if alert.op in (">", ">="):
        return above(alert.bound, color)
    if alert.op in ("<", "<="):
        return below(alert.bound, color)
    return below(alert.bound + 1, color) if alert.op == "==" else ()


def alert_of(plan: Plan, name: str) -> Alert | None:
    """The alert of that name, if this plan has it."""
    return next((alert for alert in plan.alerts if alert.name == name), None) if name else None


def from_plan(panel: planned.Panel, plan: Plan, width: int = HALF) -> Panel:
    """One panel of the Plan."""
    alert = alert_of(plan, panel.alert)
    steps = thresholds(alert)
    kind = cast(PanelKind, panel.kind)
    is_state = kind == "stat" and alert is not None and alert.op == "==" and alert.bound == 0
    return Panel(
        title=say(plan, panel.title),
        kind=kind,
        queries=tuple(
            Query(query.expr, query.legend, exemplars=query.exemplars, where=panel.where, written=query.written)
            for query in panel.queries
        ),
        description=explain(plan, panel.description),
        unit=panel.unit,
        width=panel.width or width,
        low=Decimal(0) if panel.low is None and kind == "timeseries" else panel.low,
        high=panel.high if kind in ("gauge", "bargauge", "stat") or _is_saturation(panel) else None,
        thresholds=steps,
        threshold_lines=bool(steps) and kind == "timeseries",
        columns=tuple(
            Column(field, title, panel.unit if field == "Value" else "", order="falling" if field == "Value" else "")
            for field, title in panel.columns.items()
        ),
        mappings=up_or_down(plan) if is_state else {},
        where=panel.where,
    )


def _is_saturation(panel: planned.Panel) -> bool:
    """A share of something that can be full is read against the whole; a share of errors would be a line at the bottom."""
    return panel.aspect in ("saturation", "quality", "models")


def up_or_down(plan: Plan) -> dict[str, tuple[str, Color]]:
    """What 1 and 0 mean for something that is up or down."""
    return {"1": (say(plan, text("正常", "up")), "green"), "0": (say(plan, text("停止", "down")), "red")}


def headline(panels: Iterable[planned.Panel]) -> list[planned.Panel]:
    """The first panel of each signal, in the order in which the on-call looks."""
    known = list(panels)
    first = (next((panel for panel in known if panel.aspect == signal), None) for signal in SIGNALS)
    return [panel for panel in first if panel is not None]


def in_rows(plan: Plan, panels: Sequence[planned.Panel], title: Text | None = None) -> tuple[Row, ...]:
    """The signals first, large; the rest under them, smaller."""
    first = headline(panels)
    rest = [panel for panel in panels if panel not in first]
    name = say(plan, title) if title else ""
    more = text("更多", "more")
    rows = (
        Row(name, tuple(from_plan(panel, plan, HALF) for panel in first)),
        Row(f"{name} · {say(plan, more)}" if name else say(plan, more), tuple(from_plan(panel, plan, THIRD) for panel in rest)),
    )
    return tuple(row for row in rows if row.panels)


def asked(plan: Plan, title: Text, description: Text, kind: PanelKind, *queries: Query) -> Panel:
    """A panel of the core; `dataclasses.replace` says the rest."""
    return Panel(say(plan, title), kind, tuple(queries), explain(plan, description), where=NOWHERE)


def leading(panel: Panel, plan: Plan, uid: str) -> Panel:
    """The panel with a link to the dashboard that knows more."""
    return replace(panel, links=(Link(say(plan, text("详情", "More")), f"/d/{uid}"),))
