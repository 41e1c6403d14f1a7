"""The third layer of objectives: a tier's alert. In: the tier, an SLO of a class. Out: for each class a test of SLOs that burn above,
at and below the tier's pace, with little traffic and with none, from recordings; for each tier a test of both sides of either window
and of the guard, from burn rates, with the words people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_UP, Decimal

from generators import conventions as name
from generators.ir.tests import AlertCase, ExpectedAlert, ExprCase, InputSeries, UnitTest
from generators.plan import Plan, Slo
from generators.proof.flows import plain, written
from generators.proof.slos.table import PARTS, WHO, Leg, Tier, series, span
from generators.proof.slos.words import burn_words
from generators.record import dataclass

_ABOVE, _BELOW = Decimal("1.02"), Decimal("0.98")
_OVER, _UNDER = Decimal("1.05"), Decimal("0.95")
_FINE = Decimal("0.000001")
"""How fine traffic is written: with millionths of an event a second."""


def paces(classes: Sequence[Slo], tier: Tier) -> UnitTest:
    """Of the SLOs of each class only that one fires which burns faster than the tier allows on enough events: just enough of them."""
    given = tuple(one for slo in classes for one in _class(slo, tier))
    labels = {**WHO, **tier.labels, "alertname": tier.alert, "alertstate": "firing"}
    expected = tuple((written("ALERTS", {name.SLO: f"{_called(slo)} above", **labels}), "1") for slo in classes)
    case = ExprCase(f'ALERTS{{alertname="{tier.alert}"}}', tier.long, expected)
    return UnitTest(f"{tier.alert} at the pace of each objective", tier.long // PARTS, given, exprs=(case,))


def _class(slo: Slo, tier: Tier) -> Iterator[InputSeries]:
    """What is recorded of five SLOs of this class."""
    pace, budget = tier.factor * slo.budget, slo.budget
    enough = (slo.floor / tier.long * tier.sums * Decimal("1.1")).quantize(_FINE, ROUND_UP)
    little = enough / 2
    enough = enough or Decimal(1)  # without a floor every traffic is enough, and none is little
    rows = {
        "above": (enough, enough * pace * _ABOVE),
        "at": _at(tier.factor, budget),
        "below": (enough, enough * pace * _BELOW),
        "with little traffic": (little, little),
        "without traffic": (Decimal(0), Decimal(0)),
    }
    for row, (total, errors) in rows.items():
        labels, samples = {name.SLO: f"{_called(slo)} {row}"}, PARTS + 1
        yield series(name.SLI_TOTAL, labels, (samples, total))
        yield series(name.SLI_ERRORS, labels, (samples, errors))
        yield series(name.ERROR_BUDGET, labels, (samples, budget))
        yield series(name.EVENT_FLOOR, labels | WHO | {"window": span(slo.window)}, (samples, slo.floor))


def _called(slo: Slo) -> str:
    return f"{plain(slo.objective * 100)}%"


def _at(factor: Decimal, budget: Decimal) -> tuple[Decimal, Decimal]:
    """Traffic and errors that burn exactly at a pace, in floats as Prometheus divides them; at some traffic they round to more."""
    pairs = ((Decimal(total), total * factor * budget) for total in range(100, 1000))
    exact = (pair for pair in pairs if float(pair[1]) / float(pair[0]) / float(budget) <= float(factor))
    return next(exact, (Decimal(100), 100 * factor * budget * _BELOW))


@dataclass(frozen=True, slots=True)
class Side:
    """An SLO of the test of a tier: how many times the pace it burns over the long and the short window, how many of the events that
    the guard asks for it has, what its floors are (times the floor, and whose) and what more its recordings are labelled with."""

    slo: str
    long: Decimal = _OVER
    short: Decimal = _OVER
    events: Decimal = Decimal(1)
    floors: tuple[tuple[str, Decimal], ...] = (("example", Decimal(1)),)
    more: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Those of its recordings."""
        return {name.SLO: self.slo, **dict(self.more)}


_HANDED_OVER = (("former", Decimal("0.1")), ("example", Decimal(1)))
FIRING = (Side("burning"), Side("handed-over", floors=_HANDED_OVER), Side("labelled", more=(("region", "here"),)))
"""Those that fire: with just as many events as the floor says; with two owners while a service is handed over, of whom the one with
the larger floor is told; with a label that somebody gave to all recordings."""

QUIET = (
    Side("long-alone", short=_UNDER),
    Side("short-alone", long=_UNDER),
    Side("long-at", long=Decimal(1)),
    Side("short-at", short=Decimal(1)),
    Side("too-few", events=_UNDER, floors=_HANDED_OVER),
    Side("largest-floor", events=_UNDER, floors=(("example", Decimal(2)),)),
)


def sides(plan: Plan, tier: Tier) -> UnitTest:
    """Of nine SLOs those fire that burn too fast over both windows on enough events, and say so in every language."""
    step = tier.long // PARTS
    given = tuple(one for side in (*FIRING, *QUIET) for one in _judged(side, tier))
    expected = tuple(_told(plan, side, tier) for side in FIRING)
    case = AlertCase(tier.alert, 2 * tier.long, expected)
    return UnitTest(f"{tier.alert}: both windows, enough events", step, given, (case,))


def _judged(side: Side, tier: Tier) -> Iterator[InputSeries]:
    """Burn rates as they are judged; events in the newer half of the window alone, and many of them before it."""
    samples, half = 2 * PARTS + 1, PARTS // 2
    counted = name.SLI_TOTAL if tier.burn == "page" else name.SLI_TOTAL_SUM
    some = side.events * tier.sums * 2
    legs: tuple[Leg, ...] = ((PARTS + 1, 1000), (half, 0), (half, some))
    yield series(name.burn_rate(span(tier.long)), side.labels, (samples, side.long * tier.factor))
    yield series(name.burn_rate(span(tier.short)), side.labels, (samples, side.short * tier.factor))
    yield series(counted, side.labels, *legs)
    for owner, floor in side.floors:
        yield series(name.EVENT_FLOOR, {name.SLO: side.slo, **WHO, name.OWNER: owner}, (samples, floor * tier.long))


def _told(plan: Plan, side: Side, tier: Tier) -> ExpectedAlert:
    kept = {**side.labels, **WHO}
    return ExpectedAlert(dict(sorted((kept | tier.labels).items())), burn_words(plan, tier, kept, float(side.long * tier.factor)))
