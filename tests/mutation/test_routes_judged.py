"""Mutants of routes and inhibition before Alertmanager's own code and amtool; and the command itself, as people and machines meet it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from generators.emit import alertmanager
from generators.ir.alerting import Alerting, InhibitRule, Matcher, RouteTest, TimeInterval
from generators.ir.scenarios import Firing, Message, Scenario, ScenarioFile
from operate import tools
from operate.__main__ import main
from operate.mutation import routes
from operate.mutation.muting import telling
from operate.mutation.routes import judge_routes
from operate.mutation.rules import Unsound
from operate.mutation.verdict import Verdict
from operate.scenarios import CONFIG, promises
from tests.compiler.specs import SHOP
from tests.emit.tools import need, write
from tests.mutation.sample import compiled
from tests.mutation.test_routing_operators import ALERTING

pytestmark = pytest.mark.engine

PAGED = RouteTest("paged", (("severity", "critical"), ("tier", "a")), ("pager", "inner"))
TALKED = RouteTest("talked about", (("severity", "critical"), ("tier", "c")), ("inner",))
MAILED = RouteTest("mailed", (("severity", "info"), ("tier", "a")), ("mail",))

TIMED = replace(
    ALERTING,
    time_intervals=(
        TimeInterval("backup", times=(("03:00", "04:00"),)),
        TimeInterval("work", times=(("09:00", "17:00"),)),
    ),
)
DOWN = {"alertname": "Down", "severity": "critical", "tier": "a", "service": "web"}
SLOW = {"alertname": "Slow", "severity": "warning", "tier": "a", "service": "web"}
OTHER = {"alertname": "Slow", "severity": "warning", "tier": "a", "service": "db"}
BOTH = (Firing("down", 0), Firing("slow", 60))
NIGHT = Scenario("at night", "2026-01-05T03:30:00Z", 600, (Firing("down", 0),), {"inner": ("down",)})
CAUSE = Scenario("the root alone", "2026-01-05T12:00:00Z", 600, BOTH, {"pager": ("down",), "inner": ("down",)})
APART = Scenario(
    "others are told", "2026-01-05T12:00:00Z", 600, (Firing("down", 0), Firing("other", 60)),
    {"pager": ("down",), "inner": ("down",), "mail": ("other",)},
)  # fmt: skip
ALONE = (Firing("slow", 0), Firing("other", 0))
GROUPS = Scenario(
    "a message for each service", "2026-01-05T12:00:00Z", 200, ALONE,
    messages=(Message(30, "mail", ("slow",)), Message(30, "mail", ("other",))),
)  # fmt: skip


def played(*scenarios: Scenario) -> ScenarioFile:
    return ScenarioFile("played", "", {"down": DOWN, "slow": SLOW, "other": OTHER}, scenarios, 60, 240)


def judged(
    alerting: Alerting, *given: RouteTest | ScenarioFile, operators: tuple[str, ...] = (), amtool: Path | None = None
) -> list[Verdict]:
    tests = tuple(one for one in given if isinstance(one, RouteTest))
    files = tuple(one for one in given if isinstance(one, ScenarioFile))
    shop = replace(compiled(()), alerting=alerting, route_tests=tests, scenarios=files)
    try:
        clock = tools.path("alertmanager-clock")
    except tools.ToolMissing as missing:
        pytest.skip(str(missing))
    return list(judge_routes(shop, amtool or Path(need("amtool")), clock, operators, lambda _: None))


def test_each_route_test_kills_what_it_looks_at() -> None:
    found = {(one.of.split("{")[0], one.operator, one.was): one for one in judged(TIMED, PAGED, TALKED, MAILED)}
    assert found["route 1 pager", "continue-flipped", "continue: true"].why == "paged"
    assert found["route 1 pager", "matcher-loosened", 'tier=~"a|b"'].why == "talked about"
    assert found["route 2 chat", "matcher-loosened", 'severity="critical"'].why == "mailed"
    assert (
        found["routes 1 and 2 below route 0", "route-order-swapped", 'pager{severity="critical",tier=~"a|b"}'].outcome == "killed"
    )
    inhibition = found["inhibition down", "inhibition-dropped", "the rule"]
    assert (inhibition.outcome, inhibition.why) == ("survived", "no scenario speaks of it")


def test_without_the_route_test_its_mutant_survives() -> None:
    loosened = [one for one in judged(TIMED, PAGED, TALKED, operators=("matcher-loosened",)) if one.of.startswith("route 2 ")]
    assert [one.outcome for one in loosened] == ["survived"]


def test_each_scenario_kills_what_it_looks_at() -> None:
    found = judged(TIMED, played(NIGHT, CAUSE, APART, GROUPS))
    told = {(one.of.split("{")[0], one.operator, one.was): one for one in found}
    assert told["route 1 pager", "mute-time-dropped", "muted in backup"].why == "at night: pager is told of down"
    assert told["route 2 chat", "mute-time-dropped", "active in work"].outcome == "survived"  # all that it matches is its child's
    assert told["inhibition down", "inhibition-dropped", "the rule"].why == "the root alone: mail is told of slow"
    assert (
        told["inhibition down", "inhibition-equal-emptied", "equal: [service]"].why
        == "others are told: mail is not told of other"
    )
    grouped = [one.why for one in found if one.operator == "group-label-dropped"]
    assert "a message for each service" in grouped[0]
    assert grouped[1] == ""  # no scenario has two severities of one service


def test_without_the_scenario_its_mutant_survives() -> None:
    files = played(NIGHT, CAUSE, GROUPS)
    (emptied,) = judged(TIMED, files, operators=("inhibition-equal-emptied",))
    assert emptied.outcome == "survived"
    (muted, active) = judged(TIMED, played(CAUSE, APART), operators=("mute-time-dropped",))
    assert (muted.outcome, active.outcome) == ("survived", "survived")


@pytest.mark.parametrize(
    "wrong",
    [
        RouteTest("wrong", (("severity", "info"),), ("pager",)),
        played(Scenario("wrong", "2026-01-05T12:00:00Z", 600, (Firing("down", 0),), {"mail": ("down",)})),
    ],
)
def test_what_fails_before_any_mistake_is_refused(wrong: RouteTest | ScenarioFile) -> None:
    with pytest.raises(Unsound, match="wrong"):
        judged(TIMED, wrong)


def test_a_tool_without_an_answer_kills_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An amtool that hangs on whatever route tests it is asked of a mutant; else it is the real one."""
    write(tmp_path, alertmanager.emit(TIMED))
    hanging = tmp_path / "amtool"
    hanging.write_text(
        f'#!/bin/sh\ncmp -s {CONFIG} {tmp_path / CONFIG} || [ "$1" = check-config ] || exec sleep 60\nexec {need("amtool")} "$@"\n'
    )
    hanging.chmod(0o755)
    monkeypatch.setattr(routes, "LIMIT", 5.0)
    found = judged(TIMED, MAILED, operators=("route-order-swapped",), amtool=hanging)
    assert {(one.outcome, one.why) for one in found} == {("survived", "only errors: amtool config routes: no answer within 5 s")}
    assert any(one.outcome == "killed" for one in judged(TIMED, PAGED, MAILED, operators=("route-order-swapped",)))


