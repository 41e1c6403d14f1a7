"""How late an alert is told, part by part: each way from a scrape to a condition, its best and its worst case in seconds."""

from __future__ import annotations

import pytest

from generators.compile.rules import compile_rules
from generators.compile.scrape import compile_scrape
from generators.ir.rules import AlertingRule, RecordingRule, RuleFile, RuleGroup
from generators.ir.scrape import Prometheus, ScrapeJob
from generators.plan import Alert, Plan
from generators.promql import parse
from generators.proof.failures import late
from operate.explain.lateness import Clocks, Part, Place, held
from tests.routing.played import plan_of

ALERTS = Place("alerts", "alerts", 0, 30)
SCRAPED = [("scrape", 0, 15), ("answer", 0, 10)]


def clocks(*groups: RuleGroup) -> Clocks:
    """Everything is scraped every 15 s, the slow job every 60 s; rules are evaluated every 30 s."""
    jobs = (ScrapeJob("api", ()), ScrapeJob("slow", (), interval=60, timeout=20))
    server = Prometheus(15, 10, 30, {}, (), jobs, ())
    return Clocks(server, (RuleFile("recorded", "", groups),))


def way(expr: str, *groups: RuleGroup, place: Place = ALERTS, watched: tuple[str, ...] = ("api",)) -> list[tuple[str, int, int]]:
    parts = clocks(*groups).until_firing(parse(expr), place, 0, watched)
    return [(one.what, one.best, one.worst) for one in parts]


EVALUATED = ("evaluation", 0, 30)


@pytest.mark.parametrize(
    ("expr", "between"),
    [
        ("x > 1", []),
        ("rate(x[5m]) > 1", [("window", 0, 300)]),
        ("max_over_time(rate(x[5m])[10m:1m]) > 1", [("window", 0, 300), ("evaluation", 0, 60), ("window", 0, 600)]),
        ("max_over_time(x[10m:]) > 1", [("evaluation", 0, 30), ("window", 0, 600)]),
        ("absent_over_time(x[10m])", [("window", 600, 600)]),
        ("last_over_time(x[1h]) > 1", []),
        ("x offset 1h > 1", [("window", 3600, 3600)]),
        ("rate(x[5m]) < rate(x[5m] offset 1h)", [("window", 0, 300)]),
        ("rate(x[1m]) > 1 and rate(y[5m]) > 1", [("window", 0, 300)]),
    ],
)
def test_what_stands_between_a_scrape_and_the_evaluation(expr: str, between: list[tuple[str, int, int]]) -> None:
    assert way(expr) == [*SCRAPED, *between, EVALUATED]


def test_an_answer_is_waited_for_until_the_next_scrape_at_most() -> None:
    server = Prometheus(15, 10, 30, {}, (), (ScrapeJob("fast", (), interval=5),), ())
    assert [one.worst for one in Clocks(server, ()).until_firing(parse("x > 1"), ALERTS, 0, ("fast",))] == [5, 5, 30]


def test_the_slowest_of_the_jobs_that_it_may_be_counts() -> None:
    assert way("x > 1", watched=())[:2] == [("scrape", 0, 60), ("answer", 0, 20)]
    assert way('x{job="api"} > 1', watched=())[:2] == SCRAPED
    assert way("x > 1", watched=("slow", "api"))[:2] == [("scrape", 0, 60), ("answer", 0, 20)]
    assert way('x{job="api"} + on () y{job="slow"} > 1')[:2] == [("scrape", 0, 60), ("answer", 0, 20)]


def test_without_a_series_only_the_evaluation_is_waited_for() -> None:
    assert way("vector(1)") == [EVALUATED]
    assert way('ALERTS{alertname="A"}') == [EVALUATED]


RECORDED = RecordingRule("level:x:rate", "sum(rate(x[2m]))")


def test_a_recording_of_another_group_is_waited_for_twice() -> None:
    group = RuleGroup("slow", 60, (RECORDED,))
    assert way("level:x:rate > 1", group) == [*SCRAPED, ("window", 0, 120), ("recording", 0, 60), EVALUATED]


