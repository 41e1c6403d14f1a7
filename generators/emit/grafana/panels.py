"""One panel. In: a panel of the IR, its id and its place. Out: Grafana's JSON of it. grafanalib lays out the frame; where it
still writes what Grafana 6 to 8 understood (it knows schema 12), the current form is put in its place, and keys that Grafana
13 no longer knows are dropped."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import grafanalib.core as core

from generators.emit.grafana.layout import Place
from generators.emit.grafana.options import KINDS, Json
from generators.ir.dashboards import Column, Datasource, Grafana, Link, Panel, Query, Row, Threshold

VERSION = "13.2.3"
MOST_TRACES = 20

PANEL_KEYS = frozenset(
    [
        "datasource",
        "description",
        "fieldConfig",
        "gridPos",
        "id",
        "links",
        "maxPerRow",
        "options",
        "pluginVersion",
        "repeat",
        "repeatDirection",
        "targets",
        "timeFrom",
        "title",
        "transformations",
        "transparent",
        "type",
    ]
)
ROW_KEYS = frozenset({"collapsed", "gridPos", "id", "panels", "title", "type"})
NOT_QUERIED = frozenset({"text", "alertlist"})


def datasource_ref(grafana: Grafana, kind: Datasource) -> dict[str, str]:
    """Grafana's reference to our datasource of a kind."""
    return {"type": kind, "uid": next(source.uid for source in grafana.datasources if source.type == kind)}


def kept(values: Mapping[str, Any], keys: frozenset[str]) -> Json:
    """Only the keys that current Grafana knows, and of those only what says something."""
    return {key: value for key, value in values.items() if key in keys and value is not None}


def _prometheus_target(query: Query, panel: Panel) -> Json:
    shape = {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series")
    instant = query.instant or panel.kind == "table"
    return {
        "editorMode": "code",
        "exemplar": query.exemplars,
        "expr": query.expr,
        "format": shape,
        "instant": instant,
        "legendFormat": query.legend or ("{{le}}" if panel.kind == "heatmap" else "__auto"),
        "range": not instant,
    }


def _jaeger_target(query: Query, panel: Panel) -> Json:
    if panel.kind == "nodegraph":
        return {"queryType": "dependencyGraph"}
    if panel.kind == "traces":
        return {"query": query.expr}
    return {"limit": MOST_TRACES, "queryType": "search", "service": query.expr}


def _target(query: Query, panel: Panel, ref: str, grafana: Grafana) -> Json:
    asked = _jaeger_target(query, panel) if query.datasource == "jaeger" else _prometheus_target(query, panel)
    return {"datasource": datasource_ref(grafana, query.datasource), "refId": ref, **asked}


def _thresholds(steps: tuple[Threshold, ...]) -> Json:
    """Grafana wants a first step that begins at minus infinity, which it writes as null."""
    first = [] if steps and steps[0].value is None else [{"color": "green" if steps else "text", "value": None}]
    return {"mode": "absolute", "steps": first + [{"color": step.color, "value": step.value} for step in steps]}


def data_link(link: Link) -> Json:
    """A link that a value leads along."""
    built: Json = core.DataLink(title=link.title, linkUrl=link.url).to_json_data()
    return built


def dashboard_link(link: Link) -> Json:
    """A link above a dashboard or in a panel's corner: to one place, or a menu of all dashboards with the tags."""
    built: Json = core.DashboardLink(
        title=link.title,
        uri=link.url,
        type="link" if link.url else "dashboards",
        tags=list(link.tags),
        asDropdown=not link.url,
        includeVars=bool(link.url),
        keepTime=True,
        icon="external link" if link.url else "dashboard",
    ).to_json_data()
    return built


def _mappings(panel: Panel) -> list[Json]:
    if not panel.mappings:
        return []
    options = {
        value: {"color": color, "index": index, "text": text}
        for index, (value, (text, color)) in enumerate(panel.mappings.items())
    }
    return [{"options": options, "type": "value"}]


def _column_override(column: Column) -> Json | None:
    properties: list[Json] = []
    if column.unit:
        properties.append({"id": "unit", "value": column.unit})
    if column.thresholds:
        properties.append({"id": "thresholds", "value": _thresholds(column.thresholds)})
        properties.append({"id": "custom.cellOptions", "value": {"mode": "basic", "type": "color-background"}})
    if column.data_links:
        properties.append({"id": "links", "value": [data_link(link) for link in column.data_links]})
    return {"matcher": {"id": "byName", "options": column.title}, "properties": properties} if properties else None


def _field_config(panel: Panel) -> Json:
    drawn = KINDS[panel.kind]
    defaults: Json = {
        "color": {"mode": drawn.color},
        "custom": drawn.custom(panel),
        "mappings": _mappings(panel),
        "thresholds": _thresholds(panel.thresholds),
        "unit": panel.unit,
    }
    bounds = {"decimals": panel.decimals, "max": panel.high, "min": panel.low}
    defaults |= {key: value for key, value in bounds.items() if value is not None}
    if panel.data_links:
        defaults["links"] = [data_link(link) for link in panel.data_links]
    overrides = [_column_override(column) for column in panel.columns]
    return {"defaults": defaults, "overrides": [override for override in overrides if override]}


def _transformations(panel: Panel) -> list[Json]:
    """A table of instant queries: their results side by side, only the columns asked for, in their order, under their titles."""
    if panel.kind != "table" or not panel.columns:
        return []
    names = [column.field for column in panel.columns]
    organize = {
        "excludeByName": {},
        "includeByName": {},
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": {column.field: column.title for column in panel.columns},
    }
    merge = [{"id": "merge", "options": {}}] if len(panel.queries) > 1 else []
    return [
        *merge,
        {"id": "filterFieldsByName", "options": {"include": {"names": names}}},
        {"id": "organize", "options": organize},
    ]


def _options(panel: Panel, grafana: Grafana) -> Json:
    options = KINDS[panel.kind].options(panel)
    if panel.kind == "alertlist":
        options["datasource"] = next(source.name for source in grafana.datasources if source.type == "prometheus")
    return options


def panel_json(panel: Panel, number: int, at: Place, grafana: Grafana) -> Json:
    """One panel as Grafana 13 writes it."""
    source: Datasource = panel.queries[0].datasource if panel.queries else "prometheus"
    targets = [_target(query, panel, ref, grafana) for query, ref in zip(panel.queries, string.ascii_uppercase, strict=False)]
    frame = core.Panel(
        id=number,
        title=panel.title,
        description=panel.description,
        dataSource=datasource_ref(grafana, source),
        gridPos=at.as_json(),
        links=[dashboard_link(link) for link in panel.links],
        targets=targets,
        timeFrom=panel.since or None,
        transformations=_transformations(panel),
        repeat=core.Repeat(direction="h", variable=panel.repeat, maxPerRow=4) if panel.repeat else core.Repeat(),
    )
    current = {"options": _options(panel, grafana), "pluginVersion": VERSION, "type": KINDS[panel.kind].type}
    written = kept({**frame.panel_json({}), **current, "fieldConfig": _field_config(panel)}, PANEL_KEYS)
    if panel.kind in NOT_QUERIED:
        written.pop("targets")
    return written


def row_json(row: Row, number: int, at: Place, inside: list[Json]) -> Json:
    """The header of a row; a collapsed row holds its panels."""
    frame = core.RowPanel(id=number, title=row.title, gridPos=at.as_json(), collapsed=row.collapsed, panels=inside)
    return kept(frame.to_json_data(), ROW_KEYS)
