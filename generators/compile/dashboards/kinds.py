"""One dashboard for each kind of service in use, or for the kinds that share one. In: the catalogue's panels. Out: the four
signals first, the rest under them; objectives and alerts of the chosen service; what only some dashboards need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from generators.compile.dashboards.alerts import firing_table
from generators.compile.dashboards.frame import OF_SERVICE, dashboard, services
from generators.compile.dashboards.monitoring import monitoring_rows
from generators.compile.dashboards.objectives import latency_spread, service_row
from generators.compile.dashboards.panels import LARGE, in_rows
from generators.compile.dashboards.tracing import traced_service, tracing_rows
from generators.compile.dashboards.words import DASHBOARDS, say, text
from generators.ir.dashboards import Dashboard, Row, Variable
from generators.plan import KindPanels, Plan, Text

FIRST: Mapping[str, Callable[[Plan], tuple[Row, ...]]] = {"monitoring": monitoring_rows}
LAST: Mapping[str, Callable[[Plan], tuple[Row, ...]]] = {"tracing": tracing_rows}
"""Rows of the core before and after the catalogue's panels, by dashboard."""
ABOUT_OURSELVES = frozenset({*FIRST, *LAST})
"""Dashboards of the monitoring's own parts: not what the team runs."""


def uid_of(kind: KindPanels) -> str:
    """The dashboard on which a kind stands."""
    return kind.dashboard or kind.kind


def applications(plan: Plan) -> tuple[KindPanels, ...]:
    """The kinds that serve users: their services declare operations or objectives."""
    served = {service.kind for service in plan.services if service.operations}
    served |= {slo.service.kind for slo in plan.slos}
    return tuple(kind for kind in plan.kind_panels if kind.kind in served)


def by_dashboard(plan: Plan) -> dict[str, list[KindPanels]]:
    """The kinds in use by the dashboard they stand on."""
    found: dict[str, list[KindPanels]] = {}
    for kind in plan.kind_panels:
        if kind.kind and kind.panels:
            found.setdefault(uid_of(kind), []).append(kind)
    return found


def _words(uid: str, kinds: list[KindPanels]) -> tuple[Text, Text]:
    if uid in DASHBOARDS:
        return DASHBOARDS[uid]
    title = kinds[0].title
    return title, {locale: f"{words}: {_SIGNALS.get(locale, _SIGNALS['en'])}" for locale, words in title.items()}


_SIGNALS = text("速率、错误、耗时、饱和度。", "rate, errors, duration and saturation.")


def _variables(plan: Plan, uid: str, kinds: list[KindPanels]) -> tuple[Variable, ...]:
    mine = services(plan, [kind.kind for kind in kinds])
    return (mine, traced_service(plan)) if uid == "tracing" else (mine,)


def compile_kinds(plan: Plan) -> Iterator[Dashboard]:
    """A dashboard for each group of kinds."""
    served = {kind.kind for kind in applications(plan)}
    for uid, kinds in by_dashboard(plan).items():
        rows = list(FIRST[uid](plan)) if uid in FIRST else []
        for kind in kinds:
            rows.extend(in_rows(plan, kind.panels, kind.title if len(kinds) > 1 or rows else None))
        rows.extend(LAST[uid](plan) if uid in LAST else ())
        rows.append(Row(say(plan, text("延迟", "Latency")), tuple(latency_spread(plan, [kind.kind for kind in kinds]))))
        if plan.slos and any(kind.kind in served for kind in kinds):
            rows.append(service_row(plan))
        firing = replace(firing_table(plan, OF_SERVICE), width=LARGE)
        rows.append(Row(say(plan, text("告警", "Alerts")), (firing,)))
        yield dashboard(plan, uid, rows, _variables(plan, uid, kinds), _words(uid, kinds))
