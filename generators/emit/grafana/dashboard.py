"""One dashboard. In: a dashboard of the IR, or one that a mixin brought along. Out: the JSON of it, as Grafana 13 saves it: frame
by grafanalib, then the current schema, without the keys that schema 12 had."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import grafanalib.core as core

from generators.emit.grafana.layout import Ids, place
from generators.emit.grafana.options import Json
from generators.emit.grafana.panels import dashboard_link, datasource_ref, kept, panel_json, row_json
from generators.emit.serialize import to_json
from generators.ir.dashboards import Annotation, Dashboard, ForeignDashboard, Grafana, Variable

SCHEMA_VERSION = 42
"""What @grafana/schema 13.2.3 gives a new dashboard."""

SHARED_CROSSHAIR = 1
DASHBOARD_KEYS = frozenset(
    [
        "annotations",
        "description",
        "graphTooltip",
        "links",
        "panels",
        "refresh",
        "schemaVersion",
        "tags",
        "templating",
        "time",
        "timezone",
        "title",
        "uid",
        "version",
    ]
)
VARIABLE_KEYS = frozenset(
    [
        "allValue",
        "current",
        "datasource",
        "hide",
        "includeAll",
        "label",
        "multi",
        "name",
        "options",
        "query",
        "refresh",
        "regex",
        "sort",
        "type",
    ]
)
ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}
ON_TIME_RANGE_CHANGE = 2
LABEL_VALUES = 1
DATASOURCE_VARIABLE = re.compile(r"^\$\{?(datasource|DS_\w+)\}?$", re.IGNORECASE)


def _annotation(annotation: Annotation, grafana: Grafana) -> Json:
    return {
        "datasource": datasource_ref(grafana, "prometheus"),
        "enable": True,
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "tagKeys": ",".join(annotation.tags),
        "target": {"expr": annotation.expr, "interval": "", "refId": "Anno"},
        "textFormat": annotation.text,
        "titleFormat": annotation.title,
        "useValueForTime": annotation.value_is_time,
    }


def _annotations(dashboard: Dashboard, grafana: Grafana) -> core.Annotations:
    by_hand = {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }
    return core.Annotations(list=[by_hand, *(_annotation(each, grafana) for each in dashboard.annotations)])


def _variable(variable: Variable, grafana: Grafana) -> Json:
    frame: Json = core.Template(
        name=variable.name,
        label=variable.label,
        query="",
        type="query" if variable.query else "custom",
        includeAll=variable.include_all,
        multi=variable.multi,
        allValue=variable.all_value if variable.include_all else None,
        refresh=ON_TIME_RANGE_CHANGE,
        sort=1,
    ).to_json_data()
    chosen = [{"selected": False, "text": option, "value": option} for option in variable.options]
    current: Json = {"current": ALL if variable.include_all else None, "regex": "", "options": [] if variable.query else chosen}
    if variable.query:
        refers = "PrometheusVariableQueryEditor-VariableQuery"
        current["datasource"] = datasource_ref(grafana, "prometheus")
        current["query"] = {"qryType": LABEL_VALUES, "query": variable.query, "refId": refers}
    else:
        current["query"] = ",".join(variable.options)
        current |= {"refresh": None, "current": current["current"] or {**chosen[0], "selected": True}}
    return kept({**frame, **current}, VARIABLE_KEYS)


def _panels(dashboard: Dashboard, grafana: Grafana) -> list[Json]:
    ids = Ids()
    written: list[Json] = []
    for placed in place(dashboard.rows):
        title = placed.row.title
        header = ids.next("row", title) if placed.header else 0
        inside = [panel_json(panel, ids.next(title, panel.title), at, grafana) for panel, at in placed.panels]
        hidden = placed.row.collapsed and placed.header is not None
        if placed.header:
            written.append(row_json(placed.row, header, placed.header, inside if hidden else []))
        written.extend([] if hidden else inside)
    return written


def dashboard_json(dashboard: Dashboard, grafana: Grafana) -> str:
    """One of our dashboards."""
    frame = core.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        annotations=_annotations(dashboard, grafana),
        graphTooltip=SHARED_CROSSHAIR,
        links=[dashboard_link(link) for link in dashboard.links],
        panels=_panels(dashboard, grafana),
        refresh=dashboard.refresh,
        schemaVersion=SCHEMA_VERSION,
        tags=list(dashboard.tags),
        templating=core.Templating(list=[_variable(variable, grafana) for variable in dashboard.variables]),
        time=core.Time(dashboard.since, "now"),
        timezone=grafana.timezone,
        version=1,
    )
    written = kept(frame.to_json_data(), DASHBOARD_KEYS)
    current: Json = {
        "editable": False,
        "fiscalYearStartMonth": 0,
        "id": None,
        "preload": False,
        "timepicker": {},
        "weekStart": "",
    }
    return to_json(_sorted({**written, **current}))


def _sorted(value: Any) -> Any:
    """Plain values with sorted keys, as Grafana saves them; grafanalib's objects by what they write."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value]
    return _sorted(value.to_json_data()) if hasattr(value, "to_json_data") else value


def _bound(value: Any, grafana: Grafana) -> Any:
    """The value with every reference to a Prometheus datasource variable bound to our Prometheus."""
    if isinstance(value, Mapping):
        return {key: _source(each, grafana) if key == "datasource" else _bound(each, grafana) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_bound(each, grafana) for each in value]
    return value


def _source(value: Any, grafana: Grafana) -> Any:
    name = value.get("uid", "") if isinstance(value, Mapping) else value
    ours = name is None or (isinstance(name, str) and (not name or DATASOURCE_VARIABLE.match(name)))
    return datasource_ref(grafana, "prometheus") if ours else value


def _without_datasource_variables(model: Json) -> Json:
    templating = model.get("templating")
    if not isinstance(templating, Mapping):
        return model
    variables = [each for each in templating.get("list", []) if each.get("type") != "datasource"]
    return {**model, "templating": {**templating, "list": variables}}


def foreign_json(foreign: ForeignDashboard, grafana: Grafana) -> str:
    """A mixin's dashboard as it came, under our uid, with our Prometheus where it left the choice to a variable."""
    model = _without_datasource_variables(dict(foreign.model))
    ours = {"uid": foreign.uid, "title": foreign.title, "id": None, "editable": False}
    return to_json(_sorted({**_bound(model, grafana), **ours}))
