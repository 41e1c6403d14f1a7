"""Routes: whatever people write, each channel hears of an alert once, in the hours and as often as they said."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators import conventions as name
from generators.compile.alerting import compile_alerting
from generators.emit import alertmanager
from generators.ir.alerting import Matcher, Route
from generators.plan import Maintenance, NotifyRoute, Plan
from generators.proof.routes import prove_routes
from tests.emit.tools import need, run, write
from tests.routing.plans import route, shipped, with_routes
from tests.routing.played import PRODUCTION, plan_of

SEVERITIES, TIERS, SIGNALS = ("critical", "warning", "info"), ("critical", "standard"), ("outage", "burn", "business")
SERVICES, OWNERS = ("football-api", "postgres", "redis"), ("backend", "platform")
CHANNELS = ("first", "second", "third")


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)


ROUTES = st.builds(
    NotifyRoute,
    severities=some(SEVERITIES),
    tiers=some(TIERS),
    signals=some(SIGNALS),
    services=some(SERVICES),
    owners=some(OWNERS),
    to=st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1, max_size=3).map(tuple),
    hours=st.sampled_from(["", "day", "night"]),
    repeat=st.sampled_from([3600, 14400]),
)
LABELS = st.builds(
    lambda severity, signal, service: {name.SEVERITY: severity, name.SIGNAL: signal, **shipped().service(service).labels},
    st.sampled_from(SEVERITIES),
    st.sampled_from(SIGNALS),
    st.sampled_from(SERVICES),
)
"""A service has one tier and one owner."""


def matched(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """The routes that Alertmanager's depth-first search ends at (dispatch/route.go, Match)."""
    if not all(holds(one, labels.get(one.label, "")) for one in route.matchers):
        return []
    found: list[Route] = []
    for child in route.routes:
        below = matched(child, labels)
        found += below
        if below and not child.proceed:
            break
    return found or [route]


def holds(matcher: Matcher, value: str) -> bool:
    same = bool(re.fullmatch(matcher.value, value)) if "~" in matcher.op else matcher.value == value
    return same != matcher.op.startswith("!")


@settings(max_examples=300, deadline=None)
@given(st.lists(ROUTES, min_size=1, max_size=5), LABELS, st.booleans())
def test_each_channel_is_told_once_as_people_wrote(routes: list[NotifyRoute], labels: dict[str, str], work: bool) -> None:
    maintenance = (
        (Maintenance("upgrade", ("postgres", "redis"), ("sunday",), (), "20:00", "21:00", "Asia/Shanghai"),) if work else ()
    )
    tree = compile_alerting(with_routes(*routes, maintenance=maintenance)).route
    found = matched(tree, labels)
    if found == [tree]:
        found = []
    for channel in CHANNELS:
        wanted = [one for one in routes if one.takes(labels) and channel in one.to]
        told = [one for one in found if one.receiver == channel]
        assert len(told) == bool(wanted)
        if wanted:
            always = any(not one.hours for one in wanted)
            hours = () if always else tuple(f"hours-{one}" for one in sorted({one.hours for one in wanted}))
            assert told[0].active_time_intervals == hours
            assert told[0].repeat_interval == min(one.repeat for one in wanted)
            # Nobody works on a Sunday, so nothing has to be kept silent then.
            under_work = work and labels[name.SERVICE] in ("postgres", "redis") and hours != ("hours-day",)
            assert told[0].mute_time_intervals == (("maintenance-upgrade",) if under_work else ())


def test_routes_that_do_not_overlap_stay_as_they_were_written() -> None:
    tree = compile_alerting(with_routes(route("first", severities=("critical",)), route("first", severities=("warning",)))).route
    assert [child.matchers for child in tree.routes if child.receiver == "first"] == [
        (Matcher("severity", "=", "critical"),),
        (Matcher("severity", "=", "warning"),),
    ]


