"""Unit tests of rules. In: the Plan. Out: test files in which every alert and every derived metric is seen at work; for alerts whose
inputs cannot be derived, the two examples that people wrote. Expectations come from the Plan and the contract alone."""

from __future__ import annotations

from collections import defaultdict

from generators import conventions as name
from generators.fault import Fault
from generators.ir.tests import TestFile, UnitTest
from generators.plan import Alert, Plan
from generators.proof.bands import band_step, band_tests
from generators.proof.examples import example_tests, heartbeat
from generators.proof.meaning.columns import Unforeseen
from generators.proof.recorded import recorded_tests
from generators.proof.slos import slo_tests
from generators.proof.stories import stories
from generators.proof.trees import Underivable


def prove_rules(plan: Plan) -> tuple[tuple[TestFile, ...], tuple[Fault, ...]]:
    """Every test file, by the rule file and the step it is evaluated at; and a fault for each alert whose inputs can neither be
    derived nor are given by an example: nobody could see it fire."""
    tests: dict[tuple[str, int], list[UnitTest]] = defaultdict(list)
    faults = []
    for alert in plan.alerts:
        file = name.rule_file(alert.origin, plan.project.name)
        if alert.anomaly:
            tests[file, band_step(alert.anomaly)].extend(band_tests(plan, alert))
            continue
        try:
            for test in _tests(plan, alert):
                tests[file, test.interval].append(test)
        except Underivable as why:
            what = f"no test can be derived for '{alert.name}': {why}"
            fix = "Give it an `example:` with input series in which it fires and in which it stays quiet."
            faults.append(Fault("no-example", alert.where, what, fix))
    bands = (rule_path("bands"),) if any(alert.anomaly for alert in plan.alerts) else ()
    files = [TestFile(f"{file}-{step}s", (rule_path(file), *bands), step, tuple(some)) for (file, step), some in tests.items()]
    return (*files, *recorded_tests(plan), *slo_tests(plan)), tuple(faults)


def rule_path(file: str) -> str:
    """A rule file as its tests name it."""
    return f"../rules/{file}.yml"


def _tests(plan: Plan, alert: Alert) -> tuple[UnitTest, ...]:
    if alert.signal == "heartbeat":
        return (heartbeat(plan, alert),)
    if alert.fires or alert.quiet:
        return tuple(example_tests(alert))
    try:
        return tuple(stories(plan, alert, target_labels(alert)))
    except Unforeseen as why:
        raise Underivable(str(why)) from None


def target_labels(alert: Alert) -> dict[str, str]:
    """The target labels of the series that tests of an alert feed in: those of the first service it watches."""
    service = alert.services[0] if alert.services else None
    return {**(service.target_labels if service else {}), "instance": "instance-a"}
