"""Tests of what an alert must have to judge on. In: a Stage. Out: UnitTests in which the whole of a ratio, or what `enough:` counts, is a
little less than is asked for, just that, and a little more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators.ir.tests import UnitTest
from generators.proof.flows import Flow, Inputs, Key, plain
from generators.proof.sides import HARDLY
from generators.proof.stage import Stage


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
    """The same where the whole is the past: three services at once, since the past is long."""
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


def enough_tests(stage: Stage) -> Iterator[UnitTest]:
    """Everything is as when it fires, and a little less is counted than the guard asks for; then a little more."""
    guard = stage.alert.enough
    assert guard is not None
    if any(one.metric != guard.selector.partition("{")[0] for one in stage.states.fault()):
        at_once = _at_once(stage)
        if at_once:
            yield at_once
            return
    less, just, more = (
        _counting(stage, guard.at_least * share / guard.over) for share in (Decimal("0.98"), Decimal(1), Decimal("1.02"))
    )
    long = stage.steps(guard.over + stage.alert.window + stage.alert.hold) + 3
    exact = guard.at_least * stage.step * 1000 % guard.over == 0
    for most in (just, more) if exact else (more,):
        scene = stage.scene((3, {}), (long, less), (long, most))
        if not scene.fires_in(1) and scene.fires_in(2):
            yield scene.test("on too little stays quiet, and fires on just enough", scene.ends[1:])
            return


def _at_once(stage: Stage) -> UnitTest | None:
    """A little less than the guard asks for, and then the rest, each all at once; and later it is forgotten."""
    guard = stage.alert.enough
    assert guard is not None
    wait, burst = stage.settled + 2, 4
    first, rest = (
        _counting(stage, guard.at_least * share / (burst * stage.step)) for share in (Decimal("0.9375"), Decimal("0.0625"))
    )
    still = _counting(stage, Decimal(0))
    scene = stage.scene(
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
