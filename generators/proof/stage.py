"""What all tests of one alert share. In: the Plan and an alert whose inputs can be derived. Out: a Stage: how coarse its tests may be,
how long their phases must be, and the bystanders and decoys in them. Raises Underivable where nothing shows it firing or quiet."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property

from generators.plan import Alert, Plan
from generators.promql import longest_lookback, parse
from generators.promql.syntax import Duration
from generators.promql.walk import ranges, selectors
from generators.proof.crowd import crowd
from generators.proof.flows import BETWEEN_STEPS, Inputs, Phase
from generators.proof.scenes import Scene
from generators.proof.sides import taken_apart
from generators.proof.states import States
from generators.proof.trees import Underivable
from generators.proof.words import Words

STEPS = (5, 10, 15, 20, 30, 60, 90, 120, 150, 180, 240)
"""Seconds between samples: below five minutes, further than which an instant query does not look back."""


STRENGTHS = (Decimal(1), Decimal(4), Decimal(16))
"""How much worse a fault gets until the alert is sure to fire."""


class Stage:
    """One alert, with the step of its tests, the lengths of their phases and the series that stand beside it. A fault has a `strength`
    and lasts for `settled` samples; without a word, that is until everything an alert waits for is over."""

    def __init__(
        self, plan: Plan, alert: Alert, target: Mapping[str, str], strength: Decimal = STRENGTHS[0], settled: int = 0
    ) -> None:
        self.plan, self.alert, self.target, self.words = plan, alert, target, Words(plan, alert)
        self.states = States(plan.contract, alert, target, strength=strength)
        self.settled = settled or self._lengths[0]

    def surer(self) -> Stage:
        """How strong a fault must be, and how long it must last, for the alert to fire. What is measured by its own past soon forgets:
        such faults are looked at earlier. Raises Underivable."""
        for strength in STRENGTHS:
            for length in self._lengths:
                stage = Stage(self.plan, self.alert, self.target, strength, length)
                if stage.alone.fires_in(1) and not stage.alone.fires_in(0):
                    return stage
        raise Underivable("inputs that should make it fire do not, or it fires in the normal state")

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        """Samples until a change has come through: windows and `for`; less; `for` alone. Changes that are counted pass."""
        main, _ = taken_apart(self.alert.when)
        full, wait = self.steps(self.alert.window + self.alert.hold) + 3, self.steps(self.alert.hold) + 3
        return (wait + BETWEEN_STEPS * (int(main.bound) + 2),) if main.counts else (full, (full + wait) // 2, wait)

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
        """The phases with nothing beside them."""
        return Scene.of(self.words, self.step, [Phase(count, inputs) for count, inputs in phases])

    def among(self, *phases: tuple[int, Inputs]) -> Scene:
        """The phases among bystanders and decoys."""
        return self.scene(*((count, inputs | self.crowd) for count, inputs in phases))

    @cached_property
    def alone(self) -> Scene:
        """All is well, the fault comes, all is well."""
        return self.life({}, {})

    def life(self, extra: Inputs, faults: Inputs) -> Scene:
        """All is well, the fault comes (and `faults` with it), all is well; `extra` is there all the time."""
        normal, fault = self.states.normal() | extra, self.states.fault() | faults | extra
        return self.scene((self.past, normal), (self.settled, fault), (self.after, normal))

    @property
    def at_its_bound(self) -> bool:
        """Whether the value can be held just before and just beyond the bound: a number that is equal has no sides, a straight line's
        value moves with time, and changes pass."""
        main, _ = self.states.parts
        return main.op not in ("==", "!=") and not self.states.bent and not main.counts

    @property
    def after(self) -> int:
        """Samples until a fault that is over is forgotten."""
        return self.steps(self.alert.window + self.alert.keep_firing) + 3

    @cached_property
    def crowd(self) -> Inputs:
        """Bystanders and decoys."""
        return crowd(self.states)