def test_only_scenarios_that_tell_two_inhibitions_apart_are_played(tmp_path: Path) -> None:
    write(tmp_path, alertmanager.emit(TIMED, (), (played(NIGHT, CAUSE, APART, GROUPS),)))
    known = promises(tmp_path / "alertmanager/tests/played.yml")
    dropped = replace(TIMED, inhibit_rules=())
    assert [one.played.name for one in telling(TIMED, dropped, known)] == ["the root alone"]
    (rule,) = TIMED.inhibit_rules
    emptied = replace(TIMED, inhibit_rules=(replace(rule, equal=()),))
    assert [one.played.name for one in telling(TIMED, emptied, known)] == ["others are told"]
    twice = replace(TIMED, inhibit_rules=(rule, replace(rule, name="the same again")))
    assert telling(twice, TIMED, known) == []
    on_both_sides = replace(TIMED, inhibit_rules=(replace(rule, source=(Matcher("service", "=", "web"),), target=rule.source),))
    assert [one.played.name for one in telling(dropped, on_both_sides, known)] == ["the root alone"]
    itself = replace(TIMED, inhibit_rules=(replace(rule, source=(), target=()),))
    assert telling(dropped, itself, known) == []
    source = InhibitRule("down", (Matcher("alertname", "=~", "D.*n"),), (Matcher("service", "!=", "web"),))
    assert [one.played.name for one in telling(dropped, replace(dropped, inhibit_rules=(source,)), known)] == ["others are told"]
    assert len(telling(TIMED, replace(dropped, route=replace(TIMED.route, group_by=())), known)) == 4


def test_the_command_prints_json_and_its_exit_code_says_whether_any_survives(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    need("promtool")
    common = ["mutate", str(SHOP), "--only", "KafkaDown", "--format", "json", "--equivalents"]
    assert main([*common, str(tmp_path / "none.yml"), "--operator", "rule-dropped"]) == 0
    (report,) = json.loads(capfd.readouterr().out)["specs"]
    assert report["score"] == {"killed": 1, "survived": 0, "equivalent": 0, "refused": 0, "percent": 100.0}
    bad = tmp_path / "bad.yml"
    bad.write_text("no: list\n", encoding="utf-8")
    assert main([*common, str(bad)]) == 1
    assert "no list" in capfd.readouterr().out


def test_an_alert_that_there_is_not_is_a_users_fault(capfd: pytest.CaptureFixture[str]) -> None:
    need("promtool")
    assert main(["mutate", str(SHOP), "--only", "NoSuchAlert"]) == 1
    assert "mutant of NoSuchAlert" in capfd.readouterr().err
