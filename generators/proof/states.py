"""The states in which an alert's inputs can be. In: an alert of the Plan and the contract. Out: inputs in which all is well, in which
the fault is there, at any distance from the bound; and for each arm of `and`, `or`, `unless` inputs in which that arm alone
decides. Raises Underivable where the condition has no plain inverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property

from generators.ir.contract import Contract
from generators.plan import Alert
from generators.promql import parse
from generators.promql.syntax import NANOSECONDS, Aggregation, Binary, Call, Duration, MatrixSelector, VectorSelector
from generators.promql.walk import selectors, walk
from generators.proof.flows import Flow, Inputs
from generators.proof.inputs import TOTAL, Inverse
from generators.proof.meaning.operators import COMPARISONS
from generators.proof.sides import Arm, Side, taken_apart
from generators.proof.trees import Underivable, bare, filtered, listed, literal
from generators.record import replace

SOON = 10
"""Seconds within which a test counts twice what a guard asks for, though it may look back over days: a day of samples proves no more."""


class States:
    """Inputs of one alert. `target` are the labels of the first service it watches."""

    def __init__(
        self, contract: Contract, alert: Alert, target: Mapping[str, str], total: Decimal = TOTAL, strength: Decimal = Decimal(1)
    ) -> None:
        self.contract, self.alert, self.target, self.total, self.strength = contract, alert, target, total, strength

    def of(self, total: Decimal | None) -> States:
        """The same of another whole, if one is named."""
        if total in (None, self.total):
            return self
        return States(self.contract, self.alert, self.target, total or TOTAL, self.strength)

    @cached_property
    def parts(self) -> tuple[Side, tuple[Arm, ...]]:
        return taken_apart(self.alert.when)

    @cached_property
    def inverse(self) -> Inverse:
        return Inverse(self.contract, self.target, self.total)

    @cached_property
    def usual(self) -> Decimal:
        """A value at which all is well, far from the bound; what is measured by its own past is as it was."""
        main, _ = self.parts
        if main.counts:
            return Decimal(0)
        if self.relative and isinstance(main.value, Binary):
            return Decimal(1)
        if self.relative and not COMPARISONS[main.op](float(self.total), float(main.bound)):
            return self.total
        return self._far(main, beyond=False)

    @cached_property
    def bent(self) -> bool:
        """Whether the value is a straight line's, drawn through the past."""
        return any(isinstance(node, Call) and node.function in ("predict_linear", "deriv") for node in walk(self.parts[0].value))

    def crossing(self, at: int) -> Inputs:
        """The fault's straight lines, such that their value is at its bound after so many seconds: they rise or fall by one a second, so
        that this may hold to the last bit. Raises Underivable."""
        main, _ = self.parts
        calls = (node for node in walk(main.value) if isinstance(node, Call) and node.function == "predict_linear")
        ahead = next((literal(call.args[1]) for call in calls), None)
        by_itself = isinstance(bare(main.value), Binary)
        if ahead is None or (by_itself and main.bound == 1):
            raise Underivable("no such line crosses its bound")
        steep = Decimal(-1 if main.op in ("<", "<=") else 1)
        base = steep * (ahead / (main.bound - 1) - at) if by_itself else main.bound - steep * (ahead + at)
        line = Flow(steep, "sloping", base)
        return {one: line if flow.kind == "sloping" else flow for one, flow in self.fault().items()}

    @cached_property
    def relative(self) -> bool:
        """Whether the value is measured by its own past."""
        main, _ = self.parts
        past = any(selector.offset is not None for selector in selectors(main.value))
        ratio = bare(main.value)
        over = isinstance(ratio, Binary) and any(
            isinstance(node, Call) and node.function.endswith("_over_time") for node in walk(ratio.right)
        )
        return self.bent or past or over

    @cached_property
    def shared(self) -> bool:
        """Whether the value is a share of a whole."""
        ratio = bare(self.parts[0].value)
        return isinstance(ratio, Binary) and ratio.op == "/" and not self.relative

    def _far(self, side: Side, *, beyond: bool) -> Decimal:
        share = self.alert.unit == "ratio" and 0 <= side.bound < 1 and side.op not in ("==", "!=") and not self.relative
        up = (side.op in (">", ">=")) == beyond
        if share:
            return side.bound + (1 - side.bound) / 2 if up else side.bound / 2
        if side.op in ("==", "!=") or side.counts or side.bound:
            value = side.off(Decimal("0.5") * (self.strength if beyond else 1), beyond=beyond)
            return value + 1 if side.counts and up and beyond else value
        return side.off(self.strength, beyond=beyond) if beyond or up else side.bound

    def normal(self, inverse: Inverse | None = None) -> Inputs:
        """All is well: by the value, or by the arm where the value alone cannot tell."""
        return self._normal if inverse is None else self._well(inverse)

    @cached_property
    def _normal(self) -> Inputs:
        return self._well(None)

    def _well(self, inverse: Inverse | None) -> Inputs:
        _, arms = self.parts
        telling = next((arm for arm in arms if arm.op == "unless"), None)
        if telling is not None:
            return self._with(self.main(self.fault_value, inverse), inverse, {telling: True})
        return self._with(self.main(self.usual, inverse), inverse, {})

    @cached_property
    def fault_value(self) -> Decimal:
        return self._far(self.parts[0], beyond=True)

    def fault(self, inverse: Inverse | None = None) -> Inputs:
        """The fault is there, beyond doubt."""
        return self._fault if inverse is None else self.at(self.fault_value, inverse)

    @cached_property
    def _fault(self) -> Inputs:
        return self.at(self.fault_value)

    def at(self, value: Decimal, inverse: Inverse | None = None) -> Inputs:
        """The first comparison's value is this, and no arm is in its way."""
        return self._with(self.main(value, inverse), inverse, {})

    @cached_property
    def least(self) -> Decimal | None:
        """What the whole of a ratio must exceed to be judged by; None where nothing is asked for."""
        ratio = bare(self.parts[0].value)
        return filtered(ratio.right) if isinstance(ratio, Binary) and ratio.op == "/" else None

    def thin(self, whole: Decimal, value: Decimal, labels: Mapping[str, str] | None = None) -> Inputs:
        """The value, in a whole of exactly so much. Where the part is no part of nothing, there is one all the same."""
        inverse = replace(self.inverse, total=whole, exactly=True).forcing(labels or {})
        inputs = self._with(self.main(value, inverse), inverse, {})
        if whole:
            return inputs
        own = {selector.name for selector in selectors(bare(self.parts[0].value).left)}  # type: ignore[union-attr]
        other = {selector.name for selector in selectors(bare(self.parts[0].value).right)}  # type: ignore[union-attr]
        return {one: flow._replace(value=self.total) if one.metric in own - other else flow for one, flow in inputs.items()}

    def arms(self) -> Iterator[tuple[str, Inputs]]:
        """For each arm inputs in which it alone decides: the rest says what it says when the alert fires (or, of `or`, does not)."""
        main, arms = self.parts
        for number, arm in enumerate(arms, 1):
            which = "its other condition" if len(arms) == 1 else f"its condition {number + 1}"
            if arm.op == "and":
                yield f"without {which}", self._with(self.main(self.fault_value, None), None, {arm: False})
            elif arm.op == "or":
                yield f"by {which} alone", self._with(self.main(self.usual, None), None, {arm: True})
            else:
                yield "without its first condition", self._with(self.main(self._far(main, beyond=False), None), None, {})

    def arm_at(self, arm: Arm, value: Decimal) -> Inputs:
        """The fault, with the value of an arm's comparison at this."""
        assert arm.side is not None
        others = self._with(self.main(self.fault_value, None), None, {arm: False})
        own = self._arm(arm, self.inverse, holds=False)
        return {one: flow for one, flow in others.items() if one not in own} | self.inverse.reach(arm.side.value, value)

    def others(self) -> Iterator[Inputs]:
        """The fault in series of every further value that a matcher lists, where no aggregation takes them together."""
        main, _ = self.parts
        if any(isinstance(node, Aggregation) for node in walk(main.value)):
            return
        for selector in selectors(main.value):
            for label, values in listed(selector, "=~"):
                yield from (self.fault(self.inverse.forcing({label: value})) for value in values[1:])
            return

    def main(self, value: Decimal, inverse: Inverse | None) -> Inputs:
        """The first comparison's value is this."""
        return (inverse or self.inverse).reach(self.parts[0].value, value)

    def _with(self, main: Inputs, inverse: Inverse | None, wanted: Mapping[Arm, bool]) -> Inputs:
        """The first comparison's inputs with every arm as it must be for the alert to fire, or as `wanted`; and enough to judge on."""
        inputs = dict(main)
        for arm in self.parts[1]:
            inputs = _together(inputs, self._arm(arm, inverse or self.inverse, wanted.get(arm, arm.op == "and")))
        if self.alert.enough is None:
            return inputs
        counter = parse(self.alert.enough.selector)
        assert isinstance(counter, VectorSelector)
        if any(one.metric == counter.name for one in inputs):
            return inputs
        pace = self.alert.enough.at_least * 2 / Decimal(min(self.alert.enough.over, SOON))
        paced = Call("rate", (MatrixSelector(counter, Duration(self.alert.enough.over * NANOSECONDS)),))
        return inputs | (inverse or self.inverse).reach(Aggregation("sum", paced, self.alert.enough.by), pace)

    def _arm(self, arm: Arm, inverse: Inverse, holds: bool) -> Inputs:
        if arm.side is None:
            return inverse.present(arm.tree) if holds else {}
        own = {selector.name for selector in selectors(self.parts[0].value)}
        shared = any(selector.name in own for selector in selectors(arm.tree))
        return replace(inverse, alone=shared).reach(arm.side.value, self._far(arm.side, beyond=holds))


def _together(one: Inputs, other: Inputs) -> Inputs:
    """Both; where they would be the same series, the second's are of another instance."""
    if not set(one) & set(other):
        return one | other
    return one | {
        series.altered(instance=f"{dict(series.labels).get('instance', 'instance')}-too"): it for series, it in other.items()
    }
