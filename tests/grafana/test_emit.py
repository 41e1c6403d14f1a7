"""What the emitter writes of a Grafana IR: places, ids, bytes, thresholds, links, a mixin's dashboard, provisioning."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import yaml

from generators.emit.grafana import emit
from generators.ir.dashboards import Dashboard, Grafana, GrafanaDatasource, Panel, Query, Row

from .sample import DASHBOARD, GRAFANA, LATENCY, OTHER, RATE, TABLE
from .typescript import Json, panels_of


def written(grafana: Grafana, uid: str) -> Json:
    model: Json = json.loads(emit(grafana)[f"grafana/dashboards/{uid}.json"])
    return model


def of(*rows: Row) -> Grafana:
    return replace(GRAFANA, dashboards=(replace(DASHBOARD, rows=rows), OTHER))


def named(model: Json, title: str) -> Json:
    return next(panel for panel in panels_of(model) if panel["title"] == title)


def a_panel(title: str, width: int, height: int = 8) -> Panel:
    return Panel(title, "timeseries", (Query("up"),), "Up.", width=width, height=height)


def test_rows_fill_from_the_left_and_nothing_overlaps() -> None:
    panels = (a_panel("a", 12), a_panel("b", 6, 4), a_panel("c", 12), a_panel("d", 12, 10))
    model = written(of(Row("first", panels), Row("second", (a_panel("e", 24),))), "shop")
    places = {panel["title"]: tuple(panel["gridPos"][key] for key in "xywh") for panel in model["panels"]}
    assert places == {
        "first": (0, 0, 24, 1),
        "a": (0, 1, 12, 8),
        "b": (12, 1, 6, 4),
        "c": (0, 9, 12, 8),
        "d": (12, 9, 12, 10),
        "second": (0, 19, 24, 1),
        "e": (0, 20, 24, 8),
    }


def test_a_collapsed_row_holds_its_panels_and_takes_one_line() -> None:
    model = written(of(Row("shut", (a_panel("a", 12),), collapsed=True), Row("open", (a_panel("b", 12),))), "shop")
    assert [(panel["title"], panel["gridPos"]["y"]) for panel in model["panels"]] == [("shut", 0), ("open", 1), ("b", 2)]
    assert [panel["title"] for panel in model["panels"][0]["panels"]] == ["a"]


def test_a_panel_keeps_its_id_when_another_is_put_before_it() -> None:
    before = written(of(Row("row", (a_panel("a", 12), a_panel("b", 12)))), "shop")
    after = written(of(Row("row", (a_panel("new", 12), a_panel("a", 12), a_panel("b", 12)))), "shop")
    assert {title: named(after, title)["id"] for title in "ab"} == {title: named(before, title)["id"] for title in "ab"}


def test_ids_differ_even_between_panels_of_one_name() -> None:
    model = written(of(Row("row", (a_panel("a", 12), a_panel("a", 12)))), "shop")
    ids = [panel["id"] for panel in model["panels"]]
    assert len(set(ids)) == len(ids) == 3


def test_the_same_ir_gives_the_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib; from tests.grafana.sample import GRAFANA; from generators.emit.grafana import emit;"
        "print(hashlib.sha256(repr(sorted(emit(GRAFANA).items())).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_keys_are_sorted_as_grafana_saves_them() -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert list(value) == sorted(value)
            for each in value.values():
                check(each)
        elif isinstance(value, list):
            for each in value:
                check(each)

    check(written(GRAFANA, "shop"))


def test_no_key_of_grafanalib_s_old_schema_is_left() -> None:
    text = emit(GRAFANA)["grafana/dashboards/shop.json"]
    for old in ("__inputs", "sharedCrosshair", "hideControls", "rows", "span", "minSpan", "intervalFactor", "yaxes", "style"):
        assert f'"{old}"' not in text, old


def test_thresholds_are_exact_and_begin_at_minus_infinity() -> None:
    panel = replace(LATENCY, thresholds=(replace(LATENCY.thresholds[1], value=Decimal("0.85")),))
    steps = named(written(of(Row("", (panel,))), "shop"), "P95")["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.85]
    assert steps[0]["color"] == "green"


def test_threshold_lines_are_drawn_where_asked_and_nowhere_else() -> None:
    model = written(of(Row("", (LATENCY, RATE))), "shop")
    modes = {panel["title"]: panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] for panel in model["panels"]}
    assert modes == {"P95": "dashed", "请求速率 / Request rate": "off"}


def test_exemplars_are_asked_for_where_wanted() -> None:
    model = written(of(Row("", (LATENCY, RATE))), "shop")
    assert {panel["title"]: panel["targets"][0]["exemplar"] for panel in model["panels"]} == {
        "P95": True,
        "请求速率 / Request rate": False,
    }


def test_a_table_shows_its_columns_alone_in_their_order_and_sorted() -> None:
    panel = named(written(of(Row("", (TABLE,))), "shop"), "Services")
    assert [each["id"] for each in panel["transformations"]] == ["merge", "filterFieldsByName", "organize"]
    assert panel["transformations"][1]["options"]["include"]["names"] == ["service", "Value #A", "Value #B"]
    assert panel["transformations"][2]["options"]["renameByName"]["Value #B"] == "Rate"
    assert panel["options"]["sortBy"] == [{"desc": True, "displayName": "Rate"}]
    assert all(target["instant"] and target["format"] == "table" for target in panel["targets"])
    overridden = {
        each["matcher"]["options"]: [prop["id"] for prop in each["properties"]] for each in panel["fieldConfig"]["overrides"]
    }
    assert overridden == {"Service": ["links"], "Up": ["thresholds", "custom.cellOptions"], "Rate": ["unit"]}


def test_every_datasource_is_a_type_and_a_uid() -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            if "datasource" in value and value.get("type") != "alertlist" and not isinstance(value["datasource"], str):
                assert set(value["datasource"]) == {"type", "uid"}, value["datasource"]
            for each in value.values():
                check(each)
        elif isinstance(value, list):
            for each in value:
                check(each)

    check(written(GRAFANA, "shop"))


def test_jaeger_is_asked_in_its_own_terms() -> None:
    model = written(GRAFANA, "shop")
    asked = {title: named(model, title)["targets"][0] for title in ("Traces", "One trace", "Who calls whom")}
    assert asked["Traces"]["queryType"] == "search"
    assert asked["Traces"]["service"] == "shop"
    assert asked["One trace"]["query"] == "${trace}"
    assert asked["Who calls whom"]["queryType"] == "dependencyGraph"


def test_a_mixin_s_dashboard_is_bound_to_our_prometheus_and_else_left_alone() -> None:
    model = written(GRAFANA, "theirs")
    ours = {"type": "prometheus", "uid": "prometheus"}
    assert model["uid"] == "theirs"
    assert model["templating"]["list"] == []
    assert model["panels"][0]["datasource"] == ours
    assert model["panels"][0]["targets"][0] == {"datasource": ours, "expr": "up"}
    assert model["schemaVersion"] == 39


def test_links_lead_to_dashboards_with_time_and_variables() -> None:
    one, every = written(GRAFANA, "shop")["links"]
    assert (one["type"], one["url"], one["keepTime"], one["includeVars"]) == ("link", "/d/other", True, True)
    assert (every["type"], every["tags"], every["asDropdown"]) == ("dashboards", ["touchline"], True)


def test_provisioned_datasources_hold_no_dollar_that_grafana_would_expand() -> None:
    text = emit(GRAFANA)["grafana/provisioning/datasources/datasources.yml"]
    sources = {each["uid"]: each for each in yaml.safe_load(text)["datasources"]}
    assert sources["jaeger"]["jsonData"]["tracesToMetrics"]["queries"][0]["query"] == "sum(rate(x{$$__tags}[5m]))"
    assert [each["isDefault"] for each in sources.values()] == [True, False, False]
    assert all("secureJsonData" not in each and "password" not in json.dumps(each).lower() for each in sources.values())


def test_dashboards_are_read_from_the_release_and_never_changed_in_the_browser() -> None:
    text = emit(replace(GRAFANA, dashboards_dir="/x/dashboards"))["grafana/provisioning/dashboards/dashboards.yml"]
    (provider,) = yaml.safe_load(text)["providers"]
    assert provider["options"]["path"] == "/x/dashboards"
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is False


def test_an_ir_without_dashboards_still_provisions() -> None:
    only = Grafana((), (), (GrafanaDatasource("p", "P", "prometheus", "http://p:1"),), "F", "")
    assert set(emit(only)) == {
        "grafana/provisioning/datasources/datasources.yml",
        "grafana/provisioning/dashboards/dashboards.yml",
    }


def test_one_dashboard_is_one_file() -> None:
    extra = Dashboard("third", "Third", "One more.", (Row("", (RATE,)),))
    before, after = set(emit(GRAFANA)), set(emit(replace(GRAFANA, dashboards=(*GRAFANA.dashboards, extra))))
    assert after - before == {"grafana/dashboards/third.json"}
