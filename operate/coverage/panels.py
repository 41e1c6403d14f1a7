"""Dashboard coverage: panels with data. In: the Ground. Out: one item for each panel that asks for something, and for what must be drawn:
every metric that the spec declares, and of every application the four signals that the on-call looks at first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from generators.compile.dashboards.coverage import business_metrics
from generators.compile.dashboards.panels import SIGNALS
from generators.fault import NOWHERE, Where
from generators.ir.dashboards import Dashboard, Panel, Query
from generators.promql import parse
from generators.promql.walk import metric_names
from operate.coverage.asking import chosen, text
from operate.coverage.figure import Figure, Gap, Item, LeftOut
from operate.coverage.ground import Ground
from operate.coverage.reasons import Reason, Reasons
from operate.live import http, queries, traces

ABOUT_ITSELF = "coverage"
"""The dashboard that asks of every metric whether it is there: it draws none."""
AT_ONCE = 8
"""Queries under way at the same time."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with what the variables of its dashboard hold."""

    dashboard: Dashboard
    panel: Panel
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.dashboard.uid}: {self.panel.title}"

    @property
    def where(self) -> Where:
        """Where the first query was written, or the panel; the dashboard's file where the compiler made it."""
        written = next((query.written.where for query in self.panel.queries if query.written), None)
        return written or (
            self.panel.where if self.panel.where != NOWHERE else Where(f"grafana/dashboards/{self.dashboard.uid}.json")
        )


def figure(ground: Ground) -> Figure:
    """The figure."""
    shown = [one for dashboard in ground.grafana.dashboards for one in panels(ground, dashboard) if one.panel.queries]
    reasons, there = Reasons(ground), released(ground)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = list(pool.map(lambda one: _judge(ground, reasons, there, one), shown))
    items = [one for one in answers if isinstance(one, Item)]
    left = [one for one in answers if isinstance(one, LeftOut)]
    return Figure(
        "dashboards", ground.plan.goals.dashboard_coverage, (*items, *_drawn(ground, shown), *_signals(ground)), tuple(left)
    )


def panels(ground: Ground, dashboard: Dashboard) -> Iterator[Shown]:
    """The panels of a dashboard."""
    values = chosen(ground, dashboard)
    for row in dashboard.rows:
        for panel in row.panels:
            yield Shown(dashboard, panel, values)


def released(ground: Ground) -> Mapping[str, frozenset[str]]:
    """The titles of the panels that were released, by dashboard."""
    found = {}
    for path, written in ground.files.items():
        if path.startswith("grafana/dashboards/"):
            model = json.loads(written)
            found[str(model.get("uid", ""))] = frozenset(_titles(model.get("panels", ())))
    return found


def _titles(found: object) -> Iterator[str]:
    for panel in found if isinstance(found, list) else ():
        yield str(panel.get("title", ""))
        yield from _titles(panel.get("panels"))


def _judge(ground: Ground, reasons: Reasons, there: Mapping[str, frozenset[str]], one: Shown) -> Item | LeftOut:
    if one.panel.title not in there.get(one.dashboard.uid, frozenset()):
        return Item(one.name, (Gap(f"{one.name} was not released", one.where, "`touchline deploy` brings it back."),))
    gaps: list[Gap] = []
    excused: list[Reason] = []
    for query in one.panel.queries:
        what, reason = _answer(ground, reasons, one, query)
        if reason:
            excused.append(reason)
        elif what:
            fix = "See whether what it asks for is exported, and under these names and labels."
            gaps.append(Gap(f"{one.name}: {what}", query.written.where if query.written else one.where, fix))
    if excused and not gaps:
        return LeftOut(one.name, excused[0].code, excused[0].because, one.where)
    return Item(one.name, tuple(gaps))


def _answer(ground: Ground, reasons: Reasons, one: Shown, query: Query) -> tuple[str, Reason | None]:
    """What is wrong with the answer to a query, "" where it has data; and why that need not be, where there is a reason."""
    if query.datasource != "prometheus":
        return _of_jaeger(ground, one, query), None
    expr = text(query, one.values)
    try:
        found = queries.instant(ground.prometheus, expr) if query.instant else queries.drawn(ground.prometheus, expr, ground.last)
    except http.Unreachable as error:
        return f"its query is refused: {error.why}", None
    if found:
        return "", None
    return f"no data within {ground.last} s for {expr}", reasons.of_expression(parse(expr))


def _of_jaeger(ground: Ground, one: Shown, query: Query) -> str:
    if not ground.jaeger:
        return "no Jaeger runs"
    try:
        if one.panel.kind == "nodegraph":
            return "" if traces.dependencies(ground.jaeger, ground.last) else "no service calls another in the traces kept"
        service = text(query, one.values)
        return "" if service and traces.search(ground.jaeger, service, "", ground.last, 1) else f"no traces of '{service}'"
    except http.Unreachable as error:
        return f"Jaeger does not answer: {error}"


def _drawn(ground: Ground, shown: Iterable[Shown]) -> Iterator[Item]:
    """Every metric that the spec declares stands on a panel."""
    asked = {ground.contract.by_series[name].name for name in _asked(shown) if name in ground.contract.by_series}
    for metric in business_metrics(ground.plan):
        gap = Gap(
            f"{metric.name} is drawn on no panel", metric.where, "Draw it under `panels:`, with an `aspect` that says where."
        )
        yield Item(f"{metric.name} is drawn", () if metric.name in asked else (gap,))


def _asked(shown: Iterable[Shown]) -> Iterator[str]:
    for one in shown:
        if one.dashboard.uid != ABOUT_ITSELF:
            for query in one.panel.queries:
                if query.datasource == "prometheus":
                    yield from metric_names(parse(text(query, one.values)))


def _signals(ground: Ground) -> Iterator[Item]:
    """Rate, errors, duration and saturation of every application."""
    by_kind = {kind.kind: {panel.aspect for panel in kind.panels} for kind in ground.plan.kind_panels}
    for service in ground.plan.services:
        for signal in SIGNALS if service.application else ():
            fix = f"Give the kind {service.kind} a panel with `aspect: {signal}`."
            gap = Gap(f"no panel shows the {signal} of {service.name}", service.where, fix)
            yield Item(f"{signal} of {service.name} is drawn", () if signal in by_kind.get(service.kind, ()) else (gap,))