def test_a_critical_group_tells_of_more_within_a_minute() -> None:
    """On a route of its own, and on one that takes everything."""
    tree = compile_alerting(with_routes(route("first", severities=("critical",)), route("second"))).route
    assert [(child.receiver, child.group_interval) for child in tree.routes if child.proceed] == [
        ("first", 60),
        ("second", 60),
        ("second", None),
    ]
    assert (tree.group_by, tree.group_wait, tree.group_interval) == (("severity", "service"), 10, 300)


def test_where_services_are_named_their_tier_and_owner_are_not_asked_for() -> None:
    """Postgres is of tier critical, and no route of another tier has to know that it is worked on."""
    work = Maintenance("upgrade", ("postgres",), ("sunday",), (), "03:00", "04:00", "UTC")
    alerting = compile_alerting(
        with_routes(route("first", tiers=("critical",)), route("second", tiers=("standard",)), maintenance=(work,))
    )
    told = [(one.receiver, one.matchers, bool(one.mute_time_intervals)) for one in alerting.route.routes if one.proceed]
    any_severity = [(receiver, tuple(m for m in matchers if m.label != "severity"), muted) for receiver, matchers, muted in told]
    assert list(dict.fromkeys(any_severity)) == [
        ("first", (Matcher("tier", "=", "critical"), Matcher("service", "!=", "postgres")), False),
        ("first", (Matcher("service", "=", "postgres"),), True),
        ("second", (Matcher("tier", "=", "standard"),), False),
    ]


@pytest.mark.parametrize(
    ("hours", "days", "start", "end", "zone", "silent"),
    [
        ("day", ("sunday",), "10:00", "11:00", "Asia/Shanghai", False),
        ("day", ("friday",), "10:00", "11:00", "Asia/Shanghai", True),
        ("day", ("friday",), "19:00", "20:00", "Asia/Shanghai", False),
        ("day", ("friday",), "19:00", "20:00", "UTC", True),
        ("night", ("sunday",), "10:00", "19:01", "Asia/Shanghai", True),
        ("", ("sunday",), "10:00", "11:00", "Asia/Shanghai", True),
    ],
)
def test_planned_work_outside_a_route_s_hours_says_nothing(
    hours: str, days: tuple[str, ...], start: str, end: str, zone: str, silent: bool
) -> None:
    work = Maintenance("upgrade", ("postgres",), days, (), start, end, zone)
    tree = compile_alerting(with_routes(route("first", hours=hours), maintenance=(work,))).route
    assert any(one.mute_time_intervals for one in tree.routes) is silent


@pytest.mark.parametrize("name", PRODUCTION)
def test_what_remembers_an_outage_is_told_to_nobody_wherever_it_would_be_taken(name: str) -> None:
    plan = plan_of(name)
    tree = compile_alerting(plan).route
    echoes = [one for one in prove_routes(plan) if ("signal", "echo") in one.labels]
    assert {one.receivers for one in echoes} == {("touchline-nobody",)}
    told = {
        one.receiver for echo in echoes for one in matched(dataclasses.replace(tree, routes=tree.routes[2:]), dict(echo.labels))
    }
    assert "touchline-nobody" not in told
    assert len(told) > 1


def test_what_only_holds_back_others_is_told_to_nobody() -> None:
    tree = compile_alerting(with_routes(route("first"))).route
    told = matched(tree, {"signal": "echo", "severity": "none", "service": "postgres"})
    assert [one.receiver for one in told] == [name.NOBODY_RECEIVER]


