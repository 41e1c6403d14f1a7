"""Unit tests of adaptive bands. In: an anomaly alert of the Plan. Out: a long steady past and then a jump: it fires; no jump, a
jump within the floor, a jump that an unsteady past makes usual, a jump before the warm-up is over: quiet."""

from __future__ import annotations

from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import Alert, Anomaly, Plan
from generators.promql import parse
from generators.promql.labels import labels_of
from generators.proof.flows import written
from generators.proof.inputs import Inverse

CADENCE = 60
"""Seconds between the samples of a band's history, of which the warm-up is counted."""

STEPS = (240, 180, 120, 60)
"""How coarse a test may be; below five minutes, further than which an instant query does not look back."""

_STEADY, _JUMP = Decimal(10), Decimal(60)
_LOW, _HIGH = Decimal(5), Decimal(15)

Phase = tuple[int, Decimal]
"""So many samples at so much a second."""


def band_step(anomaly: Anomaly) -> int:
    """The coarsest step at which the history still holds more samples than the warm-up asks for."""
    wanted = anomaly.warm_up // CADENCE * Decimal("1.2")
    return next((step for step in STEPS if anomaly.history // step >= wanted), STEPS[-1])


def band_tests(plan: Plan, alert: Alert) -> list[UnitTest]:
    """The five tests."""
    assert alert.anomaly is not None
    step = band_step(alert.anomaly)
    long = (alert.anomaly.history + 2 * 3600) // step
    half, young = long // 2, alert.anomaly.warm_up // CADENCE // 2
    after = (alert.hold + 900) // step + 1
    service = alert.services[0]
    inverse = Inverse(plan.contract, {**service.target_labels, "instance": "instance-a"})
    series = next(iter(inverse.reach(parse(alert.when), _STEADY))).text
    firing = f'ALERTS{{alertname="{alert.name}", alertstate="firing"}}'

    def test(title: str, phases: tuple[Phase, ...], samples: tuple[tuple[str, str], ...] = ()) -> UnitTest:
        inputs = (InputSeries(series, _counted(phases, step)),)
        case = ExprCase(firing, (sum(count for count, _ in phases) - 1) * step, samples)
        return UnitTest(f"{alert.name} band: {title}", step, inputs, exprs=(case,), where=alert.where)

    within = _STEADY * (1 + alert.anomaly.floor * Decimal("0.9"))
    usual = (_LOW + _HIGH) / 2 + (_HIGH - _LOW) / 2 * alert.anomaly.deviations * Decimal("0.8")
    return [
        test("a jump after a steady past fires", ((long, _STEADY), (after, _JUMP)), ((_expected(alert), "1"),)),
        test("a steady past stays quiet", ((long, _STEADY), (after, _STEADY))),
        test("a jump within the floor stays quiet", ((long, _STEADY), (after, within))),
        test("a jump that is usual after an unsteady past stays quiet", ((half, _LOW), (half, _HIGH), (after, usual))),
        test("a jump before the warm-up is over stays quiet", ((young, _STEADY), (after, _JUMP))),
    ]


def _expected(alert: Alert) -> str:
    """ALERTS as it must read."""
    labels = {name.ANOMALY: alert.name, name.SEVERITY: alert.severity, name.SIGNAL: alert.signal}
    labels |= {**alert.services[0].labels, **alert.labels}
    extra = {label: "" for label in labels if not labels_of(parse(alert.when)).may_have(label)}
    return written("ALERTS", {**extra, **labels, "alertname": alert.name, "alertstate": "firing"})


def _counted(phases: tuple[Phase, ...], step: int) -> str:
    """A counter that rises at one pace after the other."""
    parts, reached = [], Decimal(0)
    for count, rate in phases:
        rise = rate * step
        parts.append(f"{reached:f}+{rise:f}x{count - 1}")
        reached += rise * count
    return " ".join(parts)
