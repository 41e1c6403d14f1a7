"""What the tests of rules cover. In: the Plan and its test files. Out: how many alerts are seen firing and quiet, with their words; how
many arms of `and`, `or`, `unless` have a test in which that arm decides; how many of the label values that matchers list are fed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from generators.ir.tests import TestFile, UnitTest
from generators.plan import Alert, Plan
from generators.promql import parse, selectors
from generators.proof.sides import taken_apart
from generators.proof.trees import Underivable, listed
from generators.record import dataclass

_ARM = re.compile(r"condition|on too little|fires without data|holds its last value")
_NAME = re.compile(r'alertname="(\w+)"')


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many; `missing` names the rest."""

    what: str
    covered: int
    of: int
    missing: tuple[str, ...] = ()


def coverage(plan: Plan, files: Iterable[TestFile]) -> tuple[Share, ...]:
    """One row for each thing that is counted."""
    tests = [test for file in files for test in file.tests]
    seen = {alert.name: [test for test in tests if alert.name in _named(test)] for alert in plan.alerts}
    alerts = [alert for alert in plan.alerts if alert.signal != "heartbeat"]
    return (
        _share("alerts seen firing", plan.alerts, lambda alert: any(_fires(test, alert.name) for test in seen[alert.name])),
        _share("alerts seen quiet", alerts, lambda alert: any(_quiet(test, alert.name) for test in seen[alert.name])),
        _share("alerts whose words are read", plan.alerts, lambda alert: any(_read(test) for test in seen[alert.name])),
        _counted("arms of and, or, unless", (pair for alert in alerts for pair in _arms(alert, seen[alert.name]))),
        _counted("label values that matchers list", (pair for alert in alerts for pair in _values(alert, seen[alert.name]))),
    )


def _share(what: str, alerts: Iterable[Alert], covered: Callable[[Alert], bool]) -> Share:
    return _counted(what, ((alert.name, covered(alert)) for alert in alerts))


def _counted(what: str, found: Iterable[tuple[str, bool]]) -> Share:
    all_of = list(found)
    return Share(what, sum(good for _, good in all_of), len(all_of), tuple(title for title, good in all_of if not good))


def _named(test: UnitTest) -> set[str]:
    return {case.alert for case in test.alerts} | {found for case in test.exprs for found in _NAME.findall(case.expr)}


def _fires(test: UnitTest, alert: str) -> bool:
    return any(case.expected for case in test.alerts if case.alert == alert) or any(case.samples for case in test.exprs)


def _quiet(test: UnitTest, alert: str) -> bool:
    return any(not case.expected for case in test.alerts if case.alert == alert) or any(not case.samples for case in test.exprs)


def _read(test: UnitTest) -> bool:
    return any(one.annotations for case in test.alerts for one in case.expected)


def _arms(alert: Alert, tests: list[UnitTest]) -> Iterator[tuple[str, bool]]:
    """The arms that people wrote, and those that `enough:` and `missing:` add."""
    titles = [test.name for test in tests if _ARM.search(test.name)]
    try:
        written = [] if alert.anomaly else list(taken_apart(alert.when)[1])
    except Underivable:
        written = []
    yield from ((f"{alert.name}: {arm.op}", any("condition" in title for title in titles)) for arm in written)
    if alert.enough:
        yield f"{alert.name}: enough", any("on too little" in title for title in titles)
    if alert.missing != "quiet":
        yield f"{alert.name}: missing", any("data" in title for title in titles) or any("last value" in title for title in titles)


def _values(alert: Alert, tests: list[UnitTest]) -> Iterator[tuple[str, bool]]:
    fed = {series.series for test in tests for series in test.inputs}
    pairs = {
        (label, value)
        for selector in selectors(parse(alert.when))
        for op in ("=~", "!~")
        for label, values in listed(selector, op)
        for value in values
    }
    for label, value in sorted(pairs):
        yield f'{alert.name}: {label}="{value}"', any(f'{label}="{value}"' in series for series in fed)
