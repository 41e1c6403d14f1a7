"""Mutants before real tests: a strong test kills, a weak one leaves survivors, and an error or a time-out is no kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generators.emit import rules, ruletests
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile
from generators.ir.tests import ExprCase, TestFile, UnitTest
from generators.mutants import OPERATORS, rule_mutants
from operate.__main__ import main
from operate.mutation import promtool
from operate.mutation.promtool import asserted
from operate.mutation.rules import Unsound, judge_rules
from operate.mutation.verdict import Verdict
from tests.compiler.specs import SHOP
from tests.emit.tools import need, run, write
from tests.mutation.sample import CONTRACT, STRONG, WEAK, busy, compiled, fires, quiet, unit

pytestmark = pytest.mark.engine


def judged(given: Sequence[Rule], tests: Sequence[UnitTest], *operators: str, only: str = "") -> list[Verdict]:
    tool = Path(need("promtool"))
    return list(judge_rules(compiled(given, *tests), tool, operators, only, lambda _: None))


def survivors(verdicts: Sequence[Verdict]) -> list[str]:
    return [verdict.operator for verdict in verdicts if verdict.outcome == "survived"]


def test_strong_tests_kill_every_mutant() -> None:
    found = judged([busy()], STRONG)
    assert len(found) == 12
    assert Counter(one.outcome for one in found) == {"killed": 12}
    assert next(one for one in found if one.operator == "comparison-loosened").why == "the bound itself"


def test_a_weak_test_leaves_what_it_does_not_look_at() -> None:
    found = judged([busy()], WEAK)
    assert [one.operator for one in found if one.outcome == "killed"] == ["for-dropped"]
    bound = next(one for one in found if one.operator == "bound-up")
    assert (bound.outcome, bound.mutated, bound.why) == ("survived", "max by (job) (lag) > 11", "")


def test_a_single_test_of_the_strong_ones_missing_is_noticed() -> None:
    assert survivors(judged([busy()], STRONG[:1])) == ["bound-down", "comparison-loosened"]


def test_a_rule_that_no_test_names_says_so() -> None:
    lonely = AlertingRule("Lonely", "lag > 1")
    found = judged([busy(), lonely], STRONG, only="Lonely")
    assert {(one.outcome, one.why) for one in found} == {("survived", "no test speaks of it")}


def test_an_error_is_no_kill() -> None:
    """Two series of one label set on the left of a one-to-one match: the mutant errs, and no assertion fails."""
    joined = AlertingRule("Busy", "lag * on (job, instance) weight > 10")
    given = {'lag{job="a",instance="1"}': "1x9", 'lag{job="a",instance="2"}': "1x9", 'weight{job="a",instance="1"}': "1x9"}
    tests = [unit("quiet", given, quiet(60))]
    found = judged([joined], tests, "matching-labels-dropped")
    fewer = next(one for one in found if "on (job) weight" in one.mutated)
    assert fewer.outcome == "survived"
    assert "only errors" in fewer.why
    assert "many-to-many" in fewer.why or "multiple matches" in fewer.why


def test_no_answer_in_time_is_no_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    bench_limit = 1e-3
    strong = compiled([busy()], *STRONG)
    tool = Path(need("promtool"))
    monkeypatch.setattr(promtool, "refused", lambda *_: {})
    monkeypatch.setattr(promtool, "LIMIT", bench_limit)
    with pytest.raises(Unsound, match="no answer within"):
        list(judge_rules(strong, tool, ("rule-dropped",), "", lambda _: None))


def test_a_checker_that_does_not_answer_is_the_environments_fault(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither killed nor refused: nothing is known, and that is said in one line."""
    need("promtool")
    monkeypatch.setattr(promtool, "LIMIT", 1e-6)
    assert main(["mutate", str(SHOP), "--only", "KafkaDown", "--operator", "severity-changed"]) == 2
    assert [line for line in capfd.readouterr().err.splitlines() if "no answer" in line] == [
        "failed promtool check rules: no answer within 0 s"
    ]


def test_what_promtool_refuses_does_not_count() -> None:
    named = RecordingRule("all:all", 'sum({job="a"})')
    found = judged([named], [unit("there", {'lag{job="a"}': "1x9"}, ExprCase("all:all", 60, (("all:all{}", "1"),)))])
    refused = [one for one in found if one.outcome == "refused"]
    assert [one.operator for one in refused] == ["label-matcher-dropped", "label-matcher-negated"]
    assert "parse error" in refused[0].why


