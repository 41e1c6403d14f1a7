"""`touchline explain`: every alert has a page, whose promises Alertmanager's own code keeps; wrong names are told all at once."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generators import conventions as name
from generators.build import build
from generators.build import plan_of as build_plan
from generators.compile.alerting import compile_alerting
from generators.emit import alertmanager
from generators.plan import Alert, Plan, StackPlan
from generators.proof.calendar import Calendar
from generators.proof.hours import written
from generators.proof.sending import resend, valid
from generators.resolve import delays
from generators.resolve.context import Context
from generators.resolve.delays import OWED, Delay
from operate import tools
from operate.__main__ import main
from operate.clock import Answer, Played, Sent, ask
from operate.explain.page import Book, Page
from tests.emit.tools import write
from tests.routing.played import PRODUCTION, SPECS

SPEC = str(SPECS / "spec" / "football.yaml")


@cache
def book(spec: str) -> Book:
    file, environment = PRODUCTION[spec]
    compiled = build(SPECS / file, environment).compiled
    assert compiled is not None
    return Book(compiled, plan_of(spec), {})


@cache
def plan_of(spec: str) -> Plan:
    """With what its mixins bring along."""
    file, environment = PRODUCTION[spec]
    plan, faults = build_plan(SPECS / file, environment, "compose")
    assert plan is not None, faults
    return plan


def explained(capsys: pytest.CaptureFixture[str], *alerts: str) -> dict[str, Any]:
    assert main(["explain", *alerts, "--spec", SPEC, "--format", "json"]) == 0
    return {one["alert"]: one for one in json.loads(capsys.readouterr().out)["alerts"]}


@pytest.mark.parametrize("spec", ["football", "shop"])
def test_every_alert_has_its_types_its_tests_and_its_audience(spec: str) -> None:
    pages = {alert: book(spec).page(alert) for alert in book(spec).rules}
    assert len(pages) > 30
    for alert, page in pages.items():
        assert page.types[0].depth == 0, alert
        assert any(one.file.startswith("prometheus/tests/") for one in page.proofs), alert
        assert page.late.parts or page.signal == "heartbeat", alert
        if page.signal not in (name.ECHO, "heartbeat"):
            assert page.services, alert
            assert all(one.tellers for one in page.audiences), alert
            assert page.late.best < page.late.worst, alert
            assert page.runbook, alert


def test_what_a_mixin_brings_along_is_told_with_its_services() -> None:
    page = book("football").page("PrometheusReloadFailed")
    assert page.services == ("prometheus",)
    assert {one.receiver for audience in page.audiences for one in audience.tellers} == {
        "oncall",
        "ops-slack",
        "china-team",
        "reports",
    }


def test_a_page_says_what_mutes_it_and_what_it_mutes() -> None:
    page = book("football").page("PostgresDown")
    muted = {alert: one.services for one in page.mutes for alert in one.alerts}
    assert muted["HighErrorRatio"] == ("football-api",)
    held = {
        (alert, service)
        for one in book("football").page("HighErrorRatio").muted_by
        for alert in one.alerts
        for service in one.services
    }
    assert ("PostgresDown", "postgres") in held
    assert not any("HighErrorRatio" in one.alerts for one in page.muted_by)


def test_a_test_is_named_with_what_it_shows_and_how_to_run_it() -> None:
    proofs = {one.name: one for one in book("football").page("HighAPILatency").proofs}
    file, title = (
        "prometheus/tests/football-prediction-60s.yml",
        "HighAPILatency crossed back and forth within its time stays quiet",
    )
    one = proofs[title]
    assert (one.shows, one.file) == ("12m: quiet, 25m: quiet, 33m: quiet", file)
    assert shlex.split(one.command) == ["promtool", "test", "rules", "--run", f"^{re.escape(title)}$", file]
    assert any("22m: fires" in other.shows for other in proofs.values())
    assert not any(name.startswith("HighErrorRatio") for name in proofs)


def test_an_objective_that_fails_wholly_is_told_when_its_budget_says_so() -> None:
    """14.4 times the budget of the strictest objective (0.1 %) of an hour: 51 s, then the group's wait."""
    late = book("football").page("ErrorBudgetBurnFast").late
    assert late.best == 51 + plan_of("football").notify.group_wait


