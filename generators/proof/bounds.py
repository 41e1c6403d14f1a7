"""Tests of an alert at its bound. In: a Stage. Out: a UnitTest in which the value is just before the bound, exactly at it where it can
be brought there to the last bit, and just beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators.ir.tests import UnitTest
from generators.promql.walk import selectors
from generators.proof.inputs import TOTAL
from generators.proof.meaning.evaluate import vector
from generators.proof.scenes import Scene
from generators.proof.stage import Stage
from generators.proof.trees import Underivable

MARGINS = (Decimal("0.01"), Decimal("0.05"), Decimal("0.2"))
"""How near to its bound a value is brought: as near as it can and still be certain."""

EXACT = (TOTAL, Decimal(100), Decimal(80), Decimal(320), Decimal(1000))
"""Totals of which one makes a share come out exactly, to the last bit."""


def bound_tests(stage: Stage) -> Iterator[UnitTest]:
    main, _ = stage.states.parts
    if main.op in ("==", "!="):
        yield from _alone(stage)
        return
    if stage.states.bent:
        yield from _bound_at_once(stage)
        yield from _crosses(stage)
        return
    for margin, total in attempts(stage):
        around = levels(stage, margin, total)
        calm = stage.states.normal()
        try:
            phases = [(stage.settled, stage.states.of(total).at(level)) for _, level in around]
            between = [(stage.past, calm)] if main.counts else []
            scene = stage.scene((stage.past, calm), *(one for phase in phases for one in (phase, *between)))
        except Underivable:
            continue
        every = 1 + len(between)
        ends = [scene.ends[1 + at * every] for at in range(len(around))]
        if told(stage, scene, [name for name, _ in around], ends):
            yield scene.test(" and ".join(name for name, _ in around) + " its bound", ends)
            return


def attempts(stage: Stage) -> Iterator[tuple[Decimal, Decimal | None]]:
    """Ways to come near to the bound, the nearest first: how near, and the whole with which the bound itself may be reached."""
    bound = stage.states.parts[0].bound
    exact = [one for one in EXACT if _whole_in_binary(bound * one * stage.step)] if stage.states.shared else EXACT[:1]
    yield from ((MARGINS[0], one) for one in exact)
    yield from ((one, None) for one in MARGINS)


def _whole_in_binary(value: Decimal) -> bool:
    """Whether a float holds the value to the last bit."""
    below = value.as_integer_ratio()[1]
    return below & (below - 1) == 0


def _alone(stage: Stage) -> Iterator[UnitTest]:
    """Equal is neither a little less nor a little more."""
    main, _ = stage.states.parts
    if main.op == "!=" or any(selector.name == "up" for selector in selectors(main.value)):
        return  # `up` is 0 or 1 and nothing else
    levels = (main.bound - 1, main.bound + 1)
    scene = stage.scene((stage.past, stage.states.normal()), *((stage.settled, stage.states.at(level)) for level in levels))
    if not scene.turns():
        yield scene.test("on less and on more than its number stays quiet", scene.ends)


def _bound_at_once(stage: Stage) -> Iterator[UnitTest]:
    """One series beyond the bound from the beginning, one before it: a straight line's value moves with time."""
    main, _ = stage.states.parts
    other = stage.states.inverse.forcing({"instance": "instance-before"})
    for margin in MARGINS:
        both = stage.states.at(main.off(margin, beyond=True)) | stage.states.at(main.off(margin, beyond=False), other)
        scene = stage.scene((stage.steps(stage.alert.hold) + 3, both))
        if len([course for course in scene.courses if any(course.firing)]) == 1:
            yield scene.test("just beyond its bound and just before it", scene.ends)
            return


def _crosses(stage: Stage) -> Iterator[UnitTest]:
    """A straight line that crosses the bound exactly at a step, as late as it takes to fire before."""
    main, _ = stage.states.parts
    at = stage.steps(stage.alert.hold) + 4
    rest = stage.steps(stage.alert.hold) + stage.steps(stage.alert.keep_firing) + 4
    try:
        scene = stage.scene((at + rest, stage.states.crossing(at * stage.step)))
    except Underivable:
        return
    exact = any(column[at] == float(main.bound) for column in vector(main.value, scene.play.store).values())
    if exact and scene.turns():
        yield scene.test("crosses its bound at a step", (at,))


def levels(stage: Stage, margin: Decimal, total: Decimal | None) -> list[tuple[str, Decimal]]:
    """Just before the bound, at it (if a `total` is named with which it may come out exactly) and just beyond it."""
    main, _ = stage.states.parts
    around = [("just before", main.off(margin, beyond=False)), ("just beyond", main.off(margin, beyond=True))]
    if around[0][1] < 0 <= main.bound and not stage.states.relative:
        around = around[1:]
    return [*around[:-1], ("exactly at", main.bound), around[-1]] if total is not None and not main.counts else around


def told(stage: Stage, scene: Scene, names: list[str], ends: list[int]) -> bool:
    """Whether the alert does at the end of each phase what its comparison says; and the bound is reached to the last bit."""
    main, _ = stage.states.parts
    fires = {"just before": False, "exactly at": main.op in (">=", "<="), "just beyond": True}
    if scene.fires_in(0) or any(scene.fires(end) != fires[name] for name, end in zip(names, ends, strict=True)):
        return False
    if "exactly at" not in names:
        return True
    columns = vector(main.value, scene.play.store).values()
    at = ends[names.index("exactly at")]
    return any(column[at] == float(main.bound) for column in columns)
