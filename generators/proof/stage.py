"""What all tests of one alert share. In: the Plan and an alert whose inputs can be derived. Out: a Stage: how coarse its tests may be,
how long their phases must be, and the bystanders and decoys in them. Raises Underivable where nothing shows it firing or quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property

from generators.plan import Alert, Plan
from generators.promql import longest_lookback, parse
from generators.promql.syntax import Duration
from generators.promql.walk import ranges, selectors
from generators.proof.flows import BETWEEN_STEPS, Inputs, Phase
from generators.proof.scenes import Scene
from generators.proof.sides import taken_apart
from generators.proof.states import States
from generators.proof.trees import Underivable

STEPS = (5, 10, 15, 20, 30, 60, 90, 120, 150, 180, 240)
"""Seconds between samples: below five minutes, further than which an instant query does not look back."""


STRENGTHS = (Decimal(1), Decimal(4), Decimal(16))
"""How much worse a fault gets until the alert is sure to fire."""


class Stage:
    """One alert, with the step of its tests, the lengths of their phases and the series that stand beside it in all of them."""

    def __init__(self, plan: Plan, alert: Alert, target: Mapping[str, str]) -> None:
        self.plan, self.alert, self.target = plan, alert, target

    @cached_property
    def states(self) -> States:
        """Inputs in each state."""
        return self._begun[0]

    @property
    def settled(self) -> int:
        """Samples until a change has come through."""
        return self._begun[1]

    @cached_property
    def _begun(self) -> tuple[States, int, Scene]:
        """How strong a fault must be, and how long it must last, for the alert to fire. What is measured by its own past soon forgets,
        and changes that are counted pass: those faults are looked at earlier."""
        main, _ = taken_apart(self.alert.when)
        full, wait = self.steps(self.alert.window + self.alert.hold) + 3, self.steps(self.alert.hold) + 3
        lengths = [wait + BETWEEN_STEPS * (int(main.bound) + 2)] if main.counts else [full, (full + wait) // 2, wait]
        for strength in STRENGTHS:
            states = States(self.plan.contract, self.alert, self.target, strength=strength)
            for length in lengths:
                life = self._life(states, {}, length, {})
                if life.fires_in(1) and not life.fires_in(0):
                    return states, length, life
        raise Underivable("inputs that should make it fire do not, or it fires in the normal state")

    @cached_property
    def step(self) -> int:
        """The coarsest step at which every range holds four samples (where changes are counted, four for each) and every wait two,
        whole numbers of them."""
        alert, main = self.alert, taken_apart(self.alert.when)[0]
        least = 4 * (int(main.bound) + 3) if main.counts else 4
        tree = parse(alert.when)
        spans = [int(node.range.seconds) for node in ranges(tree) if isinstance(node.range, Duration)]
        spans += [alert.enough.over] if alert.enough else []
        waits = [seconds for seconds in (alert.hold, alert.keep_firing) if seconds]
        whole = [*spans, *waits, *(int(one.offset.seconds) for one in selectors(tree) if isinstance(one.offset, Duration))]
        fit = [
            step
            for step in STEPS
            if all(span >= least * step for span in spans)
            and all(wait >= 2 * step for wait in waits)
            and not any(one % step for one in whole)
        ]
        return (fit[-1] if spans or waits else 15) if fit else STEPS[0]

    def steps(self, seconds: int) -> int:
        """So long in samples, rounded up."""
        return -(-seconds // self.step)

    @cached_property
    def past(self) -> int:
        """Samples until everything that the condition looks back on is there."""
        return self.steps(int(longest_lookback(parse(self.alert.when)).seconds)) + 3

    def scene(self, *phases: tuple[int, Inputs]) -> Scene:
        """The phases with the bystanders and decoys that do not change what becomes of the alert."""
        return Scene.of(self.plan, self.alert, self.step, [Phase(count, inputs | self.extras) for count, inputs in phases])

    def alone(self, *phases: tuple[int, Inputs]) -> Scene:
        """The phases with nothing beside them."""
        return Scene.of(self.plan, self.alert, self.step, [Phase(count, inputs) for count, inputs in phases])

    @cached_property
    def extras(self) -> Inputs:
        """Bystanders and decoys, as far as they really leave the alert alone."""
        alone = self._begun[2]
        own = {one for inputs in (self.states.fault(), self.states.normal()) for one in inputs}
        offered = [{one: flow for one, flow in some.items() if one not in own} for some in self._others()]
        found: Inputs = {one: flow for more in offered for one, flow in more.items()}
        if self.life(found).courses_alike(alone):
            return found
        found = {}
        for more in filter(None, offered):
            if self.life(found | more).courses_alike(alone):
                found |= more
        return found

    def _others(self) -> Iterator[Inputs]:
        for some in (self.states.bystanders, self.states.decoys):
            try:
                yield from some()
            except Underivable:
                continue

    def life(self, extra: Inputs, faults: Inputs | None = None) -> Scene:
        """All is well, the fault comes (and `faults` with it), all is well; `extra` is there all the time."""
        return self._life(self.states, extra, self.settled, faults or {})

    def _life(self, states: States, extra: Inputs, settled: int, faults: Inputs) -> Scene:
        normal, fault = states.normal() | extra, states.fault() | faults | extra
        after = self.steps(self.alert.window + self.alert.keep_firing) + 3
        phases = [Phase(self.past, normal), Phase(settled, fault), Phase(after, normal)]
        return Scene.of(self.plan, self.alert, self.step, phases)
