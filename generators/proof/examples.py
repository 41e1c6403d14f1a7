"""Tests of alerts whose inputs people wrote, and of the heartbeat, which needs none. In: the Plan and an alert. Out: UnitTests; what
must come of the inputs is worked out where it can be, else only that it fires and is quiet where people say so."""

from __future__ import annotations

from collections.abc import Iterator

from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import Alert, Example, Plan
from generators.proof.flows import Phase
from generators.proof.scenes import Scene
from generators.proof.words import Words


def heartbeat(plan: Plan, alert: Alert) -> UnitTest:
    """It fires from the first moment on, whatever is there."""
    return Scene.of(Words(plan, alert), plan.stack.evaluation_interval, [Phase(3, {})]).test("always fires", (0,))


def example_tests(alert: Alert) -> Iterator[UnitTest]:
    """It fires on the one example and is quiet on the other."""
    firing = f'count(ALERTS{{alertname="{alert.name}", alertstate="firing"}} > 0)'
    if alert.fires:
        yield _test(alert, "fires on its example", alert.fires, ExprCase(firing, alert.fires.at, (("{}", "1"),)))
    if alert.quiet:
        yield _test(alert, "stays quiet on its example", alert.quiet, ExprCase(firing, alert.quiet.at, ()))


def _test(alert: Alert, what: str, example: Example, case: ExprCase) -> UnitTest:
    inputs = tuple(InputSeries(series, values) for series, values in example.series.items())
    return UnitTest(f"{alert.name} {what}", example.every, inputs, exprs=(case,), where=alert.where)
