"""Each operator on small rules: exactly the mutants it must make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, RecordingRule
from generators.mutants import OPERATORS, rule_mutants
from generators.mutants.mutant import RuleOperator
from generators.mutants.tree import spots
from generators.promql import parse, text_of
from tests.compiler.specs import SHIPPED, SHOP, built
from tests.mutation.sample import busy, changed, expressions, file_of, mutants, rule

INNER = ["max(sum by (code, instance) (http_total))"]
TAKEN = ["a / on (x) group_left (z) b", "a / on (x) group_left (y) b"]
CASES: tuple[tuple[str, str, list[str]], ...] = (
    ("bound-up", "lag > 2.5", ["lag > 2.75"]),
    ("bound-up", "lag > 0.3", ["lag > 0.33"]),
    ("bound-up", "-4 < lag", ["-3.6 < lag"]),
    ("bound-up", "lag / (lag > 0) > 0.5", ["lag / (lag > 0) > 0.55", "lag / (lag > 1) > 0.5"]),
    ("bound-up", "lag == 3", ["lag == 4"]),
    ("bound-up", "max(changes(lag[5m])) > 3", ["max(changes(lag[5m])) > 4"]),
    ("bound-up", "lag > 60 * 2", ["lag > 66 * 2", "lag > 60 * 2.2"]),
    ("bound-up", "abs(lag) > 3 * (lag + 1)", ["abs(lag) > 3.3 * (lag + 1)", "abs(lag) > 3 * (lag + 1.1)"]),
    ("bound-up", "clamp_max(lag, 5) + 1 > 10", ["clamp_max(lag, 5) + 1 > 11"]),
    ("bound-up", "lag > 4m", ["lag > 4m24s"]),
    ("bound-up", "lag + 1", []),
    ("bound-down", "lag > 2.5", ["lag > 2.25"]),
    ("bound-down", "lag > 0", ["lag > -1"]),
    ("bound-down", "count(lag) >= 3", ["count(lag) >= 2"]),
    ("comparison-flipped", "lag > 1 and lag <= 2", ["lag < 1 and lag <= 2", "lag > 1 and lag >= 2"]),
    ("comparison-flipped", "lag == bool 1", ["lag != bool 1"]),
    ("comparison-loosened", "lag > 1", ["lag >= 1"]),
    ("comparison-loosened", "lag <= 1", ["lag < 1"]),
    ("comparison-loosened", "lag == 0", ["lag >= 0", "lag <= 0"]),
    ("comparison-loosened", "max by (job) (up) == 0", ["max by (job) (up) >= 0"]),
    ("comparison-loosened", "up == 1", ["up <= 1"]),
    ("window-halved", "delta(a[1h:1m]) + rate(b[5m])", ["delta(a[30m:1m]) + rate(b[5m])", "delta(a[1h:1m]) + rate(b[2m30s])"]),
    ("window-halved", "a offset 5m", []),
    ("window-doubled", "rate(a[5m] offset 1d)", ["rate(a[10m] offset 1d)"]),
    ("aggregation-swapped", "sum by (job) (max(lag))", ["max by (job) (max(lag))", "sum by (job) (min(lag))"]),
    ("aggregation-swapped", "avg_over_time(lag[5m])", ["max_over_time(lag[5m])"]),
    ("aggregation-swapped", "topk(1, lag) or last_over_time(lag[5m])", ["bottomk(1, lag) or last_over_time(lag[5m])"]),
    ("grouping-label-dropped", "sum by (a, b) (x)", ["sum by (b) (x)", "sum by (a) (x)"]),
    ("grouping-label-dropped", "sum without (a) (x)", ["sum without () (x)"]),
    ("grouping-label-dropped", "sum by (a) (x)", ["sum(x)"]),
    ("grouping-label-added", "sum(http_total)", ["sum by (instance) (http_total)"]),
    ("grouping-label-added", "sum by (instance) (http_total)", ["sum by (instance, code) (http_total)"]),
    ("grouping-label-added", "sum by (job) (job:http:rate)", []),
    ("grouping-label-added", "max(sum by (code) (http_total))", ["max by (code) (sum by (code) (http_total))", *INNER]),
    ("grouping-label-added", "max without (code) (http_total)", ["max without (code, instance) (http_total)"]),
    ("label-matcher-dropped", 'a{b="c",d!~"e"}', ['a{d!~"e"}', 'a{b="c"}']),
    ("label-matcher-dropped", '{__name__="a"}', []),
    ("label-matcher-dropped", 'rate(a{b="c"}[5m])', ["rate(a[5m])"]),
    ("label-matcher-negated", 'a{b="c",d!~"e"}', ['a{b!="c",d!~"e"}', 'a{b="c",d=~"e"}']),
    ("matching-labels-dropped", "a / on (x, y) b", ["a / on (y) b", "a / on (x) b", "a / b"]),
    ("matching-labels-dropped", "a / on (x) group_left (y, z) b", ["a / on () group_left (y, z) b", *TAKEN]),
    ("matching-labels-dropped", "a - ignoring (x) b", ["a - b"]),
    ("matching-labels-dropped", "a unless on () b", ["a unless b"]),
    ("quantile-changed", "histogram_quantile(0.95, a)", ["histogram_quantile(0.9, a)", "histogram_quantile(0.99, a)"]),
    ("quantile-changed", "quantile(0.5, a)", ["quantile(0.75, a)"]),
    ("quantile-changed", "quantile_over_time(0.97, a[5m])", ["quantile_over_time(0.95, a[5m])", "quantile_over_time(0.99, a[5m])"]),
    ("arm-dropped", "a > 1 or b", ["a > 1", "b"]),
    ("arm-dropped", "(a and b) unless c", ["(a and b)", "c", "(a) unless c", "(b) unless c"]),
)  # fmt: skip


@pytest.mark.parametrize(("operator", "expr", "expected"), CASES)
def test_what_an_operator_makes_of_an_expression(operator: str, expr: str, expected: list[str]) -> None:
    assert expressions(operator, expr) == expected


def test_what_operators_make_of_an_alert() -> None:
    alert = busy()
    assert changed("for-dropped", alert) == [replace(alert, hold=0)]
    assert changed("for-doubled", alert) == [replace(alert, hold=240)]
    assert changed("severity-changed", alert) == [replace(alert, labels={"severity": "info"})]
    assert changed("annotation-emptied", alert) == [replace(alert, annotations={"summary": ""})]
    assert changed("rule-dropped", alert) == [None]


def test_what_is_not_said_cannot_be_mistaken() -> None:
    at_once = AlertingRule("A", "lag > 1")
    for operator in ("for-dropped", "for-doubled", "severity-changed", "annotation-emptied"):
        assert changed(operator, at_once) == []
        assert changed(operator, rule("lag > 1")) == []


def test_every_rule_operator_is_tried_here() -> None:
    tried = {operator for operator, _, _ in CASES} | {"for-dropped", "for-doubled", "severity-changed", "annotation-emptied"}
    assert tried | {"rule-dropped"} == {one.name for one in OPERATORS if isinstance(one, RuleOperator)}


def test_a_part_is_put_in_its_own_place() -> None:
    tree = parse("a + a * sum by (x) (rate(a[5m]) > -a)")
    for number, spot in enumerate(spots(tree)):
        assert spot.put(spot.part) == tree, number
    changed = [text_of(spot.put(parse("b"))) for spot in spots(tree) if spot.part == parse("a")]
    assert changed == [
        "b + a * sum by (x) (rate(a[5m]) > -a)",
        "a + b * sum by (x) (rate(a[5m]) > -a)",
        "a + a * sum by (x) (rate(b[5m]) > -a)",
        "a + a * sum by (x) (rate(a[5m]) > -b)",
    ]


def test_an_id_stays_while_what_it_speaks_of_stays() -> None:
    first, other = busy(), AlertingRule("Other", "lag > 1")
    alone = mutants(first)
    assert len(set(alone)) == len(alone)
    assert set(alone) < set(mutants(other, first))
    reworded = replace(first, expr="max by (job) (lag) > 11")
    assert not set(mutants(reworded, operators=("bound-up",))) & set(alone)


def test_rules_of_one_name_have_ids_of_their_own() -> None:
    same = [RecordingRule("a:b:c", "lag > 1", {"slo": "one"}), RecordingRule("a:b:c", "lag > 1", {"slo": "two"})]
    found = mutants(*same, *same, operators=("bound-up",))
    assert len(set(found)) == 4
    assert found[0].startswith('a:b:c{slo="one"}:bound-up:')


def test_a_mutant_stands_in_the_place_of_its_rule() -> None:
    before, after = rule("lag"), AlertingRule("After", "lag > 1")
    files = (file_of([before, busy(), after]),)
    (found,) = (one for one in rule_mutants(files, Contract.of(()), ("for-dropped",)) if one.name == "Busy")
    assert found.applied(files)[0].groups[0].rules == (before, busy(0), after)
    (dropped,) = (one for one in rule_mutants(files, Contract.of(()), ("rule-dropped",)) if one.name == "Busy")
    assert dropped.applied(files)[0].groups[0].rules == (before, after)


@pytest.mark.parametrize("spec", [SHIPPED, SHOP], ids=lambda spec: spec.stem)
def test_every_operator_finds_work_in_the_specs_and_makes_what_can_be_read(spec: object) -> None:
    compiled = built(SHIPPED if spec == SHIPPED else SHOP).compiled
    assert compiled is not None
    found = list(rule_mutants(compiled.rule_files, compiled.contract))
    assert {mutant.operator for mutant in found} == {one.name for one in OPERATORS if isinstance(one, RuleOperator)}
    assert len({mutant.id for mutant in found}) == len(found)
    for mutant in found:
        if mutant.becomes and mutant.becomes.expr != mutant.was and mutant.operator not in ("for-dropped",):
            parse(mutant.becomes.expr)
