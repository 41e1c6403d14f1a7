"""Each operator on a small Alertmanager configuration: exactly the mutants it must make."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.ir.alerting import Alerting, InhibitRule, Matcher, Operator, Receiver, Route, WebhookIntegration
from generators.mutants import OPERATORS, routing_mutants
from generators.mutants.mutant import RoutingOperator
from tests.routing.test_routes import matched

CRITICAL, PAGED = Matcher("severity", "=", "critical"), Matcher("tier", "=~", "a|b")
FIRST = Route("pager", (CRITICAL, PAGED), mute_time_intervals=("backup",), proceed=True)
SECOND = Route("chat", (CRITICAL,), active_time_intervals=("work",), routes=(Route("inner"),))
ROOT = Route("mail", group_by=("service", "severity"), routes=(FIRST, SECOND))
INHIBITION = InhibitRule("down", (Matcher("alertname", "=", "Down"),), (Matcher("severity", "!=", "critical"),), ("service",))
RECEIVERS = tuple(Receiver(name, (WebhookIntegration(url="http://localhost:1"),)) for name in ("mail", "pager", "chat", "inner"))
ALERTING = Alerting(ROOT, RECEIVERS, (INHIBITION,))


def made(operator: str, alerting: Alerting = ALERTING) -> list[Alerting]:
    return [mutant.becomes for mutant in routing_mutants(alerting, (operator,))]


def rerouted(*routes: Route) -> Alerting:
    return replace(ALERTING, route=replace(ROOT, routes=routes))


def inhibiting(**changes: tuple[Matcher, ...] | tuple[str, ...]) -> Alerting:
    return replace(ALERTING, inhibit_rules=(replace(INHIBITION, **changes),))


def test_neighbours_change_places() -> None:
    assert made("route-order-swapped") == [rerouted(SECOND, FIRST)]


def test_continue_is_flipped_where_a_route_follows() -> None:
    assert made("continue-flipped") == [rerouted(replace(FIRST, proceed=False), SECOND)]
    assert made("continue-flipped", rerouted(SECOND, FIRST)) == [rerouted(replace(SECOND, proceed=True), FIRST)]


WARNING = Matcher("severity", "=", "warning")


@pytest.mark.parametrize(
    ("second", "apart"),
    [
        ((WARNING,), True),
        ((Matcher("severity", "!=", "critical"),), True),
        ((Matcher("severity", "=~", "warning|info"),), True),
        ((Matcher("severity", "!~", "crit.*"),), True),
        ((Matcher("severity", "=~", "crit.*"),), False),
        ((Matcher("tier", "=", "c"),), True),
        ((Matcher("tier", "=~", "c|d"),), True),
        ((Matcher("tier", "!~", "a|b"),), True),
        ((Matcher("tier", "=~", "b|c"),), False),
        ((Matcher("tier", "!~", "b|c"),), False),
        ((Matcher("tier", "=~", "c.*"),), True),
        ((Matcher("service", "=", "web"),), False),
        ((), False),
    ],
)
def test_the_order_of_two_that_no_alert_can_match_says_nothing(second: tuple[Matcher, ...], apart: bool) -> None:
    alerting = rerouted(replace(FIRST, proceed=False), Route("chat", second))
    assert (not made("route-order-swapped", alerting)) is apart
    assert (not made("continue-flipped", alerting)) is apart


def test_the_order_of_two_that_go_on_says_nothing() -> None:
    assert not made("route-order-swapped", rerouted(FIRST, replace(SECOND, proceed=True)))


OPS: tuple[Operator, ...] = ("=", "!=", "=~", "!~")
MATCHERS = st.builds(
    Matcher, st.sampled_from(("tier", "team")), st.sampled_from(OPS), st.sampled_from(("a", "b", "a|b", "b|c", "a.*", ""))
)
ROUTES = st.lists(
    st.builds(
        Route, st.sampled_from(("pager", "chat", "inner")), st.lists(MATCHERS, max_size=2).map(tuple), proceed=st.booleans()
    ),
    min_size=2,
    max_size=4,
)
ALL_LABELS = [{"tier": tier, "team": team} for tier, team in product(("", "a", "b", "c", "ab"), repeat=2)]


def told(alerting: Alerting) -> list[list[str]]:
    """Who hears of an alert with each set of labels, in any order."""
    return [sorted(one.receiver for one in matched(alerting.route, labels)) for labels in ALL_LABELS]


@settings(max_examples=300, deadline=None)
@given(ROUTES)
def test_what_is_left_out_says_nothing(routes: list[Route]) -> None:
    """Two neighbours that are not swapped, and a route that is not flipped, tell the same the other way round."""
    alerting = rerouted(*routes)
    swaps = [rerouted(*routes[:i], routes[i + 1], routes[i], *routes[i + 2 :]) for i in range(len(routes) - 1)]
    flips = [rerouted(*routes[:i], replace(one, proceed=not one.proceed), *routes[i + 1 :]) for i, one in enumerate(routes)]
    for operator, possible in (("route-order-swapped", swaps), ("continue-flipped", flips)):
        planted = made(operator, alerting)
        for one in possible:
            assert one in planted or told(one) == told(alerting), operator


def test_matchers_are_loosened_in_routes_and_on_both_sides_of_inhibitions() -> None:
    assert made("matcher-loosened") == [
        rerouted(replace(FIRST, matchers=(PAGED,)), SECOND),
        rerouted(replace(FIRST, matchers=(CRITICAL,)), SECOND),
        rerouted(FIRST, replace(SECOND, matchers=())),
        inhibiting(source=()),
        inhibiting(target=()),
    ]


def test_each_group_label_is_dropped() -> None:
    assert made("group-label-dropped") == [
        replace(ALERTING, route=replace(ROOT, group_by=("severity",))),
        replace(ALERTING, route=replace(ROOT, group_by=("service",))),
    ]


def test_times_of_silence_and_of_work_are_dropped() -> None:
    assert made("mute-time-dropped") == [
        rerouted(replace(FIRST, mute_time_intervals=()), SECOND),
        rerouted(FIRST, replace(SECOND, active_time_intervals=())),
    ]


def test_inhibitions_are_dropped_and_ask_for_nothing() -> None:
    assert made("inhibition-dropped") == [replace(ALERTING, inhibit_rules=())]
    assert made("inhibition-equal-emptied") == [inhibiting(equal=())]


def test_every_routing_operator_finds_work_here() -> None:
    found = list(routing_mutants(ALERTING))
    assert {mutant.operator for mutant in found} == {one.name for one in OPERATORS if isinstance(one, RoutingOperator)}
    assert len({mutant.id for mutant in found}) == len(found)


def test_two_alike_are_not_told_apart_by_their_order() -> None:
    alike = replace(ALERTING, route=replace(ROOT, routes=(FIRST, FIRST)))
    assert not list(routing_mutants(alike, ("route-order-swapped",)))
