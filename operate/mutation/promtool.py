"""promtool as the judge. In: directories, one a mutant, each with rules and test files. Out: what became of each: an assertion that
failed, errors alone, no complaint, no answer in time; and whether `promtool check rules` accepts its rules.

Verdicts come from the JUnit report, one suite a test file, one case a test. What a failure is, its text says: assertions are
"alertname: …, time: …, exp: … got: …" and "expr: …, time: …, exp: … got: …"; whatever else is said is an error
(https://github.com/prometheus/prometheus/blob/v3.16.0/cmd/promtool/unittest.go, `testGroup.test`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from operate.calls import NoAnswer, called

_ASSERTION = re.compile(
    r'(?: +name: [^\n]*,\n)? +(?:alertname: .*?, time: [^\s,]+,\s*\n +exp:|expr: ".*?", time: [^\s,]+,\n +exp: )', re.DOTALL
)
LIMIT = 60.0
"""Seconds that a mutant may take in one call; one that takes longer has not been killed by it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the tests said of one mutant: the test whose assertion failed first, else the first error; "" for neither."""

    killed_by: str = ""
    error: str = ""


def judged(promtool: Path, bench: Path, mutants: Mapping[str, Sequence[str]]) -> dict[str, Answer]:
    """The answer for each directory below `bench`, given the names of its test files. All run in one process; where that gives no
    answer in time, each in its own."""
    suites = [f"{mutant}/{test}" for mutant, tests in mutants.items() for test in tests]
    if not suites:
        return {mutant: Answer() for mutant in mutants}
    report = bench / "junit.xml"
    report.unlink(missing_ok=True)
    try:
        run = called([str(promtool), "test", "rules", f"--junit={report}", *suites], bench, LIMIT * len(mutants))
    except NoAnswer as none:
        if len(mutants) == 1:
            return {mutant: Answer(error=str(none)) for mutant in mutants}
        return {name: answer for mutant in mutants for name, answer in judged(promtool, bench, {mutant: mutants[mutant]}).items()}
    if not report.exists():
        return {mutant: Answer(error=(run.stderr or run.stdout).strip()) for mutant in mutants}
    said = _suites(report)
    return {mutant: _answer([said[f"{mutant}/{test}"] for test in tests]) for mutant, tests in mutants.items()}


Failures = list[tuple[str, str]]
"""(name of the test, what is said of it)."""


def _suites(report: Path) -> dict[str, Failures]:
    found: dict[str, Failures] = defaultdict(list)
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            for said in (*case.iter("failure"), *case.iter("error")):
                if said.text:
                    found[suite.get("name", "")].append((case.get("name", ""), said.text))
    return found


def _answer(suites: Sequence[Failures]) -> Answer:
    said = [failure for suite in suites for failure in suite]
    killers = (name for name, text in said if asserted(text))
    errors = (text.strip() for _, text in said if not asserted(text))
    return Answer(next(killers, ""), next(errors, ""))


def asserted(said: str) -> bool:
    """Is this a failed assertion, and no error?"""
    return _ASSERTION.match(said) is not None


def refused(promtool: Path, bench: Path, mutants: Sequence[str]) -> dict[str, str]:
    """Those whose rules promtool does not accept, with its words. Raises NoAnswer."""
    whole = _check(promtool, bench, mutants)
    if not whole:
        return {}
    return {mutant: said for mutant in mutants if (said := _check(promtool, bench, [mutant]))}


def _check(promtool: Path, bench: Path, mutants: Sequence[str]) -> str:
    files = [str(file.relative_to(bench)) for mutant in mutants for file in sorted((bench / mutant / "rules").glob("*.yml"))]
    if not files:
        return ""
    run = called([str(promtool), "check", "rules", *files], bench, LIMIT * len(mutants))
    return (run.stderr or run.stdout).strip() or "refused" if run.returncode else ""
