"""Unit tests of adaptive bands, layer by layer. In: an anomaly alert of the Plan. Out: tests in which the measure's own recordings are
given, several series at once: either side of the band, of its floor and of the warm-up; what counts as past; and a test of what is
recorded of the measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import isqrt

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import Alert, Anomaly
from generators.proof.flows import plain, written
from generators.proof.slos.table import span
from generators.record import dataclass

CADENCE = 60
"""Seconds between the samples of a band's history, of which the warm-up is counted."""

OFFSET = 3600
"""Seconds of the newest past that are no past yet: else an anomaly would at once become what is usual."""

_MARGIN = 600
"""Seconds between what a test gives and an edge of the past: alerts may be judged a step before or after the band they read, in
promtool in no certain order."""

_LOADED = 9000
"""Samples that a test may hold in all: promtool holds no more than 10,000 in one query."""

_USUAL, _LOW, _HIGH, _LONG_AGO = Decimal(100), Decimal(5), Decimal(15), Decimal(90)
_ABOVE, _BELOW = Decimal("1.05"), Decimal("0.95")
CASE = "case"
"""A label that tells the series of a test apart."""

SPREAD = "spread over the past"

Leg = tuple[int, Decimal | None]
"""So many samples of one value, or of none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A series of the measure: its past, what it is now, and whether the alert tells of it. `of` is another anomaly whose measure it
    is."""

    case: str
    past: tuple[Leg, ...]
    now: Decimal
    unusual: bool
    of: str = ""

    def labels(self, alert: Alert, own: Mapping[str, str]) -> dict[str, str]:
        """Those of the series, and of what is told of it."""
        return {**own, name.ANOMALY: self.of or alert.name, CASE: self.case}

    def given(self, samples: int) -> str:
        """Its samples, the past first, nothing for a while, and now."""
        silent = samples - sum(count for count, _ in self.past) - 1
        legs = [*self.past, (silent, None), (1, self.now)]
        return " ".join(_leg(count, value) for count, value in legs if count)

    @property
    def held(self) -> int:
        return sum(count for count, value in self.past if value is not None) + 1


def edge_tests(alert: Alert, anomaly: Anomaly, step: int, labels: Mapping[str, str]) -> Iterator[UnitTest]:
    """Tests that are evaluated every `step` seconds, of series with these labels. None where promtool could not hold the samples
    that a warm-up asks for, where they fill the whole past, or where none are asked for."""
    rows = list(_rows(anomaly)) if anomaly.warm_up >= 2 * CADENCE else []
    most = max((row.held for row in rows), default=_LOADED)
    if 2 * most > _LOADED or most * CADENCE + 2 * _MARGIN > anomaly.history:
        return
    at, many = _after(most * CADENCE + OFFSET, step), _LOADED // most
    for begun in range(0, len(rows), many):
        yield _test(alert, "both sides of every bound", rows[begun : begun + many], at, labels)
    at = _after(2 * anomaly.history + OFFSET, step)
    found = _test(alert, "what counts as past", list(_pasts(anomaly, at)), at, labels)
    yield replace(found, exprs=(*found.exprs, *_band(alert, anomaly, at, labels)))


def _rows(anomaly: Anomaly) -> Iterator[Row]:
    """With a steady past the floor decides, with an unsteady one its deviations. A steady past holds just as many samples as the
    warm-up asks for, or one less."""
    enough, beyond = anomaly.warm_up // CADENCE, _USUAL * (1 + anomaly.floor * _ABOVE)
    steady: tuple[Leg, ...] = ((enough, _USUAL),)
    yield Row("beyond the floor", steady, beyond, unusual=True)
    yield Row("at the floor", steady, _edge(_USUAL, anomaly.floor, _USUAL), unusual=False)
    yield Row("beyond it, of another anomaly", steady, beyond, unusual=False, of="Another")
    yield Row("before the warm-up is over", ((enough - 1, _USUAL),), beyond, unusual=False)
    unsteady, mean, deviation = _unsteady(enough)
    yield Row("beyond an unsteady past", unsteady, mean + anomaly.deviations * deviation * _ABOVE, unusual=True)
    yield Row("at the edge of an unsteady past", unsteady, _edge(mean, anomaly.deviations, deviation), unusual=False)


