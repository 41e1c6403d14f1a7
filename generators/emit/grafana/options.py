"""What each kind of panel is told: its `options` and its field config's `custom`. In: a panel. Out: plain values, complete and
in Grafana 13's own terms (the types published as @grafana/schema 13.2.3, dist/esm/raw/composable/<panel>/panelcfg)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from generators.ir.dashboards import Column, Panel, PanelKind
from generators.record import dataclass

Json = dict[str, Any]

WIDE_ENOUGH_FOR_A_LEGEND_BESIDE = 24
HIDE_NOTHING: Json = {"legend": False, "tooltip": False, "viz": False}


def _legend(panel: Panel) -> Json:
    beside = panel.width >= WIDE_ENOUGH_FOR_A_LEGEND_BESIDE and len(panel.queries) > 0
    calcs = ["lastNotNull", "max"] if beside else []
    mode, placement = ("table", "right") if beside else ("list", "bottom")
    return {"calcs": calcs, "displayMode": mode, "placement": placement, "showLegend": True}


def _tooltip() -> Json:
    return {"hideZeros": False, "mode": "multi", "sort": "desc"}


def _reduce() -> Json:
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _timeseries(panel: Panel) -> Json:
    return {"legend": _legend(panel), "tooltip": _tooltip()}


def _timeseries_custom(panel: Panel) -> Json:
    return {
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "axisLabel": "",
        "axisPlacement": "auto",
        "barAlignment": 0,
        "barWidthFactor": 0.6,
        "drawStyle": "line",
        "fillOpacity": 60 if panel.stacked else 10,
        "gradientMode": "none",
        "hideFrom": HIDE_NOTHING,
        "insertNulls": False,
        "lineInterpolation": "linear",
        "lineWidth": 1 if panel.stacked else 2,
        "pointSize": 5,
        "scaleDistribution": {"type": "linear"},
        "showPoints": "auto",
        "showValues": False,
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if panel.threshold_lines else "off"},
    }


def _stat(panel: Panel) -> Json:
    several = bool(panel.queries) and panel.queries[0].legend != ""
    return {
        "colorMode": "background" if panel.mappings else "value",
        "graphMode": "none" if panel.mappings or all(query.instant for query in panel.queries) else "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _reduce(),
        "showPercentChange": False,
        "textMode": "value_and_name" if several else "value",
        "wideLayout": True,
    }


def _gauge(panel: Panel) -> Json:
    return {
        "barShape": "flat",
        "barWidthFactor": 0.5,
        "effects": {"barGlow": False, "centerGlow": False, "gradient": False},
        "endpointMarker": "point",
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": _reduce(),
        "segmentCount": 1,
        "segmentSpacing": 0.3,
        "shape": "gauge",
        "showThresholdLabels": False,
        "showThresholdMarkers": bool(panel.thresholds),
        "sizing": "auto",
        "sparkline": False,
        "textMode": "auto",
    }


def _bargauge(panel: Panel) -> Json:
    return {
        "displayMode": "gradient" if panel.thresholds else "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _reduce(),
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }


def _sort(columns: tuple[Column, ...]) -> list[Json]:
    return [{"desc": column.order == "falling", "displayName": column.title} for column in columns if column.order][:1]


def _table(panel: Panel) -> Json:
    return {
        "cellHeight": "sm",
        "enablePagination": False,
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": _sort(panel.columns),
    }


def _table_custom(panel: Panel) -> Json:
    return {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "filterable": True,
        "footer": {"reducers": []},
        "hideFrom": HIDE_NOTHING,
        "inspect": False,
    }


def _heatmap(panel: Panel) -> Json:
    return {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {},
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Oranges",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": panel.unit},
    }


def _heatmap_custom(panel: Panel) -> Json:
    return {"hideFrom": HIDE_NOTHING, "scaleDistribution": {"type": "linear"}}


def _statetimeline(panel: Panel) -> Json:
    return {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": bool(panel.mappings)},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"hideZeros": False, "mode": "single", "sort": "none"},
    }


def _statetimeline_custom(panel: Panel) -> Json:
    return {
        "axisPlacement": "auto",
        "fillOpacity": 70,
        "hideFrom": HIDE_NOTHING,
        "lineWidth": 0,
    }


def _text(panel: Panel) -> Json:
    code = {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}
    return {"code": code, "content": panel.text, "mode": "markdown"}


def _nodegraph(panel: Panel) -> Json:
    return {"edges": {}, "layoutAlgorithm": "layered", "nodes": {}, "zoomMode": "cooperative"}


def _alertlist(panel: Panel) -> Json:
    """Grafana publishes no type for this panel; the names are those of its own source, alertlist/types.ts."""
    return {
        "alertInstanceLabelFilter": panel.text,
        "alertName": "",
        "dashboardAlerts": False,
        "groupBy": [],
        "groupMode": "default",
        "maxItems": 20,
        "showInactiveAlerts": False,
        "showInstances": True,
        "sortOrder": 3,
        "stateFilter": {
            "error": True,
            "firing": True,
            "noData": False,
            "normal": False,
            "pending": True,
            "recovering": True,
        },
        "viewMode": "list",
    }


def _nothing(panel: Panel) -> Json:
    return {}


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a kind of panel is drawn: Grafana's plugin id, options, its fields' custom part, and what colours its fields."""

    type: str
    options: Callable[[Panel], Json]
    custom: Callable[[Panel], Json] = _nothing
    color: str = "thresholds"


KINDS: Mapping[PanelKind, Drawn] = {
    "timeseries": Drawn("timeseries", _timeseries, _timeseries_custom, "palette-classic"),
    "stat": Drawn("stat", _stat),
    "gauge": Drawn("gauge", _gauge),
    "bargauge": Drawn("bargauge", _bargauge),
    "table": Drawn("table", _table, _table_custom),
    "heatmap": Drawn("heatmap", _heatmap, _heatmap_custom),
    "statetimeline": Drawn("state-timeline", _statetimeline, _statetimeline_custom),
    "alertlist": Drawn("alertlist", _alertlist),
    "text": Drawn("text", _text),
    "traces": Drawn("traces", _nothing),
    "nodegraph": Drawn("nodeGraph", _nodegraph),
}
