"""What the checks know: types flow through recording rules in any order and around circles; foreign metrics are known by their
names only where that is asked for; a fault points into the text that somebody wrote."""

from __future__ import annotations

import itertools

import pytest

from generators.checks.expressions import Facts, Settings, judge, settings_of
from generators.fault import Where, Written
from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.promql import parse
from tests.checks.examples import metric
from tests.compiler.specs import SHIPPED, built

CONTRACT = Contract.of(
    [metric("hits_total", {"kind": "counter", "labels": ["page"]}), metric("load", {"kind": "gauge", "unit": "ratio"})]
)
NOTHING = Contract({}, {})
FOREIGN = Settings(complete=False, by_names=True)


def files(*rules: Rule, interval: int = 60) -> list[RuleFile]:
    return [RuleFile("file", "", (RuleGroup("group", interval, rules),))]


def test_a_recorded_type_reaches_its_users_whatever_the_order() -> None:
    rules = (
        RecordingRule("a:hits:rate5m", "sum by (page) (rate(hits_total[5m]))", {"tier": "gold"}),
        RecordingRule("b:hits:rate5m", "60 * a:hits:rate5m"),
        AlertingRule("C", "b:hits:rate5m > 5"),
    )
    told = set()
    for order in itertools.permutations(rules):
        facts = Facts(files(*order), CONTRACT, Settings(some_targets=frozenset()))
        told.add(next(one for one in facts.alerts).types.result.shown)
    assert told == {"gauge, per minute, by (page, tier), 5.., normally 0.."}


def test_rules_that_go_in_a_circle_are_unknown_to_one_another() -> None:
    circle = (RecordingRule("a:x", "b:x + 1"), RecordingRule("b:x", "a:x * load"), RecordingRule("c:x", "c:x or load"))
    facts = Facts(files(*circle), CONTRACT, Settings())
    assert [one.types.result.kind for one in facts.rules] == ["unknown", "unknown", "unknown"]
    assert list(judge(files(*circle), CONTRACT, Settings())) == []


def test_two_rules_of_one_name_give_what_they_have_in_common() -> None:
    both = (
        RecordingRule("a:x", "sum by (page) (rate(hits_total[5m]))", {"of": "hits"}),
        RecordingRule("a:x", "avg by (instance) (load)", {"of": "load"}),
    )
    found = Facts(files(*both), CONTRACT, Settings(some_targets=frozenset())).series("a:x")
    assert found is not None
    assert found.labels.only == {"page", "instance", "of"}
    assert (found.sure, found.unit) == ({"of"}, None)


def test_a_rule_that_does_not_parse_is_left_to_others() -> None:
    assert list(judge(files(AlertingRule("Broken", "rate(")), CONTRACT, Settings())) == []


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ("x_total", "counter"),
        ("x_seconds_bucket", "buckets"),
        ("x_seconds_count", "counter"),
        ("x_count", "unknown"),
        ("x_timestamp_seconds", "gauge"),
        ("x_bytes", "unknown"),
        ("level:x_total:sum", "unknown"),
        ("up", "gauge"),
        ("x", "unknown"),
    ],
)
def test_a_foreign_metric_is_known_by_its_name_where_that_is_plain(expr: str, kind: str) -> None:
    tree = parse(expr)
    assert Facts([], NOTHING, FOREIGN).types(tree).result.kind == kind
    assert Facts([], NOTHING, Settings()).types(tree).result.kind == "unknown"


def test_what_somebody_takes_a_rate_of_is_a_counter() -> None:
    rules = (AlertingRule("Rate", "rate(evictions[5m]) > 5"), AlertingRule("Total", "evictions > 5"))
    assert [fault.id for fault in judge(files(*rules), NOTHING, FOREIGN)] == ["bare-counter"]


def test_a_name_that_says_rate_and_takes_none_is_found() -> None:
    found = list(judge(files(RecordingRule("job:x:rate5m", "sum by (job) (x)")), NOTHING, FOREIGN))
    assert [fault.id for fault in found] == ["bare-counter"]
    assert list(judge(files(RecordingRule("job:x:rate5m", "sum by (job) (instance:x:rate5m)")), NOTHING, FOREIGN)) == []


def test_unknown_metrics_give_no_findings() -> None:
    texts = [
        "rate(a[5m]) > 1",
        "a / b > 5",
        "a > 1000",
        "histogram_quantile(0.9, rate(a[5m]))",
        "a / on (x) b",
        "sum by (x) (a) > sum by (x) (b)",
    ]
    rules = [AlertingRule(f"A{index}", text, labels={"severity": "critical"}) for index, text in enumerate(texts)]
    assert list(judge(files(*rules), NOTHING, Settings(complete=False, some_targets=None))) == []


def test_a_native_histogram_needs_no_buckets() -> None:
    contract = Contract.of([metric("d", {"kind": "native-histogram", "unit": "seconds"})])
    rules = (
        AlertingRule("A", "histogram_quantile(0.9, sum by (job) (rate(d[5m]))) > 1"),
        AlertingRule("B", "histogram_avg(d) > 1"),
    )
    assert list(judge(files(*rules), contract, Settings())) == []
    sums = AlertingRule("C", "histogram_quantile(0.9, sum by (job) (sum_over_time(unknown[5m]) * on (job) group_left () up)) > 1")
    assert list(judge(files(sums), NOTHING, FOREIGN)) == []
    assert str(Facts([], contract, Settings()).types(parse("histogram_quantile(0.9, rate(d[5m]))")).result.unit) == "seconds"


def test_a_fault_points_into_what_was_written() -> None:
    text = "load > 5"
    compiled = f"({text}) and on () hits_total"
    inline, folded = Written(text, Where("spec.yaml", 7, 20), inline=True), Written(text, Where("spec.yaml", 7, 20))
    found = [
        fault.where
        for written in (inline, folded, None)
        for fault in judge(
            files(AlertingRule("A", compiled, where=Where("spec.yaml", 3, 1), written=written)), _ranged(), Settings()
        )
    ]
    assert found == [Where("spec.yaml", 7, 20), Where("spec.yaml", 7, 20), Where("spec.yaml", 3, 1)]


def test_a_fault_further_on_in_the_line_is_told_there() -> None:
    text = "hits_total == 0 or load > 5"
    rule = AlertingRule("A", f"({text}) and on () vector(1)", written=Written(text, Where("spec.yaml", 7, 20), inline=True))
    assert [fault.where.column for fault in judge(files(rule), _ranged(), Settings())] == [20 + text.index("load")]


def _ranged() -> Contract:
    load = metric("load", {"kind": "gauge", "unit": "ratio", "range": [0, 1]})
    return Contract.of([load, metric("hits_total", {"kind": "counter"})])


def test_a_compilation_says_what_its_targets_carry() -> None:
    compiled = built(SHIPPED).compiled
    assert compiled is not None
    found = settings_of(compiled)
    assert {"job", "instance", "service", "tier", "owner", "kind"} == found.target_labels
    assert found.some_targets is not None
    assert "exporter" in found.some_targets
    assert (found.scrape_interval, found.complete, found.by_names) == (5, True, False)


def test_every_recorded_series_of_the_shipped_spec_has_a_kind_and_labels() -> None:
    compiled = built(SHIPPED).compiled
    assert compiled is not None
    facts = Facts(compiled.rule_files, compiled.contract, settings_of(compiled))
    for name in facts.recorded_every:
        found = facts.series(name)
        assert found is not None
        assert found.kind == "gauge", name
        assert found.labels.only is not None, name