def test_the_heartbeat_goes_out_at_once_at_every_tick_and_to_its_receiver_alone() -> None:
    alerting = compile_alerting(shipped())
    told = matched(alerting.route, {"signal": "heartbeat", "severity": "critical", "service": "prometheus"})
    assert [one.receiver for one in told] == [name.HEARTBEAT_RECEIVER]
    beat = told[0]
    assert (beat.group_wait, beat.group_interval, beat.group_by) == (0, 60, ())
    assert beat.repeat_interval is not None
    assert beat.repeat_interval < 60
    silent = compile_alerting(with_routes(route("first")))
    assert [one.receiver for one in matched(silent.route, {"signal": "heartbeat"})] == [name.NOBODY_RECEIVER]
    assert next(one for one in silent.receivers if one.name == name.NOBODY_RECEIVER).integrations == ()


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ((), [((), (), ())]),
        (("2026-12-24",), [(("24:24",), ("12",), ("2026",))]),
        (("2026-12-30", "2027-01-02"), [(("30:31",), ("12",), ("2026",)), (("1:2",), ("1",), ("2027",))]),
        (
            ("2027-02-27", "2027-04-01"),
            [(("27:28",), ("2",), ("2027",)), (("1:31",), ("3",), ("2027",)), (("1:1",), ("4",), ("2027",))],
        ),
    ],
)
def test_maintenance_dates_become_days_within_months(dates: tuple[str, ...], expected: list[tuple[tuple[str, ...], ...]]) -> None:
    work = Maintenance("move", ("postgres",), (), dates, "00:00", "24:00", "UTC")
    alerting = compile_alerting(with_routes(route("first"), maintenance=(work,)))
    intervals = [one for one in alerting.time_intervals if one.name.startswith("maintenance-")]
    assert [(one.days_of_month, one.months, one.years) for one in intervals] == expected
    assert all(one.times == () for one in intervals)
    muted = matched(alerting.route, {"service": "postgres"})[0].mute_time_intervals
    assert muted == tuple(one.name for one in intervals)


def _amtool(root: Path, plan: Plan) -> list[str]:
    """What amtool says of the plan's route tests: one line for each that fails."""
    tests = prove_routes(plan)
    write(root, alertmanager.emit(compile_alerting(plan), tests))
    config = f"--config.file={root}/alertmanager/alertmanager.yml"
    checked = run([need("amtool"), "check-config", str(root / "alertmanager/alertmanager.yml")])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    wrong = []
    for test in tests:
        labels = [f"{label}={json.dumps(value)}" for label, value in test.labels]
        told = f"--verify.receivers={','.join(test.receivers)}"
        ran = run([need("amtool"), "config", "routes", "test", config, told, *labels])
        if ran.returncode:
            wrong.append(f"{test.name}: {ran.stdout.splitlines()[0]} instead of {','.join(test.receivers)}")
    return wrong


@pytest.mark.engine
@pytest.mark.parametrize("environment", ["production", "local"])
def test_amtool_finds_every_alert_where_people_wrote_it(tmp_path: Path, environment: str) -> None:
    plan = shipped(environment, "local" if environment == "local" else "compose")
    assert len(prove_routes(plan)) > 20
    assert _amtool(tmp_path, plan) == []


@pytest.mark.engine
def test_amtool_finds_overlapping_routes_told_once(tmp_path: Path) -> None:
    plan = with_routes(
        route("first", "second", severities=("critical",)),
        route("second", tiers=("critical",), hours="day"),
        route("third", "first", services=("postgres",), signals=("outage", "saturation")),
        route("third"),
    )
    assert _amtool(tmp_path, plan) == []


@pytest.mark.engine
def test_a_route_that_leads_elsewhere_is_found_out(tmp_path: Path) -> None:
    """The proof must be able to fail: the tests of one plan, held against the routes of another."""
    plan = shipped()
    fewer = tuple(dataclasses.replace(one, to=one.to[1:]) if len(one.to) > 1 else one for one in plan.notify.routes)
    other = dataclasses.replace(plan, notify=dataclasses.replace(plan.notify, routes=fewer))
    write(tmp_path, alertmanager.emit(compile_alerting(other)))
    test = next(one for one in prove_routes(plan) if ("severity", "critical") in one.labels)
    labels = [f"{label}={json.dumps(value)}" for label, value in test.labels]
    config = f"--config.file={tmp_path}/alertmanager/alertmanager.yml"
    told = f"--verify.receivers={','.join(test.receivers)}"
    assert run([need("amtool"), "config", "routes", "test", config, told, *labels]).returncode == 1
