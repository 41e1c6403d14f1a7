"""Unit tests of adaptive bands. In: an anomaly alert of the Plan. Out: a day of steady values and then a jump: it fires; the same
without the jump: quiet; a jump before the warm-up is over: quiet."""

from __future__ import annotations

from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import Alert, Plan
from generators.promql import parse
from generators.promql.labels import labels_of
from generators.proof.inputs import Inverse, written

STEP = 60
_STEADY, _JUMP = Decimal(10), Decimal(60)


def band_tests(plan: Plan, alert: Alert) -> list[UnitTest]:
    """The three tests."""
    assert alert.anomaly is not None
    long = (alert.anomaly.history + 2 * 3600) // STEP
    young = alert.anomaly.warm_up // 2 // STEP
    after = (alert.hold + 900) // STEP
    service = alert.services[0]
    inverse = Inverse(plan.contract, {**service.target_labels, "instance": "instance-a"})
    series = next(iter(inverse.reach(parse(alert.when), _STEADY)))
    firing = f'ALERTS{{alertname="{alert.name}", alertstate="firing"}}'
    labels = {
        name.ANOMALY: alert.name,
        name.SEVERITY: alert.severity,
        name.SIGNAL: alert.signal,
        **service.labels,
        **alert.labels,
    }
    extra = {label: "" for label in labels if not labels_of(parse(alert.when)).may_have(label)}
    expected = written("ALERTS", {**extra, **labels, "alertname": alert.name, "alertstate": "firing"})

    def test(title: str, before: int, rate: Decimal, samples: tuple[tuple[str, str], ...]) -> UnitTest:
        inputs = (InputSeries(series, _two_phases(before, after, rate)),)
        case = ExprCase(firing, (before + after) * STEP, samples)
        return UnitTest(f"{alert.name} band: {title}", STEP, inputs, exprs=(case,), where=alert.where)

    return [
        test("a jump after a steady day fires", long, _JUMP, ((expected, "1"),)),
        test("a steady day stays quiet", long, _STEADY, ()),
        test("a jump before the warm-up is over stays quiet", young, _JUMP, ()),
    ]


def _two_phases(before: int, after: int, rate: Decimal) -> str:
    """A counter that rises steadily and then at another rate."""
    reached = _STEADY * STEP * before
    return f"0+{_STEADY * STEP:f}x{before} {reached + rate * STEP:f}+{rate * STEP:f}x{after}"
