"""Unit tests of adaptive bands. In: an anomaly alert of the Plan. Out: from raw series, a long steady past and then a jump, which fires
after its `for` with all its words, and what is recorded of the measure; from recordings, the edges (band_edges.py)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import AlertCase, ExpectedAlert, InputSeries, UnitTest
from generators.plan import Alert, Anomaly, Derived, Plan
from generators.promql import parse
from generators.promql.labels import labels_of
from generators.proof.band_edges import CADENCE, OFFSET, edge_tests
from generators.proof.flows import written
from generators.proof.inputs import Inverse
from generators.proof.meaning.columns import Store
from generators.proof.recorded import follows
from generators.proof.words import Moment, Words

STEPS = (240, 180, 120, 60)
"""How coarse a test may be; below five minutes, further than which an instant query does not look back."""

WINDOW = 300
"""Seconds that an instant query looks back: for so long a past that is complete must have been recorded."""

_STEADY, _JUMP = Decimal(10), Decimal(60)

Phase = tuple[int, Decimal]
"""So many samples at so much a second."""


def band_step(anomaly: Anomaly) -> int:
    """The coarsest step at which the history still holds more samples than the warm-up asks for."""
    wanted = anomaly.warm_up // CADENCE * Decimal("1.2")
    return next((step for step in STEPS if anomaly.history // step >= wanted), STEPS[-1])


def band_tests(plan: Plan, alert: Alert) -> list[UnitTest]:
    """From raw series a jump that fires, and what is recorded; from recordings, every edge."""
    assert alert.anomaly is not None
    step = band_step(alert.anomaly)
    long = (alert.anomaly.history + 2 * 3600) // step
    after = (alert.hold + 900) // step + 1
    service = alert.services[0]
    inverse = Inverse(plan.contract, {**service.target_labels, "instance": "instance-a"})
    series = next(iter(inverse.reach(parse(alert.when), _STEADY))).text

    def jumps() -> UnitTest:
        phases, last = ((long, _STEADY), (after, _JUMP)), (long + after - 1) * step
        inputs = (InputSeries(series, _counted(phases, step)), *_beside(inverse, alert, long + after, step))
        case = AlertCase(alert.name, last, (_told(plan, alert),))
        return UnitTest(f"{alert.name} band: a jump after a steady past fires", step, inputs, (case,), where=alert.where)

    measure = Derived(name.ANOMALY_VALUE, alert.anomaly.expr, alert.where)
    recorded = replace(follows(plan, measure, {name.ANOMALY: alert.name}, step), name=f"{alert.name} band: what is measured")
    return [jumps(), _waits(plan, alert, step), recorded, *edge_tests(alert, alert.anomaly, step, _own(alert))]


def _waits(plan: Plan, alert: Alert, step: int) -> UnitTest:
    """From recordings, whose past a jump does not reach: so it matters not whether promtool judges alerts before the band they read or
    after it, which is in no certain order."""
    assert alert.anomaly is not None
    past = alert.anomaly.warm_up // CADENCE + 1
    begins = -(-(past * CADENCE + OFFSET + WINDOW) // step) * step
    fires = begins + -(-alert.hold // step) * step
    lasts = (fires - begins) // CADENCE
    values = f"{_STEADY}x{begins // CADENCE - 1} {_JUMP}x{lasts}"
    inputs = (InputSeries(written(name.ANOMALY_VALUE, _own(alert) | {name.ANOMALY: alert.name}), values),)
    quiet = (AlertCase(alert.name, fires - step),) if alert.hold else ()
    cases = (*quiet, AlertCase(alert.name, fires, (_told(plan, alert),)))
    return UnitTest(f"{alert.name} band: waits as long as it is told", CADENCE, inputs, cases, where=alert.where)


def _own(alert: Alert) -> dict[str, str]:
    """What the measure keeps of the service's labels."""
    kept = labels_of(parse(alert.when))
    return {label: value for label, value in alert.services[0].labels.items() if kept.may_have(label)}


def _told(plan: Plan, alert: Alert) -> ExpectedAlert:
    """The alert as it must read: what the measure keeps of the service's labels, and what people said."""
    own = _own(alert) | {name.ANOMALY: alert.name}
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
