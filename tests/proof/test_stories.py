"""The generated tests as a person meets them: no alert without its stories, named by what they show, and robust against tuning."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from generators.plan import Alert
from generators.proof.coverage import coverage
from generators.proof.rules import target_labels
from generators.proof.stories import stories
from tests.compiler.specs import called
from tests.proof.plans import SPECS, alert_of, plan_of, proved

NUMBERS = {
    "EventLoopBlocked": "event_loop_lag_seconds > {}",
    "HostDiskFilling": "predict_linear(node_filesystem_avail_bytes[6h], 86400) < {}",
    "SpansRefused": "sum by (service, tier, owner) (rate(otelcol_receiver_refused_spans_total[5m])) > {}",
    "ServiceRestarting": 'changes(process_start_time_seconds{{kind="fastapi"}}[15m]) > {}',
    "KafkaConsumerLagging": "kafka_consumergroup_lag_sum > {}",
}


def _titles(name: str, **changes: object) -> list[str]:
    plan, alert = alert_of(name)
    changed = replace(alert, **changes)  # type: ignore[arg-type]
    return [test.name.removeprefix(f"{name} ") for test in stories(plan, changed, target_labels(changed))]


@pytest.mark.parametrize("spec", SPECS, ids=called)
def test_nothing_that_can_be_covered_is_left_out(spec: Path) -> None:
    rows = coverage(plan_of(spec), proved(spec))
    assert [row.missing for row in rows] == [()] * len(rows)
    assert all(row.of for row in rows)


@pytest.mark.parametrize("spec", SPECS, ids=called)
def test_no_alert_needs_an_example_by_hand(spec: Path) -> None:
    assert not [alert.name for alert in plan_of(spec).alerts if alert.fires or alert.quiet]


@pytest.mark.parametrize("spec", SPECS, ids=called)
def test_test_names_are_unique_and_say_what_they_show(spec: Path) -> None:
    names = [test.name for file in proved(spec) for test in file.tests]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("spec", SPECS, ids=called)
def test_each_turn_is_looked_at_just_before_and_just_after(spec: Path) -> None:
    for file in proved(spec):
        for test in file.tests:
            if "begins, fires after its time, and ends" in test.name and test.alerts:
                fired = [bool(case.expected) for case in test.alerts]
                at = fired.index(True)
                assert test.alerts[at].at - test.alerts[at - 1].at == test.interval, test.name
                assert fired[0] is False
                assert False in fired[at:], test.name
                assert not (fired[-1] and test.name.endswith("with its data")), test.name


def test_words_are_read_in_both_languages() -> None:
    (plan, alert), found = alert_of("LowPredictionAccuracy"), set()
    for test in stories(plan, alert, target_labels(alert)):
        found |= {frozenset(one.annotations) for case in test.alerts for one in case.expected}
    assert found == {
        frozenset({"summary", "description", "summary_en", "description_en", "runbook_url", "dashboard_url", "trace_url"})
    } or all({"summary", "description", "summary_en", "description_en"} <= one for one in found)


def test_an_alert_tells_the_stories_that_its_words_ask_for() -> None:
    assert "holds its last value for an hour when data end" in _titles("CatalogueStale")
    assert "fires without data" in _titles("SessionsGone")
    assert "keeps firing while the fault comes and goes" in _titles("KafkaDown")
    assert "keeps firing while the fault comes and goes" not in _titles("KafkaDown", keep_firing=0)
    assert "crossed back and forth within its time stays quiet" in _titles("HostMemoryHigh")
    assert "crossed back and forth within its time stays quiet" not in _titles("HostMemoryHigh", hold=0)
    assert "on just enough fires, and on too little stays quiet" in _titles("HighErrorRatio")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("share", ["0.5", "1.5"])
@pytest.mark.parametrize("hold", [0, 30, 300])
def test_other_numbers_can_be_proved_as_well(name: str, share: str, hold: int) -> None:
    _, alert = alert_of(name)
    bound = _bound(alert) * Decimal(share)
    titles = _titles(name, when=NUMBERS[name].format(f"{bound:f}"), bound=bound, hold=hold)
    assert any("begins, fires after its time, and ends" in title for title in titles)
    assert any("its bound" in title for title in titles) or name == "ServiceRestarting"


@pytest.mark.parametrize(
    ("when", "crosses"),
    [
        ("predict_linear(node_filesystem_avail_bytes[6h], 86400) < 4096", True),
        ("predict_linear(node_filesystem_avail_bytes[6h], 86400) >= 4096", True),
        ("predict_linear(node_filesystem_avail_bytes[6h], 86400) / node_filesystem_avail_bytes > 1.5", True),
        ("predict_linear(node_filesystem_avail_bytes[6h], 86400) / node_filesystem_avail_bytes > 1", False),
    ],
)
def test_a_straight_line_is_at_its_bound_at_a_step(when: str, crosses: bool) -> None:
    titles = _titles("HostDiskFilling", when=when, bound=Decimal(when.split()[-1]), op=when.split()[-2], unit="")
    assert ("crosses its bound at a step" in titles) == crosses
    assert any("begins, fires after its time, and ends" in title for title in titles)


def _bound(alert: Alert) -> Decimal:
    return alert.bound or Decimal(0)
