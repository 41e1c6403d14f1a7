"""The queries of dashboards are judged as rules are: what the fixtures refuse in a condition is refused in a panel, at the same
character; their good twins pass; what a reader chooses is no fault; each distinct query is told once."""

from __future__ import annotations

import dataclasses
import re

import pytest

from generators.build import build
from generators.checks import check
from generators.checks.expressions import OF_ANY, facts_of
from generators.checks.panel_queries import of_dashboards
from generators.fault import Fault, Where, Written
from generators.ir.compiled import Compiled
from generators.ir.dashboards import Annotation, Dashboard, Panel, PanelKind, Query, Row, Variable
from tests.refusals.fixtures import HERE

AT = Where("spec.yaml", 7, 20)
_WHEN = re.compile(r"^ +when: (.*?)(?:  # FAULT (\S+) @(\d+))?$", re.MULTILINE)
FIRST = 11
"""The column at which the conditions of the fixtures begin."""


@pytest.fixture(scope="module")
def sound() -> Compiled:
    compiled = build(HERE / "base" / "whole.yaml").compiled
    assert compiled is not None
    return compiled


def judged(compiled: Compiled, *exprs: str, annotation: str = "", unit: str = "short", kind: PanelKind = "stat") -> list[Fault]:
    """The faults of a dashboard with these queries, each in a panel of its own."""
    panels = tuple(
        Panel(f"P{index}", kind, (Query(one, written=Written(one, AT, True)),), unit=unit) for index, one in enumerate(exprs)
    )
    variables = (
        Variable("bucket", "Bucket", options=("9",)),
        Variable("range", "Range", options=("5s",)),
        Variable("country", "C"),
    )
    annotations = (Annotation("Event", annotation, "red", "title"),) if annotation else ()
    board = Dashboard("board", "Board", "It.", (Row("", panels),), variables=variables, annotations=annotations, where=AT)
    grafana = dataclasses.replace(compiled.grafana, dashboards=(board,))
    return list(of_dashboards(dataclasses.replace(compiled, grafana=grafana), facts_of(compiled)))


def condition(id: str, twin: str) -> tuple[str, int]:
    """The condition of a fixture, and at which of its characters the fault stands."""
    found = _WHEN.search((HERE / id / f"{twin}.yaml").read_text(encoding="utf-8"))
    assert found
    return found[1], int(found[3] or FIRST) - FIRST


@pytest.mark.parametrize("id", [one.ID for one in OF_ANY])
def test_what_is_refused_in_a_rule_is_refused_in_a_panel(sound: Compiled, id: str) -> None:
    expr, offset = condition(id, "bad")
    found = judged(sound, expr)
    assert [(one.id, one.where) for one in found] == [(id, AT.shifted(offset))]
    assert found[0].what.startswith("the panel 'P0' of 'Board': ")
    assert judged(sound, condition(id, "good")[0]) == []


def test_one_query_in_many_panels_is_told_once(sound: Compiled) -> None:
    found = judged(sound, "rate(basket_size[5m])", "rate(basket_size[5m])", "rate(basket_size[10m])")
    assert [one.what.partition(":")[0] for one in found] == ["the panel 'P0' of 'Board'", "the panel 'P2' of 'Board'"]


def test_an_annotation_is_judged_as_well(sound: Compiled) -> None:
    assert [one.id for one in judged(sound, annotation="changes(basket_size[5m]) > 0 and rate(basket_size[5m]) > 0")] == [
        "rate-of-gauge"
    ]


@pytest.mark.parametrize(
    "expr",
    [
        "sum(rate(orders_total[$range]))",
        "sum(rate(orders_total[$__rate_interval]))",
        "sum(rate(orders_total[${__rate_interval}]))",
        'sum(rate(http_request_duration_seconds_bucket{le="$bucket"}[5m]))',
        'sum(rate(orders_total{outcome="error"}[5m])) / sum(rate(orders_total[5m])) > $bucket',
        "not PromQL at all (",
        "unknown_total",
    ],
)
def test_what_the_reader_chooses_or_another_check_tells_is_no_fault(sound: Compiled, expr: str) -> None:
    assert judged(sound, expr) == []


def test_a_variable_elsewhere_hides_no_fault(sound: Compiled) -> None:
    found = judged(
        sound, 'sum(rate(orders_total{outcome=~"$bucket"}[10s]))', 'rate(basket_size{country="$country"}[$__rate_interval])'
    )
    assert sorted(one.id for one in found) == ["rate-of-gauge", "short-range"]


UNITS = [
    ("s", "event_loop_lag_seconds", ""),
    ("ms", "event_loop_lag_seconds * 1000", ""),
    ("ms", "event_loop_lag_seconds", "milliseconds (`ms`), and its query gives seconds"),
    ("percentunit", "sum(rate(orders_total[5m])) / sum(rate(http_requests_total[5m]))", ""),
    (
        "percent",
        "sum(rate(orders_total[5m])) / sum(rate(http_requests_total[5m]))",
        "percent (`percent`), and its query gives ratio",
    ),
    ("reqps", "rate(orders_total[5m])", ""),
    ("reqps", "increase(orders_total[5m])", "per second (`reqps`), and its query gives events"),
    ("bytes", "process_resident_memory_bytes", ""),
    ("Bps", "process_resident_memory_bytes", "bytes per second (`Bps`), and its query gives bytes"),
    ("s", "sum by (le) (rate(http_request_duration_seconds_bucket[5m]))", ""),
    ("ms", "sum by (le) (rate(http_request_duration_seconds_bucket[5m]))", "milliseconds (`ms`), and its query gives seconds"),
    ("short", "event_loop_lag_seconds", ""),
    ("s", "basket_size / 0.5 > (", ""),
]


@pytest.mark.parametrize(("unit", "expr", "said"), UNITS)
def test_a_panel_is_drawn_in_the_unit_that_its_query_gives(sound: Compiled, unit: str, expr: str, said: str) -> None:
    found = judged(sound, expr, unit=unit)
    assert [one.what for one in found] == ([f"the panel 'P0' of 'Board': it is drawn in {said}"] if said else [])
    assert all((one.id, one.where) == ("panel-unit", AT) for one in found)
    assert judged(sound, expr, unit=unit, kind="table") == [], "columns have their own"


def test_a_place_that_is_not_known_is_that_of_the_panel(sound: Compiled) -> None:
    board = sound.grafana.dashboards[0]
    row = Row("", (Panel("P", "stat", (Query("sum(rate(basket_size[5m]))"),), where=AT),))
    grafana = dataclasses.replace(sound.grafana, dashboards=(dataclasses.replace(board, rows=(row,), annotations=()),))
    found = list(of_dashboards(dataclasses.replace(sound, grafana=grafana), facts_of(sound)))
    assert [(one.id, one.where) for one in found] == [("rate-of-gauge", AT)]


def test_a_build_judges_them_and_ours_have_no_fault(sound: Compiled) -> None:
    assert [str(one) for one in check(sound)] == []
    assert sum(len(row.panels) for board in sound.grafana.dashboards for row in board.rows) > 20
