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
from generators.proof.flows import BETWEEN_STEPS, Flow, Inputs, Key, Phase, plain
from generators.proof.inputs import TOTAL
from generators.proof.lifecycle import HOLD
from generators.proof.meaning.columns import LOOKBACK
from generators.proof.meaning.evaluate import vector
from generators.proof.scenes import Scene
from generators.proof.states import HARDLY, States
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
        """The coarsest step at which every range holds four samples (where changes are counted, four for each) and every wait two,
        whole numbers of them."""
        alert, main = self.alert, self.states.parts[0]
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

    @cached_property
    def settled(self) -> int:
        """Samples until a change has come through: the window is full of it, and `for` is over. What is measured by its own past has
        forgotten by then; so it gets no longer than `for`, as do changes that are counted."""
        longer = self.steps(self.alert.window + self.alert.hold) + 3
        main, _ = self.states.parts
        if main.counts:
            return self.steps(self.alert.hold) + BETWEEN_STEPS * (int(main.bound) + 2) + 3
        if self.states.relative and not self._life({}, longer).fires_in(1):
            return self.steps(self.alert.hold) + 3
        return longer

    def scene(self, *phases: tuple[int, Inputs]) -> Scene:
        """The phases with the bystanders and decoys that do not change what becomes of the alert."""
        return Scene.of(self.plan, self.alert, self.step, [Phase(count, inputs | self.extras) for count, inputs in phases])

    @cached_property
    def extras(self) -> Inputs:
        """Bystanders and decoys, as far as they really leave the alert alone."""
        found: Inputs = {}
        alone = self._life({}, self.settled)
        if not alone.fires_in(1) or alone.fires_in(0):
            raise Underivable("inputs that should make it fire do not, or it fires in the normal state")
        own = {one for inputs in (self.states.fault(), self.states.normal()) for one in inputs}
        for some in self._others():
            more = {one: flow for one, flow in some.items() if one not in own}
            if more and self._life(found | more, self.settled).courses_alike(alone):
                found |= more
        return found

    def _others(self) -> Iterator[Inputs]:
        for some in (self.states.bystanders, self.states.decoys):
            try:
                yield from some()
            except Underivable:
                continue

    def _life(self, extra: Inputs, settled: int) -> Scene:
        normal, fault = self.states.normal() | extra, self.states.fault() | extra
        after = self.steps(self.alert.window + self.alert.keep_firing) + 3
        phases = [Phase(self.past, normal), Phase(settled, fault), Phase(after, normal)]
        return Scene.of(self.plan, self.alert, self.step, phases)

    def tests(self) -> Iterator[UnitTest]:
        """Every story that this alert has."""
        yield self._begins_and_ends()
        yield from self._bound()
        yield from self._flaps()
        yield from self._gone()
        yield from self._reset()
        yield from self._arms()
        yield from self._thin()
        yield from self._becomes_usual()
        if self.alert.enough:
            yield from self._too_little()

    def _begins_and_ends(self) -> UnitTest:
        scene = self._life(self.extras, self.settled)
        others = list(self.states.others())
        if others:
            both = {one: flow for inputs in others for one, flow in inputs.items()}
            scene = self._life(self.extras | both, self.settled)
        return scene.test("begins, fires after its time, and ends", (scene.ends[1],))

    def _bound(self) -> Iterator[UnitTest]:
        main, _ = self.states.parts
        if main.op in ("==", "!="):
            yield from self._alone()
            return
        if self.states.bent:
            yield from self._bound_at_once()
            return
        exact = EXACT[:1] if self.states.relative else EXACT
        for margin, total in ((margin, total) for margin in MARGINS for total in (exact if margin == MARGINS[0] else (None,))):
            levels = self._levels(margin, total)
            calm = self.states.normal()
            try:
                phases = [(self.settled, replace(self.states, total=total or TOTAL).at(level)) for _, level in levels]
                between = [(self.past, calm)] if main.counts else []
                scene = self.scene((self.past, calm), *(one for phase in phases for one in (phase, *between)))
            except Underivable:
                continue
            every = 1 + len(between)
            ends = [scene.ends[1 + at * every] for at in range(len(levels))]
            if self._told(scene, [name for name, _ in levels], ends):
                yield scene.test(" and ".join(name for name, _ in levels) + " its bound", ends)
                return

    def _alone(self) -> Iterator[UnitTest]:
        """Equal is neither a little less nor a little more."""
        main, _ = self.states.parts
        if main.op == "!=" or any(selector.name == "up" for selector in selectors(main.value)):
            return  # `up` is 0 or 1 and nothing else
        levels = (main.bound - 1, main.bound + 1)
        scene = self.scene((self.past, self.states.normal()), *((self.settled, self.states.at(level)) for level in levels))
        if not scene.turns():
            yield scene.test("on less and on more than its number stays quiet", scene.ends)

    def _bound_at_once(self) -> Iterator[UnitTest]:
        """One series beyond the bound from the beginning, one before it: a straight line's value moves with time."""
        main, _ = self.states.parts
        other = self.states.inverse.forcing({"instance": "instance-before"})
        for margin in MARGINS:
            both = self.states.at(main.off(margin, beyond=True)) | self.states.at(main.off(margin, beyond=False), other)
            scene = self.scene((self.steps(self.alert.hold) + 3, both))
            if len([course for course in scene.courses if any(course.firing)]) == 1:
                yield scene.test("just beyond its bound and just before it", scene.ends)
                return

    def _levels(self, margin: Decimal, total: Decimal | None) -> list[tuple[str, Decimal]]:
        """Just before the bound, at it (if a `total` is named with which it may come out exactly) and just beyond it."""
        main, _ = self.states.parts
        levels = [("just before", main.off(margin, beyond=False)), ("just beyond", main.off(margin, beyond=True))]
        if levels[0][1] < 0 <= main.bound and not self.states.relative:
            levels = levels[1:]
        return [*levels[:-1], ("exactly at", main.bound), levels[-1]] if total is not None and not main.counts else levels

    def _told(self, scene: Scene, names: list[str], ends: list[int]) -> bool:
        """Whether the alert does at the end of each phase what its comparison says; and the bound is reached to the last bit."""
        main, _ = self.states.parts
        fires = {"just before": False, "exactly at": main.op in (">=", "<="), "just beyond": True}
        if scene.fires_in(0) or any(scene.fires(end) != fires[name] for name, end in zip(names, ends, strict=True)):
            return False
        if "exactly at" not in names:
            return True
        columns = vector(main.value, scene.play.store).values()
        at = ends[names.index("exactly at")]
        return any(column[at] == float(main.bound) for column in columns)

    def _flaps(self) -> Iterator[UnitTest]:
        """The fault comes and goes, each time for less than `for`."""
        main, _ = self.states.parts
        hardly = self.states.fault() if main.op in ("==", "!=") or self.states.relative else self.states.at(main.off(MARGINS[1], beyond=True))
        wait = self.steps(self.alert.hold)
        filled = wait + self.steps(self.alert.window)
        for length in dict.fromkeys((*range(filled - 2, filled - 6, -1), wait, wait - 1, 1)) if wait else ():
            cycle = ((length, hardly), (self.past, self.states.normal()))
            if length < 1:
                continue
            scene = self.scene((self.past, self.states.normal()), *cycle, *cycle)
            if not scene.turns() and scene.courses:
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

    def _thin(self) -> Iterator[UnitTest]:
        """A share of hardly anything: the whole is less than it must exceed, just that, and a little more."""
        states = self.states
        if states.least is None or states.bent:
            return
        wholes = [states.least * share for share in (Decimal("0.95"), Decimal(1), Decimal("1.05"))] if states.least else [Decimal(0), HARDLY]
        if states.relative:
            yield from self._thin_past(wholes)
            return
        scene = self.scene(*((self.past + self.settled, states.thin(whole, states.fault_value)) for whole in wholes))
        if not any(scene.fires_in(at) for at in range(len(wholes) - 1)):
            yield scene.test("is not judged by a whole of hardly anything", scene.ends)

    def _thin_past(self, wholes: list[Decimal]) -> Iterator[UnitTest]:
        """The same where the whole is the past: three services at once, since the past is long."""
        named = [{"service": f"service-of-{plain(whole)}"} for whole in wholes]
        before, after = (
            {one: it for whole, labels in zip(wholes, named, strict=True) for one, it in self.states.thin(whole, value, labels).items()}
            for value in (Decimal(1), self.states.fault_value)
        )
        scene = self.scene((self.past, before), (self.settled, after))
        if len([course for course in scene.courses if any(course.firing)]) == 1:
            yield scene.test("is not judged by a past of hardly anything", scene.ends)

    def _becomes_usual(self) -> Iterator[UnitTest]:
        """What lasts longer than the past it is measured by is no fault any more."""
        if not self.states.relative or self.states.bent:
            return
        scene = self.scene((self.past, self.states.normal()), (self.past + self.settled, self.states.fault()))
        if scene.turns() and not scene.fires_in(1):
            yield scene.test("ends when the fault is as old as its past")

    def _too_little(self) -> Iterator[UnitTest]:
        """Everything is as when it fires, and a little less is counted than the guard asks for; then a little more."""
        guard = self.alert.enough
        assert guard is not None
        less, just, more = (self._counting(guard.at_least * share / guard.over) for share in (Decimal("0.98"), Decimal(1), Decimal("1.02")))
        long = self.steps(guard.over + self.alert.window + self.alert.hold) + 3
        exact = guard.at_least * self.step * 1000 % guard.over == 0
        for middle in (just, more) if exact else (more,):
            scene = self.scene((3, {}), (long, less), (long, middle), (long, more))
            if not scene.fires_in(1) and scene.fires_in(2) and scene.fires_in(3):
                yield scene.test("on too little stays quiet, and fires on just enough", scene.ends[1:3])
                break
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

