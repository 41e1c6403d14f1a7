"""Mutants of routes before amtool, and the command itself on a terminal's and a machine's side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from generators.ir.alerting import Alerting, RouteTest
from operate.__main__ import main
from operate.mutation.routes import judge_routes
from operate.mutation.rules import Unsound
from operate.mutation.verdict import Verdict
from tests.compiler.specs import SHOP
from tests.emit.tools import need
from tests.mutation.sample import compiled
from tests.mutation.test_routing_operators import ALERTING

pytestmark = pytest.mark.engine

PAGED = RouteTest("paged", (("severity", "critical"), ("tier", "a")), ("pager", "inner"))
TALKED = RouteTest("talked about", (("severity", "critical"), ("tier", "c")), ("inner",))
MAILED = RouteTest("mailed", (("severity", "info"), ("tier", "a")), ("mail",))


def judged(alerting: Alerting, *tests: RouteTest, operators: tuple[str, ...] = ()) -> list[Verdict]:
    shop = replace(compiled(()), alerting=alerting, route_tests=tests)
    return list(judge_routes(shop, Path(need("amtool")), operators, lambda _: None))


TIMELESS = replace(
    ALERTING,
    route=replace(
        ALERTING.route,
        routes=tuple(replace(route, mute_time_intervals=(), active_time_intervals=()) for route in ALERTING.route.routes),
    ),
)


def test_each_test_kills_what_it_looks_at() -> None:
    found = {(one.of.split("{")[0], one.operator, one.was): one for one in judged(TIMELESS, PAGED, TALKED, MAILED)}
    assert found["route 1 pager", "continue-flipped", "continue: true"].why == "paged"
    assert found["route 1 pager", "matcher-loosened", 'tier=~"a|b"'].why == "talked about"
    assert found["route 2 chat", "matcher-loosened", 'severity="critical"'].why == "mailed"
    assert (
        found["routes 1 and 2 below route 0", "route-order-swapped", 'pager{severity="critical",tier=~"a|b"}'].outcome == "killed"
    )
    assert found["route 2 chat", "continue-flipped", "continue: false"].outcome == "survived"
    assert found["inhibition down", "inhibition-dropped", "the rule"].why == "amtool does not inhibit"


def test_without_the_test_its_mutant_survives() -> None:
    loosened = [one for one in judged(TIMELESS, PAGED, TALKED, operators=("matcher-loosened",)) if one.of.startswith("route 2 ")]
    assert [one.outcome for one in loosened] == ["survived"]


def test_route_tests_that_fail_before_any_mistake_are_refused() -> None:
    with pytest.raises(Unsound, match="wrong"):
        judged(TIMELESS, RouteTest("wrong", (("severity", "info"),), ("pager",)))


def test_the_command_prints_json_and_its_exit_code_says_whether_any_survives(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    need("promtool"), need("amtool")
    common = ["mutate", str(SHOP), "--only", "KafkaDown", "--format", "json", "--equivalents"]
    assert main([*common, str(tmp_path / "none.yml"), "--operator", "rule-dropped"]) == 0
    (report,) = json.loads(capfd.readouterr().out)["specs"]
    assert report["score"] == {"killed": 1, "survived": 0, "equivalent": 0, "refused": 0, "percent": 100.0}
    bad = tmp_path / "bad.yml"
    bad.write_text("no: list\n", encoding="utf-8")
    assert main([*common, str(bad)]) == 1
    assert "no list" in capfd.readouterr().out


def test_an_alert_that_there_is_not_is_a_users_fault(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["mutate", str(SHOP), "--only", "NoSuchAlert"]) == 1
    assert "mutant of NoSuchAlert" in capfd.readouterr().err
