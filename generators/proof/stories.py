"""The tests of one alert, each a short story: a fault comes and goes; the value creeps over its bound; it comes and goes too fast;
data end; counters start anew; one of several conditions is missing; there is too little to judge on. In: the Plan and an alert whose
inputs can be derived. Out: UnitTests. Raises Underivable where no story shows it firing or quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from generators.ir.tests import UnitTest
from generators.plan import Alert, Plan
from generators.promql import longest_lookback, parse
from generators.promql.syntax import Duration
from generators.promql.walk import ranges, selectors
from generators.proof.flows import Flow, Inputs, Key, Phase
from generators.proof.inputs import TOTAL
from generators.proof.lifecycle import HOLD
from generators.proof.meaning.columns import LOOKBACK, Unforeseen
from generators.proof.meaning.evaluate import vector
from generators.proof.scenes import Scene
from generators.proof.states import States
from generators.proof.trees import Underivable

STEPS = (5, 10, 15, 20, 30, 60, 90, 120, 150, 180, 240)
"""Seconds between samples: below five minutes, further than which an instant query does not look back."""

MARGINS = (Decimal("0.01"), Decimal("0.05"), Decimal("0.2"))
"""How near to its bound a value is brought: as near as it can and still be certain."""

EXACT = (TOTAL, Decimal(100), Decimal(80), Decimal(320), Decimal(1000))
"""Totals of which one makes a share come out exactly, to the last bit."""


@dataclass(frozen=True)
class Stories:
    """All tests of one alert, at one step."""

    plan: Plan
    alert: Alert
    target: Mapping[str, str]

    @cached_property
    def states(self) -> States:
        return States(self.plan.contract, self.alert, self.target)

    @cached_property
    def step(self) -> int:
        """The coarsest step at which every range holds four samples and every wait two, whole numbers of them."""
        alert = self.alert
        tree = parse(alert.when)
        spans = [int(node.range.seconds) for node in ranges(tree) if isinstance(node.range, Duration)]
        spans += [alert.enough.over] if alert.enough else []
        waits = [seconds for seconds in (alert.hold, alert.keep_firing) if seconds]
        whole = [*spans, *waits, *(int(one.offset.seconds) for one in selectors(tree) if isinstance(one.offset, Duration))]
        fit = [
            step
            for step in STEPS
            if all(span >= 4 * step for span in spans) and all(wait >= 2 * step for wait in waits) and not any(one % step for one in whole)
        ]
        return (fit[-1] if spans or waits else 15) if fit else STEPS[0]

    def steps(self, seconds: int) -> int:
        """So long in samples, rounded up."""
        return -(-seconds // self.step)

    @cached_property
    def past(self) -> int:
        """Samples until everything that the condition looks back on is there."""
        return self.steps(int(longest_lookback(parse(self.alert.when)).seconds)) + 3

    @cached_property
    def settled(self) -> int:
        """Samples until a change has come through: the window is full of it, and `for` is over."""
        return self.steps(self.alert.window + self.alert.hold) + 3

    def scene(self, *phases: tuple[int, Inputs]) -> Scene:
        """The phases with the bystanders and decoys that do not change what becomes of the alert."""
        return Scene.of(self.plan, self.alert, self.step, [Phase(count, inputs | self.extras) for count, inputs in phases])

    @cached_property
    def extras(self) -> Inputs:
        """Bystanders and decoys, as far as they really leave the alert alone."""
        found: Inputs = {}
        plain = self._life({})
        if not plain.fires_in(1) or plain.fires_in(0):
            raise Underivable("inputs that should make it fire do not, or it fires in the normal state")
        own = {one for inputs in (self.states.fault(), self.states.normal()) for one in inputs}
        for some in self._others():
            more = {one: flow for one, flow in some.items() if one not in own}
            if more and self._life(found | more).courses_alike(plain):
                found |= more
        return found

    def _others(self) -> Iterator[Inputs]:
        for some in (self.states.bystanders, self.states.decoys):
            try:
                yield from some()
            except Underivable:
                continue

    def _life(self, extra: Inputs) -> Scene:
        normal, fault = self.states.normal() | extra, self.states.fault() | extra
        phases = [Phase(self.past, normal), Phase(self.settled, fault), Phase(self.steps(self.alert.window + self.alert.keep_firing) + 3, normal)]
        return Scene.of(self.plan, self.alert, self.step, phases)

    def tests(self) -> Iterator[UnitTest]:
        """Every story that this alert has."""
        yield self._begins_and_ends()
        yield from self._bound()
        yield from self._flaps()
        yield from self._gone()
        yield from self._reset()
        yield from self._arms()
        if self.alert.enough:
            yield from self._too_little()

    def _begins_and_ends(self) -> UnitTest:
        scene = self._life(self.extras)
        others = list(self.states.others())
        if others:
            both = {one: flow for inputs in others for one, flow in inputs.items()}
            scene = self._life(self.extras | both)
        return scene.test("begins, fires after its time, and ends", (scene.ends[1],))

    def _bound(self) -> Iterator[UnitTest]:
        main, _ = self.states.parts
        if main.op in ("==", "!="):
            return
        for margin in MARGINS:
            before = main.off(margin, beyond=False)
            levels = [before, *self._exactly, main.off(margin, beyond=True)]
            names = ["before", *(["at"] if self._exactly else []), "beyond"]
            if before < 0 <= main.bound and not self.states.relative:
                levels, names = levels[1:], names[1:]
            try:
                scene = self.scene((self.past, self.states.normal()), *((self.settled, self._level(level)) for level in levels))
            except Underivable:
                continue
            quiet = [at for at, name in enumerate(names, 1) if name == "before" or (name == "at" and main.op in (">", "<"))]
            if scene.fires_in(len(levels)) and not any(scene.fires_in(at) for at in (0, *quiet)):
                yield scene.test("just before, at and just beyond its bound", scene.ends)
                return

    def _level(self, value: Decimal) -> Inputs:
        main, _ = self.states.parts
        states = replace(self.states, total=self._total) if value == main.bound else self.states
        return states.at(value)

    @cached_property
    def _total(self) -> Decimal:
        """A total with which the value comes out exactly at its bound; 0 where none does."""
        main, _ = self.states.parts
        for total in EXACT:
            states = replace(self.states, total=total)
            try:
                scene = Scene.of(self.plan, self.alert, self.step, [Phase(self.past, states.at(main.bound))])
            except (Underivable, Unforeseen):
                return Decimal(0)
            columns = vector(main.value, scene.play.store).values()
            if any(column[-1] == float(main.bound) for column in columns):
                return total
        return Decimal(0)

    @property
    def _exactly(self) -> list[Decimal]:
        main, _ = self.states.parts
        return [main.bound] if not main.counts and self._total and not (self.states.relative and main.bound == 0) else []

    def _flaps(self) -> Iterator[UnitTest]:
        """The fault comes and goes, each time for less than `for`."""
        if not self.alert.hold:
            return
        wait = self.steps(self.alert.hold)
        for length in (wait, wait - self.steps(self.alert.window) * 2 // 3, wait // 2, 1):
            if length < 1:
                continue
            calm = self.past if self.alert.window else max(2, wait // 2)
            cycle = ((length, self.states.fault()), (calm, self.states.normal()))
            try:
                scene = self.scene((self.past, self.states.normal()), *cycle, *cycle)
            except (Underivable, Unforeseen):
                return
            if not scene.turns() and any(value is not None for course in scene.courses for value in course.values):
                yield scene.test("crossed back and forth within its time stays quiet", (scene.ends[1], scene.ends[3]))
                break
        yield from self._bridged()

    def _bridged(self) -> Iterator[UnitTest]:
        """The fault is gone for less than `keep_firing_for`, and comes again."""
        gap = self.steps(self.alert.keep_firing) - self.steps(self.alert.window) - 2
        if gap < 1:
            return
        fault, normal = self.states.fault(), self.states.normal()
        scene = self.scene((self.past, normal), (self.settled, fault), (gap, normal), (self.settled, fault), (1, normal))
        if scene.fires_in(2):
            yield scene.test("keeps firing while the fault comes and goes", (scene.ends[2], scene.ends[3]))

    def _gone(self) -> Iterator[UnitTest]:
        """The data end while it fires."""
        if not self.states.fault():
            return
        wait = {"hold": HOLD, "fire": LOOKBACK, "quiet": 0}[self.alert.missing]
        after = self.steps(wait + self.alert.window + self.alert.hold + self.alert.keep_firing) + 4
        kept: Inputs = {}
        if self.alert.enough and self.alert.missing == "hold":
            name = self.alert.enough.selector.partition("{")[0]
            kept = {one: flow for one, flow in self.states.fault().items() if one.metric == name}
        scene = Scene.of(
            self.plan,
            self.alert,
            self.step,
            [Phase(self.past, self.states.normal()), Phase(self.settled, self.states.fault()), Phase(after, kept)],
        )
        what = {"hold": "holds its last value for an hour when data end", "fire": "fires without data", "quiet": "ends with its data"}
        yield scene.test(what[self.alert.missing], (scene.ends[1],))

    def _reset(self) -> Iterator[UnitTest]:
        """Counters begin anew, as after a restart: neither does it fire nor does it stop."""
        normal, fault = self.states.normal(), self.states.fault()
        if not any(flow.kind == "rising" for flow in fault.values()) or self.states.relative:
            return
        scene = self.scene(
            (self.past, normal), (self.settled, _anew(normal)), (self.settled, fault), (self.settled, _anew(fault))
        )
        if not scene.fires_in(0) and not scene.fires_in(1) and scene.fires_in(2) and scene.fires_in(3):
            yield scene.test("is not misled when counters begin anew", (scene.ends[1], scene.ends[2] + 1))

    def _arms(self) -> Iterator[UnitTest]:
        for title, inputs in self.states.arms():
            scene = self.scene((self.past, self.states.normal()), (self.past + self.settled, inputs))
            fires = scene.fires_in(1)
            if fires == title.endswith("alone"):
                yield scene.test(f"{title} {'fires' if fires else 'stays quiet'}", scene.ends)

    def _too_little(self) -> Iterator[UnitTest]:
        """Everything is as when it fires, and a little less is counted than the guard asks for; then a little more."""
        guard = self.alert.enough
        assert guard is not None
        less, more = (self._counting(guard.at_least * share / guard.over) for share in (Decimal("0.98"), Decimal("1.02")))
        long = self.steps(guard.over + self.alert.window + self.alert.hold) + 3
        nothing: Inputs = dict(self.extras)
        scene = self.scene((3, nothing), (long, less), (long, more))
        if not scene.fires_in(1) and scene.fires_in(2):
            yield scene.test("on too little stays quiet, and fires on just enough", (scene.ends[1],))
        if any(one.metric != guard.selector.partition("{")[0] for one in self.states.fault()):
            yield from self._just_enough()

    def _just_enough(self) -> Iterator[UnitTest]:
        """Exactly as much as the guard asks for, all at once; and later it is forgotten."""
        guard = self.alert.enough
        assert guard is not None
        wait, burst = self.settled + 2, 4
        first, rest = (self._counting(guard.at_least * share / (burst * self.step)) for share in (Decimal("0.75"), Decimal("0.25")))
        still = self._counting(Decimal(0))
        scene = self.scene((1, still), (burst, first), (wait, still), (burst, rest), (wait, still), (self.steps(guard.over) + wait, still))
        if not scene.fires_in(2) and scene.fires_in(4) and not scene.fires_in(5):
            yield scene.test("on exactly enough fires, until that is forgotten", (scene.ends[2], scene.ends[4]))

    def _counting(self, pace: Decimal) -> Inputs:
        """The fault, with the guard's counter rising at this pace a second, all its series together."""
        assert self.alert.enough is not None
        name = self.alert.enough.selector.partition("{")[0]
        fault = self.states.fault()
        counted: dict[Key, Decimal] = {one: flow.value for one, flow in fault.items() if one.metric == name}
        all_of = sum(counted.values(), Decimal(0))
        return fault | {one: Flow(value * pace / all_of, "rising") for one, value in counted.items()}


def _anew(inputs: Inputs) -> Inputs:
    return {one: replace(flow, reset=True) if flow.kind == "rising" else flow for one, flow in inputs.items()}

