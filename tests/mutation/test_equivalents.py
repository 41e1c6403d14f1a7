"""The file of equivalent mutants: what may be argued away, and what is refused. The shipped file has no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from generators.mutants import routing_mutants, rule_mutants
from operate.mutation.equivalents import FILE, BadEquivalents, arguments, not_holding, settled
from operate.mutation.verdict import Outcome, Report, Verdict
from tests.compiler.specs import ROOT, SHIPPED, SHOP, built

GOOD = """
- id: A:bound-up:1
  specs: [football-prediction, corner-shop]
  change: "> 0 => > 1"
  because: the metric is a whole number
- id: A:bound-up:2
  specs: [corner-shop]
  change: "> 1 => > 2"
  because: it is 0 or 3
"""


def verdict(mark: str, outcome: Outcome, operator: str = "bound-up") -> Verdict:
    return Verdict(mark, operator, "A", "> 0", "> 1", outcome, "a test" if outcome == "killed" else "")


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "equivalent.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_argument_holds_for_the_projects_it_names(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    assert arguments(file, "football-prediction") == {"A:bound-up:1": "the metric is a whole number"}
    assert list(arguments(file, "corner-shop")) == ["A:bound-up:1", "A:bound-up:2"]


def test_where_there_is_no_file_nothing_is_argued_away(tmp_path: Path) -> None:
    assert arguments(tmp_path / "none.yml", "football-prediction") == {}
    assert arguments(written(tmp_path, ""), "football-prediction") == {}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("- id: [", 1, "expected"),
        ("id: A", 1, "no list"),
        ("- id: A\n  specs: [a]\n  change: b\n", 1, "exactly the keys"),
        ("- id: A\n  specs: a\n  change: b\n  because: c\n", 1, "no list of projects"),
        ("\n- id: A\n  specs: [a]\n  change: b\n  because: ' '\n", 2, "`because` says nothing"),
        (f"{GOOD}{GOOD}", 11, "argued twice"),
    ],
)
def test_a_bad_entry_is_refused_in_its_place(text: str, line: int, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadEquivalents) as bad:
        arguments(written(tmp_path, text), "a")
    assert says in bad.value.faults[0].what
    assert bad.value.faults[0].where.line == line


def test_only_survivors_are_argued_away() -> None:
    verdicts = [verdict("1", "survived"), verdict("2", "killed"), verdict("3", "survived")]
    now = settled(verdicts, {"1": "because", "2": "because"})
    assert [(one.outcome, one.why) for one in now] == [("equivalent", "because"), ("killed", "a test"), ("survived", "")]


def test_an_entry_without_a_mutant_and_one_that_is_killed_do_not_hold() -> None:
    verdicts = [verdict("1", "survived"), verdict("2", "killed"), verdict("3", "refused")]
    said = not_holding(verdicts, dict.fromkeys(("1", "2", "3", "4"), "because"))
    assert len(said) == 3
    assert "2 is argued to be equivalent, and it is killed: a test" in said[0]
    assert "no such mutant" in said[2]


def test_the_score_counts_neither_refused_nor_equivalent_mutants() -> None:
    verdicts = [verdict(f"k{n}", "killed") for n in range(96)] + [verdict("s", "survived")]
    verdicts += [verdict("e", "equivalent"), verdict("r", "refused")]
    report = Report("a", tuple(verdicts), 1.0)
    assert report.score.percent == pytest.approx(100 * 96 / 97)
    assert report.score.percent_equivalent == pytest.approx(100 / 98)
    assert report.shortcomings == ()


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        (
            [verdict(f"k{n}", "killed") for n in range(94)] + [verdict(f"s{n}", "survived") for n in range(6)],
            "94.0 % of the mutants",
        ),
        (
            [verdict(f"k{n}", "killed") for n in range(99)] + [verdict("s", "survived", "arm-dropped")],
            "0.0 % of those of arm-dropped",
        ),
        (
            [verdict(f"k{n}", "killed") for n in range(96)] + [verdict(f"e{n}", "equivalent") for n in range(4)],
            "4.0 % are argued",
        ),
    ],
)
def test_each_mark_that_is_missed_is_said(verdicts: list[Verdict], says: str) -> None:
    (said,) = Report("a", tuple(verdicts), 1.0).shortcomings
    assert said.startswith(says)


def test_an_entry_that_does_not_hold_is_a_shortcoming() -> None:
    assert Report("a", (verdict("1", "killed"),), 1.0, ("2 is argued",)).shortcomings == ("2 is argued",)


@pytest.mark.parametrize("spec", [SHIPPED, SHOP], ids=lambda spec: spec.stem)
def test_the_shipped_arguments_speak_of_mutants_that_exist(spec: Path) -> None:
    compiled = built(spec).compiled
    assert compiled is not None
    known = {mutant.id for mutant in rule_mutants(compiled.rule_files, compiled.contract)}
    known |= {mutant.id for mutant in routing_mutants(compiled.alerting)}
    assert set(arguments(ROOT / FILE, compiled.project)) <= known