@pytest.mark.parametrize("spec", ["football", "shop"])
def test_what_is_owed_within_a_time_is_reckoned_as_it_is_explained(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`targets.detect_within` refuses what these pages would say."""
    reckoned: dict[str, int] = {}

    def noted(context: Context, stack: StackPlan, alert: Alert, rules: dict[str, str]) -> Delay:
        found = delay(context, stack, alert, rules)
        if alert.signal in OWED:
            reckoned[alert.name] = found.total
        return found

    delay = delays._delay
    monkeypatch.setattr(delays, "_delay", noted)
    file, environment = PRODUCTION[spec]
    build_plan(SPECS / file, environment, "compose")
    assert len(reckoned) > 6
    assert {alert: book(spec).page(alert).late.worst for alert in reckoned} == reckoned


def play(root: Path, spec: str, pages: list[Page], before: int | None = None) -> dict[str, Answer]:
    """Each alert alone, fired at its worst; and, with `before`, another alert of its group so many seconds earlier."""
    try:
        harness = tools.path("alertmanager-clock")
    except tools.ToolMissing as missing:
        pytest.skip(str(missing))
    plan = plan_of(spec)
    write(root, alertmanager.emit(compile_alerting(plan), (), ()))
    played = []
    for page in pages:
        labels = sample(spec, page)
        fires = 60 + (before or 0)
        sent = [Sent(labels, fires, None, resend(plan), valid(plan))]
        if before is not None:
            sent.insert(0, Sent({**labels, name.ALERTNAME: "Another"}, 60, None, resend(plan), valid(plan)))
        lasts = fires + page.late.parts[-1].worst + page.late.joining + 30
        played.append(Played(page.alert, written(Calendar.of(plan).quietest(lasts)), lasts, tuple(sent)))
    return {one.name: one for one in ask(harness, root / "alertmanager/alertmanager.yml", played)}


def sample(spec: str, page: Page) -> dict[str, str]:
    """The alert's labels on the service that is told of latest."""
    plan = plan_of(spec)
    own = {name.ALERTNAME: page.alert, name.SEVERITY: page.severity, name.SIGNAL: page.signal}
    audience = max(page.audiences, key=lambda one: max(each.interval for each in one.tellers))
    return {**own, **plan.service(audience.services[0]).labels, **plan.environment.labels}


def told_pages(spec: str) -> list[Page]:
    pages = [book(spec).page(alert) for alert in book(spec).rules]
    return [one for one in pages if one.late.delivery and one.services]


@pytest.mark.engine
@pytest.mark.parametrize("spec", ["football", "shop"])
def test_alertmanager_hands_over_the_first_message_after_the_groups_wait(tmp_path: Path, spec: str) -> None:
    pages = told_pages(spec)
    answers = play(tmp_path, spec, pages)
    assert len(answers) == len(pages) > 20
    for page in pages:
        first = min(one.at for one in answers[page.alert].messages)
        assert first == 60 + page.late.parts[-1].worst, page.alert
        expected = {one.receiver for audience in page.audiences for one in audience.tellers}
        assert {one.receiver for one in answers[page.alert].messages} <= expected


@pytest.mark.engine
@pytest.mark.parametrize("spec", ["football", "shop"])
def test_one_that_joins_a_group_is_told_with_the_groups_next_tick(tmp_path: Path, spec: str) -> None:
    """The other alert's group has told a moment before this one fires: the longest wait there is."""
    pages = told_pages(spec)
    wait = plan_of(spec).notify.group_wait
    answers = play(tmp_path, spec, pages, before=wait + 1)
    for page in pages:
        fires = 60 + wait + 1
        mine = [one.at for one in answers[page.alert].messages if any(f[name.ALERTNAME] == page.alert for f in one.firing)]
        assert max(0, min(mine) - fires) == page.late.parts[-1].worst + page.late.joining - 1, page.alert


def test_for_machines_it_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(capsys, "ServiceDown", "HighAPILatency")
    assert list(told) == ["ServiceDown", "HighAPILatency"]
    late = told["HighAPILatency"]["late"]
    assert late["worst"] == sum(one["worst"] for one in late["parts"]) > late["best"]
    assert all(one["source"].startswith("https://") for one in late["parts"])
    assert told["HighAPILatency"]["channels"]["production"]["ops-slack"] == ["Slack #football-alerts"]
    assert told["HighAPILatency"]["channels"]["local"]["ops-slack"] == ["inbox"]


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_silence_outside_hours_is_told(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [book("shop").page(alert) for alert in book("shop").rules]
    silent = next(page.alert for page in pages if any(audience.silence for audience in page.audiences))
    file, environment = PRODUCTION["shop"]
    assert main(["explain", silent, "--spec", str(SPECS / file), "--environment", environment, "--format", format]) == 0
    out = capsys.readouterr().out
    if format == "text":
        assert "Outside its hours it waits until they begin, at longest from " in out
        return
    (page,) = json.loads(out)["alerts"]
    (silence,) = {tuple(one["silence"].values()) for one in page["audiences"] if one["silence"]}
    assert [datetime.fromisoformat(moment).tzinfo is not None for moment in silence] == [True, True]


def test_piped_it_is_plain_and_says_the_week(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "HighAPILatency", "--spec", SPEC]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "\x1b" not in out
    assert "Mon-Fri 09:00-19:00 (Asia/Shanghai) ops-slack, reports" in out
    assert "in all 2 min 12 s 7 min 25 s" in out


def test_wrong_names_are_told_all_at_once_with_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "HighAPILatenzy", "ServiceDown", "postgres", "--spec", SPEC]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no alert is called 'HighAPILatenzy'. Did you mean 'HighAPILatency'?" in captured.err
    assert "no alert is called 'postgres': that is a service, watched by" in captured.err
    assert "ServiceDown'" not in captured.err


def test_it_says_what_it_works_on_while_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    """It builds the spec, and resolves it for every environment: longer than two seconds on a slow machine."""
    assert main(["explain", "HighAPILatency", "--spec", SPEC]) == 0
    begun, ended = capsys.readouterr().err.splitlines()
    assert begun == f"explain  {SPEC} …"
    assert ended.startswith(f"ok explain  {SPEC} (")
