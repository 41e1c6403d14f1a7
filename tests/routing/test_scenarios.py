"""Who is told of what, in virtual time: both specs keep their promises on Alertmanager's own code, and a configuration that does
not is found out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from generators.compile.alerting import compile_alerting
from generators.ir.alerting import Alerting, InhibitRule, Route
from generators.plan import Plan
from generators.proof.calendar import Calendar
from generators.proof.inhibitions import inhibition_file
from generators.proof.scenarios import prove_notifications
from tests.routing.played import PRODUCTION, complaints, differing, plan_of

pytestmark = pytest.mark.engine

Change = Callable[[Alerting], Alerting]


@pytest.mark.parametrize("name", PRODUCTION)
def test_both_specs_keep_their_promises(tmp_path: Path, name: str) -> None:
    assert complaints(tmp_path, plan_of(name)) == []


@pytest.mark.parametrize("name", PRODUCTION)
def test_every_node_of_the_graph_fails_once(name: str) -> None:
    plan = plan_of(name)
    nodes = {one.name for one in plan.services if one.depends_on or one.dependents}
    told = [one.name for one in inhibition_file(plan, Calendar.of(plan)).scenarios]
    assert len(nodes) == {"football": 4, "shop": 8}[name]
    assert {node for node in nodes if not any(one.startswith(f"{node} fails (") for one in told)} == set()


def routes(alerting: Alerting, change: Callable[[Route], Route]) -> Alerting:
    """Every route below the root, and the root itself, changed."""
    root = change(dataclasses.replace(alerting.route, routes=tuple(change(one) for one in alerting.route.routes)))
    return dataclasses.replace(alerting, route=root)


def without(**nothing: object) -> Change:
    return lambda alerting: routes(alerting, lambda route: dataclasses.replace(route, **nothing))  # type: ignore[arg-type]


def no_inhibition(part: str) -> Change:
    def change(alerting: Alerting) -> Alerting:
        kept = tuple(one for one in alerting.inhibit_rules if part not in one.name)
        assert len(kept) < len(alerting.inhibit_rules)
        return dataclasses.replace(alerting, inhibit_rules=kept)

    return change


def intervals(**other: object) -> Change:
    def change(alerting: Alerting) -> Alerting:
        changed = tuple(dataclasses.replace(one, **other) for one in alerting.time_intervals)  # type: ignore[arg-type]
        return dataclasses.replace(alerting, time_intervals=changed)

    return change


def inhibitions(change: Callable[[InhibitRule], InhibitRule]) -> Change:
    return lambda alerting: dataclasses.replace(alerting, inhibit_rules=tuple(map(change, alerting.inhibit_rules)))


BROKEN: dict[str, tuple[str, Change]] = {
    "group_wait dropped": ("grouping", without(group_wait=None)),
    "group_interval dropped": ("grouping", without(group_interval=None)),
    "repeat_interval dropped": ("grouping", without(repeat_interval=None)),
    "group_by dropped": ("grouping", without(group_by=None)),
    "grouped by service alone": ("grouping", without(group_by=("service",))),
    "grouped by severity alone": ("grouping", without(group_by=("severity",))),
    "continue dropped": ("hours", without(proceed=False)),
    "hours dropped": ("hours", without(active_time_intervals=())),
    "maintenance dropped": ("hours", without(mute_time_intervals=())),
    "hours in another zone": ("hours", intervals(zone="UTC")),
    "hours on another day": ("hours", intervals(weekdays=("monday:saturday",))),
    "an hour late": ("hours", intervals(times=(("10:00", "19:00"),))),
    "no inhibition from postgres": ("inhibition", no_inhibition("postgres-ServiceDown")),
    "no memory for half an hour": ("inhibition", no_inhibition("RecentOutage30m")),
    "no memory for a scrape": ("inhibition", no_inhibition("RecentOutage1m")),
    "lesser alerts of a failing service": ("inhibition", no_inhibition("own-service-1")),
    "inhibition between all services": ("inhibition", inhibitions(lambda one: dataclasses.replace(one, source=one.source[:1]))),
    "inhibition in all clusters": ("holding", inhibitions(lambda one: dataclasses.replace(one, equal=()))),
    "inhibition of what does not need it": ("holding", inhibitions(lambda one: dataclasses.replace(one, target=one.target[:1]))),
    "inhibition of what nobody declared": ("holding", inhibitions(lambda one: dataclasses.replace(one, target=one.target[1:]))),
    "inhibition by what is merely unwell": ("holding", inhibitions(lambda one: dataclasses.replace(one, source=one.source[1:]))),
    "what follows from absent metrics": ("holding", no_inhibition("own-service-5")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_configuration_is_found_out(tmp_path: Path, what: str) -> None:
    file, change = BROKEN[what]
    plan = plan_of("football")
    assert complaints(tmp_path, plan, file, alerting=change(compile_alerting(plan))) != []


def test_planned_work_is_silent_in_every_month_and_for_whatever_is_told(tmp_path: Path) -> None:
    """It goes over the end of a year: two intervals, and without either somebody hears of it in his hours."""
    plan = plan_of("shop")
    for interval in ("maintenance-stocktaking-1", "maintenance-stocktaking-2"):

        def without_it(route: Route, interval: str = interval) -> Route:
            return dataclasses.replace(route, mute_time_intervals=tuple(n for n in route.mute_time_intervals if n != interval))

        told = {one.receiver for one in compile_alerting(plan).route.routes if interval in one.mute_time_intervals}
        found = differing(tmp_path / interval, plan, "hours", alerting=routes(compile_alerting(plan), without_it))
        assert {receiver for receiver in told if any(f"{receiver} is told of" in one for one in found)} == told


def tuned(plan: Plan, name: str, **change: object) -> Plan:
    alerts = tuple(dataclasses.replace(one, **change) if one.name == name else one for one in plan.alerts)  # type: ignore[arg-type]
    return dataclasses.replace(plan, alerts=alerts)


def test_a_page_is_held_back_by_a_critical_cause_only(tmp_path: Path) -> None:
    """The database's outage is a warning: objectives and outages above it are paged all the same. A configuration in which it
    counts as critical is found out."""
    plan = tuned(plan_of("football"), "PostgresDown", severity="warning")
    assert any("no critical cause" in one.name for one in inhibition_file(plan, Calendar.of(plan)).scenarios)
    assert complaints(tmp_path / "good", plan, "inhibition") == []
    assert complaints(tmp_path / "bad", plan, "inhibition", alerting=compile_alerting(plan_of("football"))) != []


def test_a_cause_that_comes_too_late_is_found_out(tmp_path: Path) -> None:
    """Where a message waits no longer than a scrape and an evaluation, the cause may arrive after what it causes was told."""
    plan = plan_of("football")
    hasty = dataclasses.replace(plan, notify=dataclasses.replace(plan.notify, group_wait=10))
    found = complaints(tmp_path, hasty, "inhibition")
    assert any(one.startswith("postgres fails") and "ServiceDown of football-api" in one for one in found)


def test_an_exporter_that_is_down_hides_nothing(tmp_path: Path) -> None:
    """If it did, it would be found out."""
    plan, wrong = plan_of("football"), tuned(plan_of("football"), "ExporterDown", signal="outage", severity="critical", hold=15)
    assert any(one.name.startswith("the exporter of postgres") for one in inhibition_file(plan, Calendar.of(plan)).scenarios)
    assert any("exporter" in one for one in complaints(tmp_path, plan, "inhibition", alerting=compile_alerting(wrong)))


def test_scenarios_come_from_the_plan_alone() -> None:
    """The same plan gives the same scenarios, whatever is compiled of it."""
    assert prove_notifications(plan_of("shop")) == prove_notifications(plan_of("shop"))
