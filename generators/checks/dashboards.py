"""What is wrong with dashboards, but for their queries. In: a compilation. Out: faults of uids, datasources, variables,
units, words and layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from generators.fault import NOWHERE, Fault, Where
from generators.ir.compiled import Compiled
from generators.ir.dashboards import Dashboard, ForeignDashboard, Panel, Row
from generators.promql import variables_in

UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
COLUMNS = 24
MOST_QUERIES = 26

# fmt: off
UNITS = frozenset({
    "none", "short", "string", "bool", "bool_on_off", "bool_yes_no", "percent", "percentunit", "locale", "sishort",
    "s", "ms", "µs", "ns", "m", "h", "d", "dtdurations", "dtdurationms", "clocks", "dateTimeAsIso", "dateTimeFromNow",
    "bytes", "decbytes", "bits", "decbits", "kbytes", "mbytes", "gbytes", "Bps", "binBps", "bps", "binbps", "KBs", "MBs",
    "ops", "reqps", "rps", "wps", "iops", "eps", "cps", "mps", "pps", "opm", "reqpm", "rpm", "wpm", "cpm", "epm", "mpm",
    "celsius", "hertz", "rotrpm", "watt", "volt", "amp", "currencyCNY", "currencyUSD", "currencyEUR",
})
"""Grafana's unit ids that services need (packages/grafana-data/src/valueFormats/categories.ts)."""
OWN_UNIT = re.compile(r"(suffix|prefix|count|currency|si|time):.+")

BUILT_IN_VARIABLES = frozenset({
    "__interval", "__interval_ms", "__rate_interval", "__range", "__range_s", "__range_ms", "__from", "__to", "__dashboard",
    "__org", "__user", "__name", "__field", "__data", "__value", "__series", "__url", "__url_time_range", "timezone",
    "__all_variables",
})
# fmt: on
BUILT_IN_SOURCES = frozenset({"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana"})
REMOVED_PANELS = frozenset(
    ["graph", "singlestat", "table-old", "grafana-piechart-panel", "grafana-worldmap-panel", "flant-statusmap-panel"]
)
"""Panels that Grafana no longer ships: Angular left it in release 12."""

Check = Callable[[Compiled], Iterable[Fault]]


def panels(dashboard: Dashboard) -> Iterator[tuple[Row, Panel]]:
    """Every panel with its row."""
    return ((row, panel) for row in dashboard.rows for panel in row.panels)


def place(*candidates: Where) -> Where:
    """The first place that is one."""
    return next((where for where in candidates if where != NOWHERE), NOWHERE)


def uids(compiled: Compiled) -> Iterator[Fault]:
    """Each dashboard has its own uid, of Grafana's form, and the first one people see exists."""
    grafana = compiled.grafana
    every: list[Dashboard | ForeignDashboard] = [*grafana.dashboards, *grafana.foreign]
    times = Counter(each.uid for each in every)
    seen: set[str] = set()
    for each in every:
        if each.uid in seen:
            what = f"{times[each.uid]} dashboards have the uid '{each.uid}'"
            yield Fault("dashboard-uid", each.where, what, "Give this one another uid.")
        elif not UID.fullmatch(each.uid):
            what = f"'{each.uid}' is no uid of a dashboard"
            yield Fault("dashboard-uid", each.where, what, "Use at most 40 letters, digits, '-' and '_'.")
        seen.add(each.uid)
    if every and grafana.home not in seen:
        yield Fault("dashboard-uid", NOWHERE, f"the home dashboard '{grafana.home}' does not exist", "Name one that does.")


