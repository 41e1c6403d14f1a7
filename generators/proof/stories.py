"""The tests of one alert, each a short story: a fault comes and goes; the value creeps over its bound; it comes and goes too fast;
data end; counters start anew; one of several conditions is missing; there is too little to judge on. In: the Plan and an alert. Out:
UnitTests. Raises Underivable where no story shows it firing or quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generators.ir.tests import UnitTest
from generators.plan import Alert, Plan
from generators.promql.syntax import Binary
from generators.promql.walk import selectors, walk
from generators.proof.bounds import MARGINS, bound_tests
from generators.proof.flows import Inputs
from generators.proof.guards import enough_tests, thin_tests
from generators.proof.lifecycle import HOLD
from generators.proof.lives import BEGINS, whole_life, with_others
from generators.proof.meaning.columns import LOOKBACK
from generators.proof.stage import Stage


def stories(plan: Plan, alert: Alert, target: Mapping[str, str]) -> Iterator[UnitTest]:
    """Every story that this alert has; `target` are the labels of the series it reads."""
    stage = Stage(plan, alert, target)
    whole = whole_life(stage)
    if whole:
        yield whole
    else:
        stage = stage.surer()
        yield _begins_and_ends(stage)
    if not whole or not stage.at_its_bound:
        yield from bound_tests(stage)
    if not whole or alert.missing != "quiet":
        yield from _gone(stage)
    yield from _flaps(stage)
    yield from _bridged(stage)
    yield from _reset(stage)
    yield from _arms(stage)
    yield from _instead(stage)
    yield from _becomes_usual(stage)
    yield from thin_tests(stage)
    if alert.enough:
        yield from enough_tests(stage)


def _begins_and_ends(stage: Stage) -> UnitTest:
    alone = stage.life(stage.crowd, {}).courses_alike(stage.alone)
    scene = stage.life(stage.crowd if alone else {}, with_others(stage))
    return scene.test(BEGINS, (stage.steps(stage.alert.hold) + 2, scene.ends[1]))


def _flaps(stage: Stage) -> Iterator[UnitTest]:
    """The fault comes and goes, each time for less than `for`."""
    main, _ = stage.states.parts
    whole = main.op in ("==", "!=") or stage.states.relative
    hardly = stage.states.fault() if whole else stage.states.at(main.off(MARGINS[1], beyond=True))
    wait, window = stage.steps(stage.alert.hold), stage.steps(stage.alert.window)
    length = wait + window - 2 if window and not stage.states.bent else wait
    for _ in range(0 if not wait else 1 if stage.states.bent else 3):
        if length < 1:
            return
        cycle = ((length, hardly), (window + 3, stage.states.normal()))
        scene = stage.scene((stage.past, stage.states.normal()), *cycle, *cycle)
        if not scene.turns() and scene.courses:
            yield scene.test("crossed back and forth within its time stays quiet", (scene.ends[1], scene.ends[3]))
            return
        held = max((course.longest for course in scene.courses), default=0)
        length -= max(held - wait, 1)


def _bridged(stage: Stage) -> Iterator[UnitTest]:
    """The fault is gone for less than `keep_firing_for`, and comes again."""
    gap = stage.steps(stage.alert.keep_firing) - stage.steps(stage.alert.window) - 2
    if gap < 1:
        return
    fault, normal = stage.states.fault(), stage.states.normal()
    scene = stage.scene((stage.past, normal), (stage.settled, fault), (gap, normal), (stage.settled, fault), (1, normal))
    if scene.fires_in(2):
        yield scene.test("keeps firing while the fault comes and goes", (scene.ends[2], scene.ends[3]))


def _gone(stage: Stage) -> Iterator[UnitTest]:
    """The data end while it fires."""
    if not stage.states.fault():
        return
    wait = {"hold": HOLD, "fire": LOOKBACK, "quiet": 0}[stage.alert.missing]
    after = stage.steps(wait + stage.alert.window + stage.alert.hold + stage.alert.keep_firing) + 4
    kept: Inputs = {}
    if stage.alert.enough and stage.alert.missing == "hold":
        name = stage.alert.enough.selector.partition("{")[0]
        kept = {one: flow for one, flow in stage.states.fault().items() if one.metric == name}
    main, _ = stage.states.parts
    sided = stage.alert.missing == "hold" and main.op not in ("==", "!=")
    nearest = main.bound if main.op in (">=", "<=") else main.off(MARGINS[1], beyond=True)
    fault = stage.states.at(nearest) if sided else stage.states.fault()
    scene = stage.scene((stage.past, stage.states.normal()), (stage.settled, fault), (after, kept))
    what = {
        "hold": "holds its last value for an hour when data end",
        "fire": "fires without data",
        "quiet": "ends with its data",
    }
    yield scene.test(what[stage.alert.missing], (scene.ends[1],))
    if sided:
        before = stage.states.at(main.bound if main.op in (">", "<") else main.off(MARGINS[1], beyond=False))
        scene = stage.scene((stage.past, stage.states.normal()), (stage.settled, before), (after, kept))
        if not scene.turns():
            halfway = scene.ends[1] + stage.steps(LOOKBACK + stage.alert.window + stage.alert.hold) + 2
            yield scene.test("stays quiet when data end just before its bound", (scene.ends[1], halfway))


def _reset(stage: Stage) -> Iterator[UnitTest]:
    """Counters begin anew, as after a restart: neither does it fire nor does it stop."""
    normal, fault = stage.states.normal(), stage.states.fault()
    if not any(flow.kind == "rising" for flow in fault.values()) or stage.states.relative:
        return
    scene = stage.scene(
        (stage.past, normal), (stage.settled, _anew(normal)), (stage.settled, fault), (stage.settled, _anew(fault))
    )
    if not scene.fires_in(0) and not scene.fires_in(1) and scene.fires_in(2) and scene.fires_in(3):
        yield scene.test("is not misled when counters begin anew", (scene.ends[1], scene.ends[2] + 1))


def _arms(stage: Stage) -> Iterator[UnitTest]:
    """One of several conditions is not as it must be. Where bystanders would make it so after all, there are none."""
    for title, inputs in stage.states.arms():
        for played in (stage.among, stage.scene):
            scene = played((stage.past, stage.states.normal()), (stage.past + stage.settled, inputs))
            fires = scene.fires_in(1)
            if fires == title.endswith("alone"):
                yield scene.test(f"{title} {'fires' if fires else 'stays quiet'}", scene.ends)
                break
    for arm in stage.states.parts[1]:
        if arm.op != "and" or arm.side is None or arm.side.op in ("==", "!="):
            continue
        levels = [arm.side.off(MARGINS[1], beyond=False), arm.side.bound, arm.side.off(MARGINS[1], beyond=True)]
        scene = stage.scene(*((stage.past + stage.settled, stage.states.arm_at(arm, level)) for level in levels))
        if not scene.fires_in(0) and scene.fires_in(2):
            yield scene.test("before, at and beyond the bound of its other condition", scene.ends)


def _instead(stage: Stage) -> Iterator[UnitTest]:
    """The series before an `or` within the value have never been there: what stands after it is judged in their stead."""
    for node in walk(stage.states.parts[0].value):
        if not isinstance(node, Binary) or node.op != "or":
            continue
        first = {selector.name for selector in selectors(node.left)}
        left = {one: flow for one, flow in stage.states.fault().items() if one.metric not in first}
        scene = stage.among((stage.past + stage.settled, left))
        if scene.fires_in(0):
            yield scene.test("fires where its first series have never been", scene.ends)


def _becomes_usual(stage: Stage) -> Iterator[UnitTest]:
    """What lasts longer than the past it is measured by is no fault any more."""
    if not stage.states.relative or stage.states.bent or not stage.alert.window:
        return
    scene = stage.scene((stage.past, stage.states.normal()), (stage.past + stage.settled, stage.states.fault()))
    if scene.turns() and not scene.fires_in(1):
        yield scene.test("ends when the fault is as old as its past")


def _anew(inputs: Inputs) -> Inputs:
    return {one: flow._replace(reset=True) if flow.kind == "rising" else flow for one, flow in inputs.items()}