def test_tests_that_fail_before_any_mistake_are_refused() -> None:
    wrong = unit("wrong", {'lag{job="a"}': "1x9"}, fires(120))
    with pytest.raises(Unsound, match="wrong"):
        judged([busy()], (*STRONG, wrong), "bound-up")


def test_a_mistake_in_a_recording_is_noticed_through_the_alert_that_reads_it() -> None:
    recorded = RecordingRule("job:lag:max", "max by (job) (lag)", {"kind": "own"})
    other = RecordingRule("job:lag:max", "max by (job) (lag) * 0", {"kind": "other"})
    alert = replace(busy(), expr='max by (job) (job:lag:max{kind="own"}) > 10')
    found = judged([recorded, other, alert], STRONG, "rule-dropped", "aggregation-swapped", "label-matcher-dropped")
    told = {(one.of, one.operator): one.outcome for one in found}
    assert told['job:lag:max{kind="own"}', "rule-dropped"] == "killed"
    assert told['job:lag:max{kind="other"}', "rule-dropped"] == "survived"
    assert told['job:lag:max{kind="own"}', "aggregation-swapped"] == "killed"


def test_a_mutant_that_reads_other_rules_finds_them() -> None:
    """Without its matcher the alert reads a recording that it did not read before; it must be loaded for the mutant."""
    own = RecordingRule("job:lag:max", "max by (job) (lag)", {"kind": "own"})
    other = RecordingRule("job:lag:max", "max by (job) (lag) + 100", {"kind": "other"})
    alert = replace(busy(), expr='max by (job) (job:lag:max{kind="own"}) > 10')
    (dropped,) = judged([own, other, alert], STRONG[1:], "label-matcher-dropped")
    assert (dropped.outcome, dropped.why) == ("killed", "the bound itself")


def test_verdicts_do_not_depend_on_how_many_rules_are_loaded(tmp_path: Path) -> None:
    """Each verdict against the whole rule file and all tests, as a person would run them."""
    recorded = RecordingRule("job:lag:max", "max by (job) (lag)")
    ghost = RecordingRule("job:ghost:max", "max by (job) (ghost) or vector(1)")
    alert = replace(busy(), expr="job:lag:max > 10 and on () job:ghost:max")
    whole = compiled((recorded, ghost, alert, AlertingRule("Other", "absent(lag)")), *STRONG)
    tool = Path(need("promtool"))
    for verdict, mutant in zip(
        judge_rules(whole, tool, (), "", lambda _: None), rule_mutants(whole.rule_files, CONTRACT), strict=True
    ):
        assert verdict.id == mutant.id
        assert (verdict.outcome == "killed") == _killed_by_hand(tmp_path, mutant.applied(whole.rule_files), STRONG), verdict


def _killed_by_hand(place: Path, files: tuple[RuleFile, ...], tests: Sequence[UnitTest]) -> bool:
    write(place, {**rules.emit(files), **ruletests.emit([TestFile("tests", ("../rules/rules.yml",), 60, tuple(tests))])})
    answer = run([need("promtool"), "test", "rules", str(place / "prometheus/tests/tests.yml")])
    return "exp:" in answer.stderr


ASSERTIONS = (
    "    name: a, b,\n    alertname: A, time: 5m, \n        exp:[], \n        got:[]",
    "    alertname: A, time: 1h5m, \n        exp:[\n        0:\n",
    '    expr: "count(ALERTS{alertname=\\"A\\"})", time: 2m,\n        exp: nil\n        got: {} 1E+00',
)
ERRORS = (
    "    rule: A, time: 1m0s, err: found duplicate series for the match group {} on the right hand-side",
    '    expr: "a / b", time: 5m, err: multiple matches for labels',
    "rules/rules.yml: yaml: line 3: mapping values are not allowed",
    "an item under alert_rule_test misses required attribute alertname at eval_time 1m",
)


@pytest.mark.parametrize("said", ASSERTIONS)
def test_assertions_are_told_by_their_words(said: str) -> None:
    assert asserted(said)


@pytest.mark.parametrize("said", ERRORS)
def test_errors_are_told_by_theirs(said: str) -> None:
    assert not asserted(said)


def test_operators_have_names_of_their_own() -> None:
    assert len({one.name for one in OPERATORS}) == len(OPERATORS) == 26
