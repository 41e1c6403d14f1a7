"""Tests of what an alert must have to judge on. In: a Stage. Out: UnitTests in which the whole of a ratio, or what `enough:` counts, is a
little less than is asked for, just that, and a little more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators.ir.tests import UnitTest
from generators.promql import labels_of, parse
from generators.proof.flows import Flow, Inputs, Key, plain
from generators.proof.sides import HARDLY
from generators.proof.stage import Stage

NEARLY = Decimal("0.9375")
"""The share of what is asked for that a counter reaches one sample before all of it: more than a tenth less, and exact in binary. It
begins at nothing within the range, and is therefore not extrapolated, so that all of it is counted to the last bit."""


def thin_tests(stage: Stage) -> Iterator[UnitTest]:
    """A share of hardly anything: the whole is less than it must exceed, just that, and a little more."""
    states = stage.states
    if states.least is None or states.bent:
        return
    around = [states.least * share for share in (Decimal("0.95"), Decimal(1), Decimal("1.05"))]
    wholes = around if states.least else [Decimal(0), HARDLY]
    if states.relative:
        yield from _thin_past(stage, wholes)
        return
    scene = stage.scene(*((stage.past + stage.settled, states.thin(whole, states.fault_value)) for whole in wholes))
    if not any(scene.fires_in(at) for at in range(len(wholes) - 1)):
        yield scene.test("is not judged by a whole of hardly anything", scene.ends)


def _thin_past(stage: Stage, wholes: list[Decimal]) -> Iterator[UnitTest]:
    """The same where the whole is the past: three services at once, since the past is long; or, where services are taken together, a
    past that grows."""
    if not labels_of(parse(stage.alert.when)).may_have("service"):
        yield from _grown_past(stage, *wholes[-2:])
        return
    named = [{"service": f"service-of-{plain(whole)}"} for whole in wholes]
    before, after = (
        {
            one: it
            for whole, labels in zip(wholes, named, strict=True)
            for one, it in stage.states.thin(whole, value, labels).items()
        }
        for value in (Decimal(1), stage.states.fault_value)
    )
    scene = stage.scene((stage.past, before), (stage.settled, after))
    if len([course for course in scene.courses if any(course.firing)]) == 1:
        yield scene.test("is not judged by a past of hardly anything", scene.ends)


def _grown_past(stage: Stage, few: Decimal, more: Decimal) -> Iterator[UnitTest]:
    """The past was just too little, and then a little more."""
    states, rest = stage.states, stage.past - 2 * stage.settled
    then = [(stage.settled, states.thin(whole, Decimal(1))) for whole in (few, more)]
    now = [(stage.settled, states.thin(whole, states.fault_value)) for whole in (few, more)]
    scene = stage.scene(*then, (max(rest, 1), states.thin(more, Decimal(1))), *now)
    if not scene.fires_in(3) and scene.fires_in(4):
        yield scene.test("is not judged by a past of hardly anything", scene.ends)


def enough_tests(stage: Stage) -> Iterator[UnitTest]:
    """Everything is as when it fires, and a little less is counted than the guard asks for; then a little more."""
    guard = stage.alert.enough
    assert guard is not None
    if any(one.metric != guard.selector.partition("{")[0] for one in stage.states.fault()):
        at_once = _at_once(stage)
        if at_once:
            yield at_once
            return
    wait = stage.steps(stage.alert.hold) + 3
    long = stage.steps(2 * guard.over + stage.alert.window + stage.alert.keep_firing) + wait
    most, rest, much = (
        _counting(stage, guard.at_least * share / stage.step) for share in (NEARLY / 2, 1 - NEARLY, Decimal("0.5"))
    )
    less = _counting(stage, guard.at_least * Decimal("0.75") / guard.over)
    scene = stage.among((3, most), (1, rest), (wait, much), (long, less))
    if scene.fires_in(2) and not scene.fires_in(3):
        yield scene.test("on just enough fires, and on too little stays quiet", scene.ends[2:])


def _at_once(stage: Stage) -> UnitTest | None:
    """A little less than the guard asks for, and then the rest, each all at once; and later it is forgotten."""
    guard = stage.alert.enough
    assert guard is not None
    wait, burst = stage.settled + 2, 4
    first, rest = (_counting(stage, guard.at_least * share / (burst * stage.step)) for share in (NEARLY, 1 - NEARLY))
    still = _counting(stage, Decimal(0))
    scene = stage.among(
        (1, still), (burst, first), (wait, still), (burst, rest), (wait, still), (stage.steps(guard.over) + wait, still)
    )
    if scene.fires_in(2) or not scene.fires_in(4) or scene.fires_in(5):
        return None
    return scene.test(
        "on too little stays quiet, and fires on just enough, until that is forgotten", (scene.ends[2], scene.ends[4])
    )


def _counting(stage: Stage, pace: Decimal) -> Inputs:
    """The fault, with the guard's counter rising at this pace a second, all its series together."""
    assert stage.alert.enough is not None
    name = stage.alert.enough.selector.partition("{")[0]
    fault = stage.states.fault()
    counted: dict[Key, Decimal] = {one: flow.value for one, flow in fault.items() if one.metric == name}
    all_of = sum(counted.values(), Decimal(0))
    return fault | {one: Flow(value * pace / all_of, "rising") for one, value in counted.items()}
