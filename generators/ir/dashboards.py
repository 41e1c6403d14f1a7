"""Dashboards as people look at them: rows of panels, each a question with its queries. No Grafana JSON, no policy. Titles are
already in the project's languages. Positions follow from the order: a row is filled from the left, 24 columns wide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any, Literal

from generators.fault import NOWHERE, Where, Written
from generators.record import dataclass

PanelKind = Literal[
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "heatmap",
    "statetimeline",
    "alertlist",
    "text",
    "traces",
    "nodegraph",
]
Color = Literal["green", "yellow", "orange", "red", "blue", "text"]
Datasource = Literal["prometheus", "jaeger", "alertmanager"]


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel. `expr` is PromQL, `written` the same with its place where people wrote it. For `jaeger` it is the service
    a table of traces asks for, the id of the trace a traces panel shows, and nothing in a node graph, which shows who calls whom."""

    expr: str
    legend: str = ""
    instant: bool = False
    exemplars: bool = False
    datasource: Datasource = "prometheus"
    where: Where = NOWHERE
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """From `value` upward the panel takes `color`; None is the base colour. The values equal the alerts' bounds."""

    value: Decimal | None
    color: Color


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a panel, a value or a dashboard: `url` may use Grafana variables. A dashboard's link with `tags` and without
    `url` is a menu of all dashboards that carry these tags."""

    title: str
    url: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `field` is a label or "Value" ("Value #A", "Value #B", ... where there are several queries). A table
    shows these columns in this order and no others, sorted by the first that says `order`."""

    field: str
    title: str
    unit: str = ""
    thresholds: tuple[Threshold, ...] = ()
    order: Literal["", "rising", "falling"] = ""
    data_links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: a question, its queries and how the answer is drawn. `unit` is Grafana's unit id (s, percentunit, reqps, bytes,
    short, ...). `width` of 24, `height` in Grafana's rows. `since` is a range of its own ("30d"), whatever the dashboard shows.
    `links` lead on from the panel, `data_links` from a value (`${__field.labels.service}`, in tables `${__data.fields.Title}`).
    `mappings`: value text -> (text, colour). `text` is a text panel's Markdown, an alert list's filter on labels."""

    title: str
    kind: PanelKind
    queries: tuple[Query, ...] = ()
    description: str = ""
    unit: str = "short"
    width: int = 12
    height: int = 8
    low: Decimal | None = None
    high: Decimal | None = None
    decimals: int | None = None
    thresholds: tuple[Threshold, ...] = ()
    threshold_lines: bool = False
    stacked: bool = False
    columns: tuple[Column, ...] = ()
    mappings: Mapping[str, tuple[str, Color]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    data_links: tuple[Link, ...] = ()
    text: str = ""
    since: str = ""
    repeat: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A dashboard variable filled by `query` (label_values(...)) over Prometheus, or by the fixed `options`. Where all may be
    chosen, the matcher then reads `all_value`."""

    name: str
    label: str
    query: str = ""
    options: tuple[str, ...] = ()
    multi: bool = True
    include_all: bool = True
    all_value: str = ".*"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events drawn over every panel: where `expr` has a value, or, with `value_is_time`, at the milliseconds that are its value."""

    name: str
    expr: str
    color: str
    title: str
    tags: tuple[str, ...] = ()
    text: str = ""
    value_is_time: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard: grafana/dashboards/<uid>.json."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    tags: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    links: tuple[Link, ...] = ()
    refresh: str = "30s"
    since: str = "now-3h"
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class ForeignDashboard:
    """A dashboard that a mixin brings along, as Grafana JSON; written as it is, with our datasource bound."""

    uid: str
    title: str
    model: Mapping[str, Any]
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class GrafanaDatasource:
    """A provisioned datasource. `json_data` is what Grafana's provisioning takes under jsonData."""

    uid: str
    name: str
    type: Datasource
    url: str
    default: bool = False
    json_data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grafana:
    """Everything Grafana is provisioned with. `home` is the uid of the first dashboard people see."""

    dashboards: tuple[Dashboard, ...]
    foreign: tuple[ForeignDashboard, ...]
    datasources: tuple[GrafanaDatasource, ...]
    folder: str
    home: str
    timezone: str = "browser"
    dashboards_dir: str = "/etc/grafana/dashboards"
