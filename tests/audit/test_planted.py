"""Faults planted into good rules of others, the mixins inside the pinned Go modules: the audit finds nine in ten, and says nothing false of
the rules as they are. `python -m bench planted` prints the same by operator; docs/reports/planted.md has more rules than these."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.planted import MOST_EXPRESSIONS, MOST_FALSE, MOST_MISSED, argued
from bench.planted.corpus import Corpus, pinned
from bench.planted.measure import Trial, findings, trials
from bench.planted.operators import OPERATORS, planted
from generators.checks.expressions_judged import meaning
from generators.ir.rules import AlertingRule, RecordingRule, Rule
from generators.mutants.mutant import put


@pytest.fixture(scope="module")
def mixins() -> tuple[Corpus, ...]:
    return tuple(pinned(lambda text: None))


@pytest.fixture(scope="module")
def tried(mixins: tuple[Corpus, ...]) -> tuple[tuple[Corpus, Trial], ...]:
    return tuple((corpus, trial) for corpus in mixins for trial in trials(corpus))


def test_nine_in_ten_planted_faults_are_found(tried: tuple[tuple[Corpus, Trial], ...]) -> None:
    missed = [trial.planted for _, trial in tried if not trial.brought]
    assert len(tried) > 130, "the mixins or the operators have shrunk"
    assert 100 * len(missed) <= MOST_MISSED * len(tried), "\n".join(f"{one.operator}: {one.now}" for one in missed)


def test_what_is_found_in_the_rules_as_they_are_is_right(mixins: tuple[Corpus, ...]) -> None:
    told = [fault for corpus in mixins for fault in findings(corpus)]
    wrong = [fault for fault in told if not argued(fault)]
    assert told, "Jaeger's mixin has a label that its condition drops"
    assert 100 * len(wrong) <= MOST_FALSE * len(told), "\n".join(map(str, wrong))
    assert 100 * len(wrong) <= MOST_EXPRESSIONS * sum(corpus.rules for corpus in mixins)


def test_the_rules_around_a_fault_are_enough_to_judge_it(tried: tuple[tuple[Corpus, Trial], ...]) -> None:
    for corpus, trial in tried[::16]:
        everything = {fault.what for fault in meaning(_with(corpus, trial))} - {
            fault.what for fault in meaning(corpus.repository)
        }
        assert bool(everything) == bool(trial.brought), trial.planted


def _with(corpus: Corpus, trial: Trial):  # type: ignore[no-untyped-def]
    files, place = corpus.repository.rule_files, trial.place
    group = files[place.file].groups[place.group]
    changed = replace(group, rules=put(group.rules, place.rule, trial.planted.becomes))
    file = replace(files[place.file], groups=put(files[place.file].groups, place.group, changed))
    return replace(corpus.repository, rule_files=put(files, place.file, file))


def alert(expr: str, summary: str = "") -> Rule:
    return AlertingRule("A", expr, annotations={"summary": summary})


PLANTS = {
    "rate-dropped": (alert("rate(x_total[5m]) > 1"), "x_total > 1"),
    "le-dropped": (RecordingRule("r", "sum by (le, job) (rate(x_bucket[5m]))"), "sum by (job) (rate(x_bucket[5m]))"),
    "grouping-dropped": (alert("sum by (a, b) (x) / sum by (a, b) (y) > 1"), "sum by (b) (x) / sum by (a, b) (y) > 1"),
    "aggregations-dropped": (
        RecordingRule("r", 'sum(rate(x_total{code="5"}[5m])) / sum(rate(x_total[5m]))'),
        'rate(x_total{code="5"}[5m]) / rate(x_total[5m])',
    ),
    "range-shortened": (RecordingRule("r", "rate(x_total[5m])"), "rate(x_total[1m])"),
    "share-in-percent": (alert("x_free / x_size < 0.05"), "x_free / x_size < 5"),
    "quantile-in-percent": (RecordingRule("r", "histogram_quantile(0.99, x_bucket)"), "histogram_quantile(99, x_bucket)"),
    "told-label-dropped": (alert("sum by (a) (x) > 1", "{{ $labels.a }}"), "sum(x) > 1"),
}
LEFT_OUT = {
    "how many there are": ("rate-dropped", alert("count(rate(x_total[5m])) > 3")),
    "buckets by their bound": ("le-dropped", RecordingRule("r", 'sum by (le, job) (rate(x_bucket{le="1"}[5m]))')),
    "two metrics, each its own quotient": (
        "aggregations-dropped",
        RecordingRule("r", "sum(rate(x_sum[5m])) / sum(rate(x_count[5m]))"),
    ),
    "a range that was short before": ("range-shortened", RecordingRule("r", "rate(x_total[1m])")),
    "a percentage already": ("share-in-percent", alert("100 * x_free / x_size < 0.5")),
    "seconds by operations": ("share-in-percent", alert("rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m]) > 0.5")),
    "the largest bucket": ("quantile-in-percent", RecordingRule("r", "histogram_quantile(0.01, x_bucket)")),
}


@pytest.mark.parametrize("name", [operator.name for operator in OPERATORS])
def test_each_operator_plants_its_fault(name: str) -> None:
    rule, becomes = PLANTS[name]
    assert becomes in [one.becomes.expr for one in planted(rule) if one.operator == name]


@pytest.mark.parametrize("why", LEFT_OUT)
def test_what_is_no_fault_is_left_out(why: str) -> None:
    name, rule = LEFT_OUT[why]
    assert [one.now for one in planted(rule) if one.operator == name] == []


def test_a_guard_against_nothing_by_nothing_is_left_alone() -> None:
    rule = alert('rate(x_total{code="5"}[5m]) / rate(x_total[5m]) > 0.1 and rate(x_total[5m]) > 0')
    changed = [one.becomes.expr for one in planted(rule) if one.operator == "rate-dropped"]
    assert len(changed) == 2
    assert all(expr.endswith("and rate(x_total[5m]) > 0") for expr in changed)
