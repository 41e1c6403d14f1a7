"""Small rules, tests and configurations to mutate. In: what differs. Out: IR; the rest of a compilation is the shop's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from generators.ir.compiled import Compiled
from generators.ir.contract import Contract, Metric
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.ir.tests import AlertCase, ExpectedAlert, ExprCase, InputSeries, TestFile, UnitTest
from generators.mutants import OPERATORS, rule_mutants
from generators.mutants.mutant import RuleOperator
from tests.compiler.specs import SHOP, built

CONTRACT = Contract.of(
    (
        Metric("http_total", "counter", ("code",), source="web"),
        Metric("lag", "gauge", source="web"),
        Metric("job:http:rate", "gauge", ("job",)),
    )
)


def rule(expr: str) -> RecordingRule:
    return RecordingRule("x:y:z", expr)


def changed(operator: str, of: Rule) -> list[Rule | None]:
    """What one operator makes of a rule."""
    (found,) = (one for one in OPERATORS if one.name == operator)
    assert isinstance(found, RuleOperator)
    return [change.becomes for change in found.changes(of, CONTRACT)]


def expressions(operator: str, expr: str) -> list[str]:
    """The same, of an expression."""
    return [one.expr for one in changed(operator, rule(expr)) if one is not None]


def mutants(*rules: Rule, operators: tuple[str, ...] = ()) -> list[str]:
    """The ids of all mutants of some rules."""
    return [mutant.id for mutant in rule_mutants([file_of(rules)], CONTRACT, operators)]


def file_of(rules: Iterable[Rule]) -> RuleFile:
    return RuleFile("rules", "", (RuleGroup("all", 60, tuple(rules)),))


def compiled(rules: Iterable[Rule], *tests: UnitTest) -> Compiled:
    """The shop with other rules and other tests."""
    shop = built(SHOP).compiled
    assert shop is not None
    tested = TestFile("tests", ("../rules/rules.yml",), 60, tests)
    return replace(shop, rule_files=(file_of(rules),), contract=CONTRACT, test_files=(tested,))


def busy(hold: int = 120) -> AlertingRule:
    """An alert to try weak and strong tests on."""
    return AlertingRule(
        "Busy", "max by (job) (lag) > 10", hold, labels={"severity": "warning"}, annotations={"summary": "{{ $labels.job }} lags"}
    )


def unit(name: str, given: Mapping[str, str], *cases: AlertCase | ExprCase) -> UnitTest:
    alerts = tuple(case for case in cases if isinstance(case, AlertCase))
    exprs = tuple(case for case in cases if isinstance(case, ExprCase))
    return UnitTest(name, 60, tuple(InputSeries(series, values) for series, values in given.items()), alerts, exprs)


def fires(at: int) -> AlertCase:
    expected = ExpectedAlert({"job": "a", "severity": "warning"}, {"summary": "a lags"})
    return AlertCase("Busy", at, (expected,))


def quiet(at: int) -> AlertCase:
    return AlertCase("Busy", at)


STRONG = (
    unit(
        "above, just as long", {'lag{job="a",instance="1"}': "10.5x9", 'lag{job="a",instance="2"}': "1x9"}, quiet(60), fires(120)
    ),
    unit("the bound itself", {'lag{job="a",instance="1"}': "10x9"}, quiet(300)),
)
"""Tests that notice whatever is done to `busy`."""

WEAK = (unit("far above", {'lag{job="a"}': "100x9"}, AlertCase("Busy", 0)),)
"""A test that looks before the alert may fire at all."""
