"""Unit tests of what an alert does besides firing: how long it keeps firing, what it makes of absent data and of too little. In:
an alert of the Plan with inputs derived for both sides of its bound. Out: tests whose expectations come from the Plan alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import Alert
from generators.promql import parse
from generators.promql.syntax import VectorSelector
from generators.proof.inputs import Flow, Inputs
from generators.record import dataclass

LOOKBACK = 300
"""How far an instant query looks back: for so long a series that has gone still seems to be there
(https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness)."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Inputs in which the alert fires after `at` seconds at the latest, and those in which it stays quiet; a sample each `step`."""

    alert: Alert
    firing: Inputs
    quiet: Inputs
    step: int
    at: int

    @property
    def samples(self) -> int:
        return self.at // self.step + 1

    def test(self, title: str, inputs: Mapping[str, str], *cases: ExprCase) -> UnitTest:
        series = tuple(InputSeries(one, values) for one, values in inputs.items())
        return UnitTest(f"{self.alert.name} {title}", self.step, series, exprs=cases, where=self.alert.where)


def lifetime_tests(derived: Derived) -> Iterator[UnitTest]:
    """Those tests that this alert's words ask for."""
    if derived.alert.keep_firing:
        yield from _keeps_firing(derived)
    if derived.alert.enough:
        yield _too_little(derived)
    if derived.alert.missing == "fire":
        yield _absent_fires(derived)
    if derived.alert.missing == "hold":
        yield _absent_holds(derived)


def _keeps_firing(derived: Derived) -> Iterator[UnitTest]:
    """The fault ends: some time later the condition is false for certain, and the alert fires until its time is over."""
    alert, step = derived.alert, derived.step
    forgotten = alert.window + 2 * step
    if set(derived.firing) != set(derived.quiet) or forgotten + 2 * step >= alert.keep_firing:
        return
    last = derived.at + alert.keep_firing - step
    last -= last % step
    gone = derived.at + alert.keep_firing + forgotten + 2 * step
    gone += -gone % step
    more = gone // step - derived.samples + 1
    inputs = {one: _then(flow, derived.quiet[one], step, derived.samples, more) for one, flow in derived.firing.items()}
    yield derived.test(
        "keeps firing for its time", inputs, ExprCase(_counted(alert), last, (("{}", "1"),)), ExprCase(_counted(alert), gone, ())
    )


def _too_little(derived: Derived) -> UnitTest:
    """All is as when it fires, but only half as much is counted as the guard asks for."""
    guard = derived.alert.enough
    assert guard is not None
    selector = parse(guard.selector)
    name = selector.name if isinstance(selector, VectorSelector) else ""
    counted = {one: flow for one, flow in derived.firing.items() if one.partition("{")[0] == name}
    share = guard.at_least / 2 / Decimal(min(guard.over, derived.at)) / sum(flow.value for flow in counted.values())
    inputs = derived.firing | {one: Flow(flow.value * share, flow.rising) for one, flow in counted.items()}
    notation = {one: flow.notation(derived.step, derived.samples) for one, flow in inputs.items()}
    return derived.test("on too little stays quiet", notation, ExprCase(_counted(derived.alert), derived.at, ()))


def _absent_fires(derived: Derived) -> UnitTest:
    """No series at all: absent data mean the worst."""
    return derived.test("without data fires", {}, ExprCase(_counted(derived.alert), derived.at, (("{}", "1"),)))


def _absent_holds(derived: Derived) -> UnitTest:
    """The data end while it fires: the last that was seen still holds."""
    alert, step = derived.alert, derived.step
    at = derived.at + alert.keep_firing + LOOKBACK + 4 * step
    at += -at % step
    gap = f" _x{at // step - derived.samples}"
    inputs = {one: flow.notation(step, derived.samples - 1) + gap for one, flow in derived.firing.items()}
    if alert.enough:
        inputs |= {
            one: flow.notation(step, at // step + 1)
            for one, flow in derived.firing.items()
            if one.partition("{")[0] == alert.enough.selector.partition("{")[0]
        }
    return derived.test("holds without data", inputs, ExprCase(_counted(alert), at, (("{}", "1"),)))


def _then(first: Flow, second: Flow, step: int, samples: int, more: int) -> str:
    """One flow for so many samples, then another."""
    if not first.rising:
        return f"{first.value:f}x{samples - 1} {second.value:f}x{more - 1}"
    reached = first.value * step * (samples - 1) + second.value * step
    return f"0+{first.value * step:f}x{samples - 1} {reached:f}+{second.value * step:f}x{more - 1}"


def _counted(alert: Alert) -> str:
    return f'count(ALERTS{{alertname="{alert.name}", alertstate="firing"}})'
