"""Panels and dashboards that the catalogue and the spec ask for. In: their words. Out: plan Panels whose queries name only what
the contract has; faults for those that do not, and for thresholds of alerts that are not there."""

from __future__ import annotations

import re
from collections.abc import Collection

from generators.catalogue import ANY
from generators.ir.contract import Contract
from generators.plan import DashboardPlan, KindPanels, Panel, PanelQuery
from generators.promql import kind_of
from generators.resolve.context import Context
from generators.resolve.queries import read_query
from generators.spec import model
from generators.spec.source import Place, Source, Spot

VARIABLE_RANGE = re.compile(r"\$__(rate_interval|interval|range)|\$\{__(rate_interval|interval|range)\}")


def resolve_panels(context: Context, contract: Contract, alerts: Collection[str]) -> tuple[KindPanels, ...]:
    """The panels of every kind in use; those of the spec itself come under the kind ""."""
    found = []
    for kind, entry in context.used_kinds.items():
        if kind != ANY or entry.kind.panels:
            panels = tuple(
                _panel(context, contract, alerts, panel, entry.source, ("panels", index))
                for index, panel in enumerate(entry.kind.panels)
                if _drawn(context, panel)
            )
            found.append(KindPanels(kind, context.text(entry.kind.title), panels, entry.kind.dashboard or kind))
    own = tuple(
        _panel(context, contract, alerts, panel, context.source, ("panels", index))
        for index, panel in enumerate(context.spec.panels)
        if _drawn(context, panel)
    )
    return (*found, KindPanels("", context.text(context.spec.project.title), own))


def resolve_dashboards(context: Context, contract: Contract, alerts: Collection[str]) -> tuple[DashboardPlan, ...]:
    """The dashboards the spec adds."""
    found = []
    for uid, dashboard in context.spec.dashboards.items():
        rows = tuple(
            (
                context.text(row.title),
                tuple(
                    _panel(context, contract, alerts, panel, context.source, ("dashboards", uid, "rows", at, "panels", index))
                    for index, panel in enumerate(row.panels)
                    if _drawn(context, panel)
                ),
            )
            for at, row in enumerate(dashboard.rows)
        )
        where = context.where_key("dashboards", uid)
        found.append(DashboardPlan(uid, context.text(dashboard.title), context.text(dashboard.description), rows, where))
    return tuple(found)


def _drawn(context: Context, panel: model.Panel) -> bool:
    return panel.engine in (None, context.engine)


def _panel(
    context: Context, contract: Contract, alerts: Collection[str], panel: model.Panel, source: Source, place: Place
) -> Panel:
    queries = _queries(context, panel, source, place)
    for query, spot in queries:
        _check(context, contract, query.expr, spot)
    alert = panel.alert
    if alert and alert not in alerts:
        # A catalogue may name an alert that only some specs have; a spec must know its own.
        alert = ""
        if source is context.source:
            context.unknown("alert", panel.alert, alerts, (*place, "alert"))
    return Panel(
        title=context.text(panel.title),
        description=context.text(panel.description),
        kind=panel.kind,
        queries=tuple(query for query, _ in queries),
        unit=panel.unit,
        aspect=panel.aspect,
        alert=alert,
        low=panel.range[0],
        high=panel.range[1],
        width=panel.width,
        columns={label: context.text(title)[context.spec.project.locale] for label, title in panel.columns.items()},
        where=source.where(place),
    )


def _queries(context: Context, panel: model.Panel, source: Source, place: Place) -> list[tuple[PanelQuery, Spot]]:
    if (panel.query is None) == (not panel.queries):
        context.fault("panel", source.where(place), "a panel has either `query` or `queries`", "Give it exactly one of the two.")
    if panel.query is not None:
        return [_query(panel.query, panel.legend, panel.exemplars, source.spot((*place, "query")))]
    return [
        _query(one.query, one.legend, one.exemplars, source.spot((*place, "queries", index, "query")))
        for index, one in enumerate(panel.queries)
    ]


def _query(expr: str, legend: str, exemplars: bool, spot: Spot) -> tuple[PanelQuery, Spot]:
    return PanelQuery(expr, legend, exemplars, spot.written(expr)), spot


def _check(context: Context, contract: Contract, expr: str, spot: Spot) -> None:
    """A dashboard's query is PromQL but for Grafana's variables: ranges stand for a duration of the same length of text."""
    plain = VARIABLE_RANGE.sub(lambda match: "5m".rjust(len(match[0])), expr)
    tree = read_query(context, contract, plain, spot)
    if tree is not None and kind_of(tree) not in ("vector", "scalar"):
        what = f"a panel cannot draw a {kind_of(tree)}"
        context.fault("promql", spot.plus(0), what, "Put a function such as rate() around the range.")
