"""The life of an alert among bystanders and decoys. In: a Stage. Out: one UnitTest in which all is well, the value is just before its
bound, at it, beyond it, all is well again, the fault is there beyond doubt, and data end; or None where that cannot be told in one."""

from __future__ import annotations

from collections.abc import Iterator

from generators.ir.tests import UnitTest
from generators.proof.bounds import attempts, levels, told
from generators.proof.flows import Inputs
from generators.proof.meaning.columns import NAME
from generators.proof.scenes import Scene
from generators.proof.stage import Stage
from generators.proof.trees import Underivable

BEGINS = "begins, fires after its time, and ends"


def whole_life(stage: Stage) -> UnitTest | None:
    """The whole in one scene."""
    fault, normal = stage.states.fault(), stage.states.normal()
    crowd, faults = stage.crowd, fault | with_others(stage)
    begin, end = (stage.past, normal | crowd), [(stage.after, normal | crowd), (stage.settled, faults | crowd)]
    if stage.alert.missing == "quiet" and fault:
        end.append((stage.steps(stage.alert.window + stage.alert.hold + stage.alert.keep_firing) + 4, {}))
    for names, rising in _risings(stage):
        scene = stage.scene(begin, *((stage.settled, some | crowd) for some in rising), *end)
        fired = len(rising) + 2
        if not scene.fires_in(fired) or scene.fires_in(0) or _strange(scene, faults):
            return None
        ends = scene.ends[1 : len(rising) + 1]
        if not names or told(stage, scene, names, list(ends)):
            around = f"{' and '.join(names)} its bound: " if names else ""
            return scene.test(f"{around}{BEGINS}{' with its data' if len(end) > 2 else ''}", ends)
    return None


def with_others(stage: Stage) -> Inputs:
    """The fault in series of every further value that a matcher lists."""
    return {one: flow for inputs in stage.states.others() for one, flow in inputs.items()}


def _risings(stage: Stage) -> Iterator[tuple[list[str], list[Inputs]]]:
    """What leads to the first fault: values around the bound, each way of coming near to it; or the fault itself."""
    if not stage.at_its_bound:
        yield [], [stage.states.fault()]
        return
    for margin, total in attempts(stage):
        around = levels(stage, margin, total)
        try:
            yield [name for name, _ in around], [stage.states.of(total).at(level) for _, level in around]
        except Underivable:
            continue


def _strange(scene: Scene, faults: Inputs) -> bool:
    """Whether the condition ever holds for a bystander or a decoy."""
    known = {pair for one in faults for pair in one.labels}
    return any(pair[0] != NAME and pair not in known for course in scene.courses for pair in course.series.items())
