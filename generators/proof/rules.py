"""Unit tests of alerts. In: the Plan. Out: test files in which each alert fires beyond its bound and not before its `for` is over,
and stays quiet on the other side; with the labels it must carry. Expectations come from the Plan alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from generators import conventions as name
from generators.fault import Fault
from generators.ir.tests import ExprCase, InputSeries, TestFile, UnitTest
from generators.plan import Alert, Example, Plan
from generators.promql import Expr, parse
from generators.promql.labels import labels_of
from generators.promql.syntax import Binary, Paren, VectorSelector
from generators.promql.walk import ranges
from generators.proof.bands import band_step, band_tests
from generators.proof.inputs import Flow, Inputs, Inverse, Underivable, written
from generators.proof.lifetimes import Derived, lifetime_tests
from generators.proof.quantiles import is_quantile, quantile_inputs
from generators.proof.slos import slo_tests
from generators.record import dataclass

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

SOON = 1200
"""Seconds within which a test counts what a guard asks for, though it may look back over days: a day of samples proves no more."""


@dataclass(frozen=True, slots=True)
class Case:
    """Inputs with the step they come at, and when the alert must fire."""

    inputs: tuple[InputSeries, ...]
    step: int
    at: int


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
            for step, test in _tests(plan, alert):
                tests[file, step].append(test)
        except Underivable as why:
            what = f"no test can be derived for '{alert.name}': {why}"
            fix = "Give it an `example:` with input series in which it fires and in which it stays quiet."
            faults.append(Fault("no-example", alert.where, what, fix))
    bands = (rule_path("bands"),) if any(alert.anomaly for alert in plan.alerts) else ()
    files = [TestFile(f"{file}-{step}s", (rule_path(file), *bands), step, tuple(some)) for (file, step), some in tests.items()]
    return (*files, *slo_tests(plan)), tuple(faults)


def rule_path(file: str) -> str:
    """A rule file as its tests name it."""
    return f"../rules/{file}.yml"


def _tests(plan: Plan, alert: Alert) -> Iterator[tuple[int, UnitTest]]:
    fires, quiet = _case(plan, alert, alert.fires, firing=True), None
    if alert.signal != "heartbeat":
        quiet = _case(plan, alert, alert.quiet, firing=False)
    expected = (_expected(alert, fires), "1")
    firing = f'ALERTS{{alertname="{alert.name}", alertstate="firing"}}'
    cases = [ExprCase(firing, fires.at, (expected,))]
    if alert.hold:
        cases.insert(0, ExprCase(firing, (alert.hold - 1) // fires.step * fires.step, ()))
    yield fires.step, UnitTest(f"{alert.name} fires", fires.step, fires.inputs, exprs=tuple(cases), where=alert.where)
    if quiet:
        silent = (ExprCase(firing, quiet.at, ()),)
        yield quiet.step, UnitTest(f"{alert.name} stays quiet", quiet.step, quiet.inputs, exprs=silent, where=alert.where)
    if not alert.fires and alert.signal != "heartbeat":
        both = (_derived(plan, alert, firing=True), _derived(plan, alert, firing=False))
        for test in lifetime_tests(Derived(alert, *both, fires.step, fires.at)):
            yield fires.step, test


def _case(plan: Plan, alert: Alert, example: Example | None, *, firing: bool) -> Case:
    if example:
        inputs = tuple(InputSeries(series, values) for series, values in example.series.items())
        return Case(inputs, example.every, example.at)
    derived = _derived(plan, alert, firing)
    at = _end(alert)
    step = _step(plan, alert, at)
    at += -at % step
    series = tuple(InputSeries(series, flow.notation(step, at // step + 1)) for series, flow in derived.items())
    return Case(series, step, at)


def _end(alert: Alert) -> int:
    """Seconds until everything an alert waits for is over."""
    return alert.hold + 2 * alert.window + (min(alert.enough.over, SOON) if alert.enough else 0) + 60


def _step(plan: Plan, alert: Alert, end: int) -> int:
    """Seconds between samples: the scrape's own where tests are short; never so coarse that a range holds less than four."""
    wanted = plan.stack.scrape_interval if end <= 1200 else 15 if end <= 10800 else 60
    spans = [int(getattr(node.range, "seconds", 0)) for node in ranges(parse(alert.when))]
    return max(1, min([wanted, *(span // 4 for span in spans)]))


def _derived(plan: Plan, alert: Alert, firing: bool) -> Inputs:
    tree = _bare(parse(alert.when))
    inverse = Inverse(plan.contract, target_labels(alert))
    if alert.bound is None or not alert.op or not isinstance(tree, Binary):
        if alert.signal == "heartbeat":
            return {}
        raise Underivable("it is no comparison with a number")
    value = _bare(tree.left)
    if is_quantile(value):
        inputs = quantile_inputs(inverse, value, alert.op, alert.bound, firing)
    else:
        inputs = inverse.reach(value, _beyond(alert) if firing else _before(alert))
    return inputs | _enough(inverse, alert, inputs)


def target_labels(alert: Alert) -> dict[str, str]:
    """The target labels of the series that tests of an alert feed in: those of the first service it watches."""
    service = alert.services[0] if alert.services else None
    return {**(service.target_labels if service else {}), "instance": "instance-a"}


def _enough(inverse: Inverse, alert: Alert, inputs: Inputs) -> Inputs:
    """What the guard counts: twice what it asks for, unless the inputs count the same metric already."""
    if alert.enough is None:
        return {}
    selector = parse(alert.enough.selector)
    assert isinstance(selector, VectorSelector)
    if any(series.partition("{")[0] == selector.name for series in inputs):
        return {}
    return {inverse.series(selector): Flow(alert.enough.at_least * 2 / Decimal(min(alert.enough.over, SOON)), rising=True)}


def _beyond(alert: Alert) -> Decimal:
    """A value for which the condition holds."""
    return _toward(alert, up=alert.op in (">", ">=")) if alert.op not in ("==", "!=") else _equal(alert, alert.op == "==")


def _before(alert: Alert) -> Decimal:
    """A value for which it does not."""
    return _toward(alert, up=alert.op in ("<", "<=")) if alert.op not in ("==", "!=") else _equal(alert, alert.op == "!=")


def _toward(alert: Alert, *, up: bool) -> Decimal:
    bound = alert.bound or Decimal(0)
    if alert.unit == "ratio" and 0 <= bound < 1:
        return bound + (1 - bound) / 2 if up else bound / 2
    if up:
        return bound + max(abs(bound) / 2, Decimal(1))
    if bound > 0:
        return bound / 2
    return bound if alert.op in (">", ">=") else bound - max(abs(bound) / 2, Decimal(1))


def _equal(alert: Alert, same: bool) -> Decimal:
    bound = alert.bound or Decimal(0)
    return bound if same else bound + 1


def _expected(alert: Alert, case: Case) -> str:
    """ALERTS as it must read: what the condition keeps of the series' labels, and what people said of the alert."""
    labels = dict(kept(parse(alert.when), case.inputs[0].series)) if case.inputs else {}
    labels |= {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.labels}
    if not alert.origin and alert.service:
        labels |= alert.service.labels
    return written("ALERTS", labels | {"alertname": alert.name, "alertstate": "firing"})


def kept(tree: Expr, series: str) -> Mapping[str, str]:
    """The labels of a series that the result of an expression keeps."""
    may = labels_of(tree)
    return {label: value for label, value in _LABEL.findall(series.partition("{")[2]) if may.may_have(label) and label != "le"}


def _bare(tree: Expr) -> Expr:
    return _bare(tree.expr) if isinstance(tree, Paren) else tree
