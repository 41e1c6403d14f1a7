"""Unit tests of adaptive bands. In: an anomaly alert of the Plan. Out: a long steady past and then a jump: it fires; no jump, a
jump within the floor, a jump that an unsteady past makes usual, a jump before the warm-up is over: quiet."""

from __future__ import annotations

from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import AlertCase, ExpectedAlert, ExprCase, InputSeries, UnitTest
from generators.plan import Alert, Anomaly, Plan
from generators.promql import parse
from generators.promql.labels import labels_of
from generators.proof.flows import written
from generators.proof.inputs import Inverse
from generators.proof.meaning.columns import Store
from generators.proof.words import Moment, Words

CADENCE = 60
"""Seconds between the samples of a band's history, of which the warm-up is counted."""

STEPS = (240, 180, 120, 60)
"""How coarse a test may be; below five minutes, further than which an instant query does not look back."""

WINDOW = 300
"""Seconds over which a counter's pace is taken; a test is so coarse that two samples are in it."""

_SEEN = 2
"""Samples after which the new pace is seen: one for a pace, one because alerts are evaluated before the band they read."""

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

    def jumps() -> UnitTest:
        phases = ((long, _STEADY), (after, _JUMP))
        last = (long + after - 1) * step
        pending = (long + _SEEN + -(-alert.hold // step)) * step
        at = (pending - step, pending, last) if 2 * step > WINDOW else (last,)
        cases = tuple(AlertCase(alert.name, one, () if one < pending else (_told(plan, alert),)) for one in at)
        inputs = (InputSeries(series, _counted(phases, step)), *_beside(inverse, alert, long + after, step))
        return UnitTest(f"{alert.name} band: a jump after a steady past fires", step, inputs, cases, where=alert.where)

    within = _STEADY * (1 + alert.anomaly.floor * Decimal("0.9"))
    usual = (_LOW + _HIGH) / 2 + (_HIGH - _LOW) / 2 * alert.anomaly.deviations * Decimal("0.8")
    return [
        jumps(),
        test("a steady past stays quiet", ((long, _STEADY), (after, _STEADY))),
        test("a jump within the floor stays quiet", ((long, _STEADY), (after, within))),
        test("a jump that is usual after an unsteady past stays quiet", ((half, _LOW), (half, _HIGH), (after, usual))),
        test("a jump before the warm-up is over stays quiet", ((young, _STEADY), (after, _JUMP))),
    ]


def _told(plan: Plan, alert: Alert) -> ExpectedAlert:
    """The alert as it must read: what the measure keeps of the service's labels, and what people said."""
    kept = labels_of(parse(alert.when))
    own = {label: value for label, value in alert.services[0].labels.items() if kept.may_have(label)} | {name.ANOMALY: alert.name}
    labels = own | {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.services[0].labels, **alert.labels}
    moment = Moment(Store(band_step(alert.anomaly), 1) if alert.anomaly else Store(CADENCE, 1), 0, own, float(_JUMP))
    return ExpectedAlert(dict(sorted(labels.items())), Words(plan, alert).at(moment))


def _beside(inverse: Inverse, alert: Alert, samples: int, step: int) -> tuple[InputSeries, ...]:
    """Another anomaly's recordings, which are no business of this alert: unlike its own in every way."""
    found = []
    for record in (name.ANOMALY_VALUE, name.ANOMALY_MEAN, name.ANOMALY_DEVIATION):
        labels = {**inverse.target, name.ANOMALY: "Another", **({} if record == name.ANOMALY_VALUE else {"history": "1h"})}
        kept = labels_of(parse(alert.when))
        own = {label: value for label, value in labels.items() if kept.may_have(label) or label in (name.ANOMALY, "history")}
        found.append(InputSeries(written(record, own), f"1x{samples - 1}"))
    return tuple(found)


def _counted(phases: tuple[Phase, ...], step: int) -> str:
    """A counter that rises at one pace after the other."""
    parts, reached = [], Decimal(0)
    for count, rate in phases:
        rise = rate * step
        parts.append(f"{reached:f}+{rise:f}x{count - 1}")
        reached += rise * count
    return " ".join(parts)