def datasources(compiled: Compiled) -> Iterator[Fault]:
    """Every datasource that a query, another datasource or a mixin's panel refers to is provisioned."""
    grafana = compiled.grafana
    provisioned = {source.uid for source in grafana.datasources}
    kinds = {source.type for source in grafana.datasources}
    for dashboard in grafana.dashboards:
        for _, panel in panels(dashboard):
            for kind in sorted({query.datasource for query in panel.queries} - kinds):
                what = f"the panel '{panel.title}' asks a {kind} datasource, and none is provisioned"
                yield Fault(
                    "dashboard-datasource", place(panel.where, dashboard.where), what, "Add the component or leave the panel out."
                )
    for source in grafana.datasources:
        for uid in sorted(set(_referred(source.json_data)) - provisioned):
            what = f"the datasource '{source.name}' refers to the datasource '{uid}', which is not provisioned"
            yield Fault("dashboard-datasource", NOWHERE, what, "Provision it, or leave the reference out.")
    for foreign in grafana.foreign:
        for uid in sorted(set(_sources(foreign.model)) - provisioned - BUILT_IN_SOURCES):
            what = f"the dashboard '{foreign.title}' asks the datasource '{uid}', which is not provisioned"
            yield Fault(
                "dashboard-datasource", foreign.where, what, "Use a variable named 'datasource': it is bound to Prometheus."
            )


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in ("datasourceUid", "alertmanagerUid") and isinstance(each, str):
                yield each
            else:
                yield from _referred(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _referred(each)


def _sources(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            uid = each.get("uid") if isinstance(each, Mapping) else each
            if key == "datasource" and isinstance(uid, str) and uid and "$" not in uid:
                yield uid
            yield from _sources(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _sources(each)


def _texts(panel: Panel) -> Iterator[str]:
    yield from (panel.title, panel.text, panel.repeat and f"${panel.repeat}")
    for query in panel.queries:
        yield from (query.expr, query.legend)
    for link in (*panel.links, *panel.data_links, *(link for column in panel.columns for link in column.data_links)):
        yield link.url


def variables(compiled: Compiled) -> Iterator[Fault]:
    """Every variable that a panel, a link or another variable uses is defined in its dashboard, once."""
    for dashboard in compiled.grafana.dashboards:
        names = [variable.name for variable in dashboard.variables]
        known = BUILT_IN_VARIABLES.union(names)
        for name in sorted({name for name in names if names.count(name) > 1}):
            what = f"the dashboard '{dashboard.title}' has two variables named '{name}'"
            yield Fault("dashboard-variable", dashboard.where, what, "Give each its own name.")
        for _, panel in panels(dashboard):
            used = {name for text in _texts(panel) for name in variables_in(text)}
            for name in sorted(used - known):
                what = (
                    f"the panel '{panel.title}' uses the variable ${name}, which the dashboard '{dashboard.title}' does not have"
                )
                yield Fault(
                    "dashboard-variable", place(panel.where, dashboard.where), what, f"It has: {', '.join(names) or 'none'}."
                )
        rest = [each.query for each in dashboard.variables] + [link.url for link in dashboard.links]
        rest += [text for each in dashboard.annotations for text in (each.expr, each.title, each.text)]
        for name in sorted({name for text in rest for name in variables_in(text)} - known):
            what = f"a variable, link or annotation of '{dashboard.title}' uses ${name}, which it does not have"
            yield Fault("dashboard-variable", dashboard.where, what, f"It has: {', '.join(names) or 'none'}.")


def words(compiled: Compiled) -> Iterator[Fault]:
    """Every panel has a title, a description and a unit that Grafana knows."""
    for dashboard in compiled.grafana.dashboards:
        if not dashboard.title or not dashboard.description:
            what = f"the dashboard '{dashboard.uid}' has no {'title' if not dashboard.title else 'description'}"
            yield Fault("dashboard-words", dashboard.where, what, "Say in a sentence what question it answers.")
        for _, panel in panels(dashboard):
            where = place(panel.where, dashboard.where)
            if not panel.title or (not panel.description and panel.kind != "text"):
                what = f"a panel of '{dashboard.title}' has no {'title' if not panel.title else 'description'}: '{panel.title}'"
                yield Fault("dashboard-words", where, what, "Say what it shows and what is normal.")
            for unit in (panel.unit, *(column.unit for column in panel.columns)):
                if unit and unit not in UNITS and not OWN_UNIT.fullmatch(unit):
                    what = f"the panel '{panel.title}' has the unit '{unit}', which Grafana does not know"
                    yield Fault(
                        "dashboard-unit", where, what, "Use Grafana's id (s, percentunit, reqps, bytes, short, …) or 'suffix:…'."
                    )


def layout(compiled: Compiled) -> Iterator[Fault]:
    """Rows have panels of their own names, panels fit the grid, thresholds rise, and each panel that asks has a query."""
    for dashboard in compiled.grafana.dashboards:
        for row in dashboard.rows:
            titles = Counter(panel.title for panel in row.panels)
            for title in (title for title, times in titles.items() if times > 1):
                what = f"the row '{row.title}' of '{dashboard.title}' has {titles[title]} panels named '{title}'"
                yield Fault("dashboard-layout", dashboard.where, what, "Give each its own title: links lead to a panel by it.")
            if not row.panels:
                what = f"the row '{row.title}' of '{dashboard.title}' is empty"
                yield Fault("dashboard-layout", dashboard.where, what, "Take it out.")
        for _, panel in panels(dashboard):
            for what, fix in _misplaced(panel):
                yield Fault("dashboard-layout", place(panel.where, dashboard.where), f"the panel '{panel.title}' {what}", fix)


def _misplaced(panel: Panel) -> Iterator[tuple[str, str]]:
    if not 1 <= panel.width <= COLUMNS or panel.height < 1:
        yield f"is {panel.width} wide and {panel.height} high", "A dashboard is 24 columns wide."
    values = [step.value for step in panel.thresholds]
    rising = [value for value in values if value is not None]
    if rising != sorted(set(rising)) or None in values[1:]:
        yield "has thresholds that do not rise", "Begin with the base colour and rise from there."
    if panel.low is not None and panel.high is not None and panel.low >= panel.high:
        yield f"has a range from {panel.low} to {panel.high}", "The lower end comes first."
    asks = panel.kind not in ("text", "alertlist")
    if asks == (not panel.queries):
        yield "has no query" if asks else "has a query it never asks", "A text or an alert list asks nothing, all others do."
    if len(panel.queries) > MOST_QUERIES:
        yield f"has {len(panel.queries)} queries", "Grafana names them A to Z; split the panel."


def removed(compiled: Compiled) -> Iterator[Fault]:
    """A mixin's dashboard has no panel that Grafana removed: it would stand empty."""
    for foreign in compiled.grafana.foreign:
        for kind in sorted(set(_types(foreign.model)) & REMOVED_PANELS):
            what = f"the dashboard '{foreign.title}' has panels of the type '{kind}', which Grafana removed"
            yield Fault("dashboard-removed-panel", foreign.where, what, "Use a newer release of the mixin.", "warning")


def _types(model: Mapping[str, Any]) -> Iterator[str]:
    rows = model.get("rows") or ()
    for panel in (*(model.get("panels") or ()), *(panel for row in rows for panel in row.get("panels") or ())):
        yield str(panel.get("type", ""))
        yield from (str(inner.get("type", "")) for inner in panel.get("panels") or ())


CHECKS: tuple[Check, ...] = (uids, datasources, variables, words, layout, removed)