def test_rules_of_one_group_run_one_after_the_other() -> None:
    reads = RecordingRule("level:x:more", "level:x:rate * 2")
    before = RuleGroup("one", 60, (RECORDED, reads))
    after = RuleGroup("one", 60, (reads, RECORDED))
    recorded = [*SCRAPED, ("window", 0, 120), ("recording", 0, 60)]
    assert way("level:x:more > 1", before) == [*recorded, EVALUATED]
    assert way("level:x:more > 1", after) == [*recorded, ("recording", 60, 60), EVALUATED]
    own = Place("recorded", "one", 2, 60)
    assert way("level:x:more > 1", before, place=own) == recorded


def test_a_recording_is_the_one_whose_labels_are_asked_for() -> None:
    quick = RecordingRule("level:x:rate", "sum(rate(x[1m]))", {"of": "quick"})
    slow = RecordingRule("level:x:rate", "sum(rate(x[1h]))", {"of": "slow"})
    group = RuleGroup("one", 60, (quick, slow))
    assert ("window", 0, 60) in way('level:x:rate{of="quick"} > 1', group)
    assert ("window", 0, 3600) in way("level:x:rate > 1", group)


def test_recordings_in_a_circle_come_to_an_end() -> None:
    group = RuleGroup("one", 60, (RecordingRule("a", "b + x"), RecordingRule("b", "a")))
    assert way("a > 1", group)[:2] == SCRAPED


def test_the_longest_window_fills_for_a_while_whatever_fails() -> None:
    parts = clocks().until_firing(parse("avg_over_time(x[1h]) > 1 and avg_over_time(x[5m]) > 1"), ALERTS, 0, ("api",), 51)
    assert [(one.best, one.worst) for one in parts if one.what == "window"] == [(51, 3600)]


@pytest.mark.parametrize(("hold", "lasts"), [(30, 30), (31, 60), (300, 300), (299, 300)])
def test_for_lasts_up_to_an_evaluation(hold: int, lasts: int) -> None:
    part = held(hold, 30)
    assert (part.best, part.worst) == (lasts, lasts)
    assert clocks().until_firing(parse("x > 1"), ALERTS, hold)[-1] == part


def plain(plan: Plan) -> list[Alert]:
    """The alerts that read no recording: the scenarios know when these fire."""
    derived = {one.name for one in plan.derived}
    real = [one for one in plan.alerts if one.signal != "heartbeat" and not one.anomaly and one.services]
    return [one for one in real if not derived & set(one.metrics)]


@pytest.mark.parametrize("name", ["football", "shop"])
def test_it_is_as_late_as_the_scenarios_have_it(name: str) -> None:
    """The proofs' own arithmetic, which scenarios in virtual time begin with; in them every scrape is answered at once."""
    plan = plan_of(name)
    files = compile_rules(plan)
    counted = Clocks(compile_scrape(plan), files)
    places = {
        rule.alert: Place(file.name, group.name, index, group.interval)
        for file in files
        for group in file.groups
        for index, rule in enumerate(group.rules)
        if isinstance(rule, AlertingRule)
    }
    alerts = plain(plan)
    assert len(alerts) > 20
    for alert in alerts:
        watched = {service.name for service in alert.services if service.targets}
        if not watched:
            continue
        parts = counted.until_firing(parse(alert.when), places[alert.name], alert.hold, watched)
        worst = sum(one.worst for one in parts if one.what != "answer")
        expected = max(late(plan, alert, service).fires for service in alert.services if service.name in watched)
        assert worst == expected, (alert.name, parts)


def test_a_part_says_why() -> None:
    parts: tuple[Part, ...] = clocks().until_firing(parse("rate(x[5m]) > 1"), ALERTS, 45, ("api",))
    assert [one.why for one in parts] == [
        "scraped every 15s",
        "a scrape that is not answered is given up after 10s",
        "looks back 5m: just beyond the bound, the whole of it must fill",
        "group 'alerts' is evaluated every 30s",
        "must last 45s, up to the next evaluation: 60s",
    ]
