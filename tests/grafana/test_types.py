"""Dashboards against the types that Grafana publishes: ours pass, and each of these planted faults is refused. The result is of
types only: not loaded by Grafana."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generators.emit.grafana import emit
from generators.emit.grafana.options import KINDS
from generators.ir.dashboards import Grafana

from .sample import GRAFANA
from .shipped import shipped
from .typescript import Json, judge, panels_of


def ours(grafana: Grafana) -> dict[str, Json]:
    """Our own dashboards as emitted, as JSON values by uid; a mixin's stay as they came."""
    files = emit(grafana)
    return {each.uid: json.loads(files[f"grafana/dashboards/{each.uid}.json"]) for each in grafana.dashboards}


def panel(dashboard: Json, kind: str) -> Json:
    """The first panel of a kind."""
    return next(each for each in panels_of(dashboard) if each["type"] == kind)


def _set(kind: str, path: str, value: object) -> Callable[[Json], None]:
    def plant(dashboard: Json) -> None:
        *way, last = path.split("/")
        at: Any = panel(dashboard, kind)
        for step in way:
            at = at[int(step) if isinstance(at, list) else step]
        at[last] = value

    return plant


def _drop(kind: str, path: str) -> Callable[[Json], None]:
    def plant(dashboard: Json) -> None:
        *way, last = path.split("/")
        at: Any = panel(dashboard, kind)
        for step in way:
            at = at[int(step) if isinstance(at, list) else step]
        del at[last]

    return plant


def _misspelt_dashboard(dashboard: Json) -> None:
    dashboard["graphToolTip"] = dashboard.pop("graphTooltip")


def _old_schema(dashboard: Json) -> None:
    dashboard["schemaVersion"] = 12


def _hidden_variable(dashboard: Json) -> None:
    dashboard["templating"]["list"][0]["hide"] = 9


PLANTED: dict[str, Callable[[Json], None]] = {
    "misspelt-option": _set("timeseries", "options/legend/showLegnd", True),
    "misspelt-option-of-a-nested-table": _set("table", "options/cellHight", "sm"),
    "misspelt-custom": _set("timeseries", "fieldConfig/defaults/custom/lineWith", 2),
    "misspelt-default": _set("stat", "fieldConfig/defaults/units", "s"),
    "wrong-enum": _set("stat", "options/colorMode", "backgroundish"),
    "wrong-enum-in-custom": _set("timeseries", "fieldConfig/defaults/custom/thresholdsStyle", {"mode": "dotted"}),
    "wrong-enum-of-numbers": _hidden_variable,
    "wrong-type": _set("gauge", "options/minVizHeight", "75"),
    "wrong-type-in-custom": _set("timeseries", "fieldConfig/defaults/custom/lineWidth", "2"),
    "removed-panel-type": _set("timeseries", "type", "graph"),
    "old-singlestat": _set("stat", "type", "singlestat"),
    "option-of-another-panel": _set("bargauge", "options/graphMode", "area"),
    "missing-option": _drop("heatmap", "options/exemplars"),
    "missing-datasource-uid": _drop("timeseries", "datasource/uid"),
    "missing-datasource-uid-of-a-query": _drop("timeseries", "targets/0/datasource/uid"),
    "datasource-by-name": _set("stat", "datasource", "Prometheus"),
    "misspelt-query": _set("timeseries", "targets/0/legendFromat", "x"),
    "override-of-nothing": _set("table", "fieldConfig/overrides/0/properties/0/id", "custom.cellOption"),
    "unknown-transformation": _set("table", "transformations/0/id", "mergeAll"),
    "misspelt-dashboard-key": _misspelt_dashboard,
    "old-schema": _old_schema,
    "grid-position-as-text": _set("stat", "gridPos/w", "12"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """One run of the compiler over our dashboards and a copy of one with each fault."""
    sound = ours(GRAFANA)
    built = shipped().compiled
    assert built is not None
    modules = {**sound, **{f"shipped-{uid}": model for uid, model in ours(built.grafana).items()}}
    for name, plant in PLANTED.items():
        faulty = copy.deepcopy(sound["shop"])
        plant(faulty)
        assert faulty != sound["shop"], f"{name} plants nothing"
        modules[f"planted-{name}"] = faulty
    return judge(modules, tmp_path_factory.mktemp("types"))


def test_our_dashboards_are_what_grafana_publishes(verdicts: dict[str, list[str]]) -> None:
    refused = {name: said for name, said in verdicts.items() if not name.startswith("planted-")}
    assert refused == {}


def test_the_sample_has_every_kind_of_panel_we_can_write() -> None:
    written = {panel["type"] for panel in panels_of(ours(GRAFANA)["shop"])}
    assert written == {drawn.type for drawn in KINDS.values()}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_refused(name: str, verdicts: dict[str, list[str]]) -> None:
    assert verdicts.get(f"planted-{name}"), f"{name} was not refused"


def test_the_lock_file_pins_and_names_no_registry() -> None:
    here = Path(__file__).parent
    lock = json.loads((here / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert {name: each["version"] for name, each in packages.items()} == {
        "node_modules/@grafana/schema": "13.2.3",
        "node_modules/typescript": "5.9.3",
    }
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in packages.values())
