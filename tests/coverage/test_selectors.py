"""Whatever a stack asks meets something: on a real Prometheus, every selector of rules, dashboards and runbooks, and every condition.
What is taken away is told with its place; what need not be there, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generators.fault import NOWHERE
from generators.ir.contract import Appears, Contract
from generators.promql import parse, selectors, text_of
from generators.promql.syntax import VectorSelector
from operate.coverage.conditions import judged
from operate.coverage.ground import Ground
from operate.coverage.reasons import Reasons
from operate.coverage.selectors import Findings, Unmet, find
from operate.engines import Absent
from tests.coverage.exporter import all_of
from tests.coverage.world import World, await_answer, world

SPEC = Path(__file__).parent / "kiosk.yaml"


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which everything is there, and nothing is wrong."""
    with world(SPEC, tmp_path_factory.mktemp("kiosk")) as found:
        await_answer(found.ground.prometheus, "slo:error_budget_remaining:ratio")
        await_answer(found.ground.prometheus, "count(sum_over_time(slo:sli_total:rate[1m]) > 0) == 2")
        yield found


def told(found: Findings, text: str) -> Unmet:
    return next(one for one in found.unmet if text in one.text)


@pytest.mark.engine
def test_everything_meets_something_or_says_why_not(kiosk: World) -> None:
    found = find(kiosk.ground)
    assert found.unexplained == ()
    assert found.good
    assert found.selectors > 90
    assert found.conditions > 25
    assert found.reasons.keys() == {"fault", "history"}
    assert all(one.places and all(place.where != NOWHERE for place in one.places) for one in found.unmet)


@pytest.mark.engine
def test_what_reads_an_hour_back_needs_history(kiosk: World) -> None:
    found = find(kiosk.ground)
    for text in ("http_requests_total offset 1h", "rate(http_requests_total[5m] offset 1h)"):
        one = told(found, text)
        assert one.reason
        assert one.reason.code == "history"
        assert "1h back" in one.reason.because
    assert str(told(found, "http_requests_total offset 1h").places[0].where) == "generators/catalogue/fastapi.yaml:67:11"