def _edge(mean: Decimal, times: Decimal, width: Decimal) -> Decimal:
    """So many widths from the mean, in floats as Prometheus reckons them; a little less where they round to more."""
    found = mean + times * width
    return found if float(found) - float(mean) <= float(times) * float(width) else mean + times * width * _BELOW


def _unsteady(enough: int) -> tuple[tuple[Leg, ...], Decimal, Decimal]:
    """A past whose mean and deviation are whole numbers, at every step of working them out: all of one value but the last sample,
    which is higher by ten times their number n. So the mean is higher by ten, the deviation ten times the root of n - 1."""
    root = isqrt(enough - 1)
    root += root * root + 1 < enough
    many, unit = root * root + 1, Decimal(10)
    return ((many - 1, unit), (1, unit + many * unit)), 2 * unit, root * unit


def _pasts(anomaly: Anomaly, at: int) -> Iterator[Row]:
    """Half of what the warm-up asks for at the beginning of the past, half at its end; and all of it before the past begins. Before
    either, something else was usual."""
    enough, margin = anomaly.warm_up // CADENCE, _MARGIN // CADENCE
    half, begins = -(-enough // 2), (at - OFFSET - anomaly.history) // CADENCE - margin
    before: tuple[Leg, ...] = ((begins - half, None), (half, _LONG_AGO), (2 * margin, None))
    between: Leg = (anomaly.history // CADENCE - 2 * margin - 2 * half, None)
    far = _HIGH * (1 + anomaly.floor + anomaly.deviations) * 2
    yield Row(SPREAD, (*before, (half, _LOW), between, (half, _HIGH)), far, unusual=True)
    yield Row("too long ago", ((begins - enough, None), (enough, _LOW), (2 * margin, None), (1, _LOW)), far, unusual=False)


def _test(alert: Alert, title: str, rows: Sequence[Row], at: int, labels: Mapping[str, str]) -> UnitTest:
    """Which series are anomalies at a moment: those for which the alert is then pending, or fires where it does not wait."""
    samples = at // CADENCE + 1
    given = tuple(InputSeries(written(name.ANOMALY_VALUE, row.labels(alert, labels)), row.given(samples)) for row in rows)
    said = {"alertname": alert.name, "alertstate": "pending" if alert.hold else "firing"}
    said |= {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.services[0].labels, **alert.labels}
    expected = tuple((written("ALERTS", {**row.labels(alert, labels), **said}), "1") for row in rows if row.unusual)
    case = ExprCase(f'ALERTS{{alertname="{alert.name}"}}', at, expected)
    return UnitTest(f"{alert.name} band: {title}", CADENCE, given, exprs=(case,), where=alert.where)


def _band(alert: Alert, anomaly: Anomaly, at: int, labels: Mapping[str, str]) -> Iterator[ExprCase]:
    """Mean and deviation of a past whose halves differ."""
    own = {**labels, name.ANOMALY: alert.name, CASE: SPREAD, "history": span(anomaly.history)}
    for record, value in ((name.ANOMALY_MEAN, (_LOW + _HIGH) / 2), (name.ANOMALY_DEVIATION, (_HIGH - _LOW) / 2)):
        yield ExprCase(f"round({written(record, own)}, 0.001)", at, ((written("", own), plain(value)),))


def _after(seconds: int, step: int) -> int:
    """The first evaluation so long after the beginning that nothing given stands near an edge."""
    return -(-(seconds + _MARGIN) // step) * step


def _leg(count: int, value: Decimal | None) -> str:
    return f"_x{count}" if value is None else f"{plain(value)}x{count - 1}"
