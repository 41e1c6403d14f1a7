"""Who is told, and at which time of the week: as the routes promise it that people wrote."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from generators import conventions as name
from generators.compile.alerting import compile_alerting
from generators.ir.alerting import Alerting, EmailIntegration, Matcher, Receiver, Route, SlackIntegration, WebhookIntegration
from generators.plan import Maintenance, NotifyRoute, Plan
from generators.proof.hours import open_at
from generators.proof.routes import routed, told
from operate.explain.told import Spell, addressed, longest_silence, planned, spells, takes, tellers, written
from tests.routing.plans import route, with_routes
from tests.routing.played import plan_of

WARNING = {"severity": "warning", "signal": "degradation", "service": "football-api", "tier": "critical", "owner": "backend"}


def of_hours(*routes: NotifyRoute) -> tuple[Plan, tuple[Spell, ...]]:
    plan = with_routes(*routes)
    return plan, spells(plan, tellers(compile_alerting(plan), WARNING))


@pytest.mark.parametrize("spec", ["football", "shop"])
def test_it_is_who_the_routes_promise_at_each_time_of_the_week(spec: str) -> None:
    plan = plan_of(spec)
    alerting = compile_alerting(plan)
    cases = [dict(labels) for labels in routed(plan)]
    assert len(cases) > 10
    for labels in cases:
        found = tellers(alerting, labels)
        assert {one.receiver for one in found} == set(told(plan, labels)) or not told(plan, labels)
        for spell in spells(plan, found) if labels["signal"] != "heartbeat" else ():
            for moment in (spell.begins, spell.begins + (spell.ends - spell.begins) / 2, spell.ends - timedelta(seconds=1)):
                assert set(spell.receivers) == set(told(plan, labels, open_at(plan, moment))), (labels, spell)


def test_a_route_inherits_and_one_that_does_not_go_on_is_the_last() -> None:
    critical = Matcher("severity", "=", "critical")
    inner = Route(
        "pager", (critical,), group_wait=5, routes=(Route("night", (Matcher("tier", "=~", "a|b"),), repeat_interval=60),)
    )
    root = Route("mail", (), ("service",), 30, 300, 3600, routes=(inner, Route("never", (critical,))))
    alerting = Alerting(root, ())
    (one,) = tellers(alerting, {"severity": "critical"})
    assert (one.receiver, one.group_by, one.wait, one.interval, one.repeat) == ("pager", ("service",), 5, 300, 3600)
    (night,) = tellers(alerting, {"severity": "critical", "tier": "b"})
    assert (night.receiver, night.wait, night.repeat) == ("night", 5, 60)
    assert [one.receiver for one in tellers(alerting, {})] == ["mail"]


@pytest.mark.parametrize(
    ("matcher", "holds"),
    [
        (Matcher("a", "=", "x"), True),
        (Matcher("a", "!=", "x"), False),
        (Matcher("a", "=~", "x|y"), True),
        (Matcher("a", "=~", "xx|y"), False),
        (Matcher("a", "!~", "y"), True),
        (Matcher("a", "=~", ""), False),
        (Matcher("gone", "=", ""), True),
        (Matcher("gone", "!=", ""), False),
    ],
)
def test_a_matcher_holds_for_the_whole_value(matcher: Matcher, holds: bool) -> None:
    assert takes(matcher, {"a": "x"}) is holds


def test_a_week_is_written_as_people_say_it() -> None:
    _, week = of_hours(route("first"), route("second", hours="day"), route("third", hours="night"))
    assert written(week) == (
        ("Mon-Fri 09:00-19:00 (Asia/Shanghai)", ("first", "second")),
        ("Mon-Sun 19:00-24:00 (Asia/Shanghai)", ("first", "third")),
        ("otherwise", ("first",)),
    )
    _, always = of_hours(route("first"))
    assert written(always) == (("at any time", ("first",)),)


def test_the_longest_silence_goes_over_the_end_of_the_week() -> None:
    _, week = of_hours(route("second", hours="day"))
    silence = longest_silence(week)
    assert silence is not None
    assert (silence.begins.strftime("%A %H:%M"), silence.ends.strftime("%A %H:%M")) == ("Friday 19:00", "Monday 09:00")
    assert silence.ends - silence.begins == timedelta(hours=62)
    _, never = of_hours(route("first"), route("second", hours="day"))
    assert longest_silence(never) is None


def test_the_spells_of_a_week_follow_each_other_without_a_gap() -> None:
    _, week = of_hours(route("second", hours="day"), route("third", hours="night"))
    assert week[-1].ends - week[0].begins == timedelta(days=7)
    assert all(one.ends == other.begins for one, other in pairwise(week))
    assert isinstance(week[0].begins, datetime)


def test_where_a_receiver_tells() -> None:
    assert addressed(SlackIntegration("#ops", url_file="slack"), "") == "Slack #ops"
    assert addressed(SlackIntegration("#ops", url="http://inbox/slack"), "inbox:9099") == "inbox"
    assert addressed(EmailIntegration("a@example.com", "b", "c"), "") == "mail to a@example.com"
    assert addressed(WebhookIntegration(url_file="hook"), "") == "webhook (address in secret hook)"
    assert Receiver(name.NOBODY_RECEIVER).integrations == ()


def test_planned_work_says_when() -> None:
    work = Maintenance("backup", ("postgres",), ("sunday",), (), "03:00", "04:00", "UTC")
    assert planned(work) == "sunday 03:00-04:00 (UTC)"
    assert planned(Maintenance("move", (), (), ("2026-03-01",), "00:00", "24:00", "UTC")).startswith("2026-03-01 00:00-24:00")