@pytest.mark.engine
def test_a_recording_may_be_older_than_what_it_reads(kiosk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its group was evaluated before there was anything; not so where it has series, and only others are asked for."""
    reasons, name = Reasons(kiosk.ground), "slo:sli_total:rate"
    (elsewhere,) = selectors(parse(f'{name}{{slo="nowhere"}}'))
    assert reasons.of(elsewhere) is None
    monkeypatch.setattr(reasons, "matches", lambda selector: False)
    reason = reasons.of(elsewhere)
    assert reason
    assert reason.code == "history"
    assert reason.because.endswith("what it reads came after the last time")


@pytest.mark.engine
def test_what_is_not_exported_is_told_wherever_it_is_asked(kiosk: World) -> None:
    with kiosk.where("kiosk", "queue_length", gone=all_of("queue_length")):
        found = find(replace(kiosk.ground))
    assert not found.good
    asked = {place.who: place.where.line for one in found.unexplained for place in one.places}
    assert asked["alert LongQueue in prometheus/rules/kiosk.yml"] == 30
    assert any(who.startswith("panel 'Queue' of ") for who in asked)
    assert "step 1 of docs/runbooks/LongQueue.md" in asked


@pytest.mark.engine
def test_a_condition_whose_sides_never_meet_is_told(kiosk: World) -> None:
    """Every selector of it matches, and yet it can never fire."""
    meeting = "queue_length * on (instance) tips_euros > 8"
    found = find(kiosk.after("queue_length > 8", meeting))
    assert found.unexplained == ()
    found = find(
        kiosk.after("queue_length > 8", meeting.replace("instance", "instance, tea").replace("tips_euros", "cups_total"))
    )
    assert {place.who for one in found.unexplained for place in one.places} == {"alert LongQueue in prometheus/rules/kiosk.yml"}


def with_appears(ground: Ground, name: str, appears: Appears) -> Ground:
    """The contract says of a metric when it is there."""
    old = ground.plan.contract
    contract = Contract.of(replace(one, appears=(appears,)) if one.name == name else one for one in old.metrics.values())
    return replace(ground, plan=replace(ground.plan, contract=contract))


@pytest.mark.engine
def test_what_the_spec_says_of_a_metric_is_its_reason(kiosk: World) -> None:
    ground = with_appears(kiosk.ground, "queue_length", Appears("environment", "nobody queues here"))
    with kiosk.where("kiosk", "queue_length", gone=all_of("queue_length")):
        found = find(ground)
    assert found.unexplained == ()
    assert {one.reason.because for one in found.excused if one.reason and one.reason.code == "environment"} == {
        "nobody queues here"
    }


@pytest.mark.engine
def test_a_reason_for_some_labels_holds_for_no_others(kiosk: World) -> None:
    ground = with_appears(kiosk.ground, "cups_total", Appears("fault", "milk is poured by mistake", {"tea": "milk"}))
    asked = {text: reason(ground, text) for text in ('cups_total{tea="milk"}', 'cups_total{tea="mint"}', "cups_total")}
    assert asked == {'cups_total{tea="milk"}': "fault", 'cups_total{tea="mint"}': "", "cups_total": ""}


def reason(ground: Ground, text: str) -> str:
    (selector,) = selectors(parse(text))
    found = Reasons(ground).of(selector)
    return found.code if found else ""


@pytest.mark.engine
def test_what_the_engine_cannot_run_is_its_reason(kiosk: World) -> None:
    ground = replace(kiosk.ground, absent=(Absent("postgres-exporter", "there is none"),))
    assert reason(ground, "pg_nothing") == ""
    assert reason(ground, 'pg_up{instance="nowhere"}') == "containers"
    assert reason(kiosk.ground, 'pg_up{instance="nowhere"}') == ""


@pytest.mark.engine
def test_a_selector_of_alerts_must_fit_one_that_runs(kiosk: World) -> None:
    fitting = ('ALERTS{alertname="LongQueue", alertstate="firing"}', 'ALERTS{severity=~"warn.*", signal!="heartbeat"}')
    never = (
        'ALERTS{alertname="ShortQueue"}',
        'ALERTS{alertname="LongQueue", severity="critical"}',
        'ALERTS{alertstate="resolved"}',
    )
    assert {text: reason(kiosk.ground, text) for text in (*fitting, *never)} == dict.fromkeys(fitting, "fault") | dict.fromkeys(
        never, ""
    )


@pytest.mark.engine
def test_too_many_reasons_are_no_reason(kiosk: World) -> None:
    found = find(kiosk.ground)
    assert found.on_word < len(found.excused)
    unproved = [one for one in found.excused if one.reason and not one.reason.proved]
    assert not replace(found, unmet=(*found.unmet, *unproved * 5)).good


CONDITIONS = {
    "queue_length > 8": "queue_length",
    "8 < queue_length": "queue_length",
    "a / (b > 0) > 0.5": "a / (b)",
    "a > on (x) group_left () b + c": "a - on (x) group_left () (b + c)",
    "up == 1 unless on (instance) queue_length": "up and on (instance) queue_length",
    "absent(up)": "up",
    "absent_over_time(up[5m])": "last_over_time(up[5m])",
    "(a > 1 and b > 2) * on (slo) group_left (x) c": "(a and b) * on (slo) group_left (x) c",
    "count(up == 0) > bool 3": "count(up) > bool 3",
    "vector(1)": "vector(1)",
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_without_its_comparison(text: str) -> None:
    tree = judged(parse(text))
    assert text_of(tree) == text_of(parse(CONDITIONS[text]))
    assert all(isinstance(each, VectorSelector) for each in selectors(tree))
