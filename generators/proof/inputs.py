"""Series that drive an expression to a value. In: the tree of a condition's value and the side of its bound to reach. Out: input
series in promtool's notation, or `Underivable` where the expression has no plain inverse: then the spec carries an example."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from generators.ir.contract import Contract, Metric
from generators.promql import Expr
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    VectorSelector,
)
from generators.record import dataclass

TOTAL = Decimal(100)
"""Events a second in the denominator of a derived ratio: enough for every guard against judging on too little."""

_SPARE = ("x", "ext4", "running", "other")
_WILD = {".*": "x", ".+": "x", "..": "00", ".": "0", r"\d+": "1", r"\d": "1"}


class Underivable(Exception):  # noqa: N818 - not an error: an expression without a plain inverse
    """No inputs can be derived; the message says which part has no inverse."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What one input series does: stand at `value`, or rise by `value` a second when `rising`."""

    value: Decimal
    rising: bool

    def notation(self, interval: int, samples: int) -> str:
        """promtool's notation over `samples` steps of `interval` seconds."""
        if self.rising:
            return f"0+{self.value * interval:f}x{samples}"
        return f"{self.value:f}x{samples}"


Inputs = dict[str, Flow]


@dataclass(frozen=True, slots=True)
class Inverse:
    """How to invert expressions over one contract, for series that carry the `target` labels."""

    contract: Contract
    target: Mapping[str, str]

    def reach(self, tree: Expr, value: Decimal) -> Inputs:
        """Inputs under which the tree has this value. Raises Underivable."""
        if isinstance(tree, Paren):
            return self.reach(tree.expr, value)
        if isinstance(tree, VectorSelector):
            return {self.series(tree): Flow(value, rising=False)}
        if isinstance(tree, Call):
            return self._call(tree, value)
        if isinstance(tree, Aggregation) and tree.op in ("sum", "max", "min", "avg"):
            return self.reach(tree.expr, value)
        if isinstance(tree, Binary):
            return self._binary(tree, value)
        raise Underivable(f"{type(tree).__name__} has no plain inverse")

    def _call(self, call: Call, value: Decimal) -> Inputs:
        argument = call.args[0] if call.args else None
        if call.function == "vector" and isinstance(argument, NumberLiteral):
            return {}
        if not isinstance(argument, MatrixSelector) or not isinstance(argument.range, Duration):
            raise Underivable(f"{call.function}() has no plain inverse")
        if call.function in ("rate", "irate"):
            return {self.series(argument.selector): Flow(value, rising=True)}
        if call.function == "increase":
            return {self.series(argument.selector): Flow(value / Decimal(int(argument.range.seconds)), rising=True)}
        if call.function in ("avg_over_time", "max_over_time", "min_over_time", "last_over_time"):
            return {self.series(argument.selector): Flow(value, rising=False)}
        raise Underivable(f"{call.function}() has no plain inverse")

    def _binary(self, tree: Binary, value: Decimal) -> Inputs:
        if tree.op == "/":
            return self._ratio(tree, value)
        if tree.op == ">" and isinstance(tree.right, NumberLiteral):
            return self.reach(tree.left, value)
        raise Underivable(f"'{tree.op}' has no plain inverse")

    def _ratio(self, tree: Binary, value: Decimal) -> Inputs:
        """The whole stands at TOTAL; where the part is counted in the whole, the rest makes up the difference."""
        part, whole = self.reach(tree.left, value * TOTAL), self.reach(tree.right, TOTAL)
        metrics = {series.partition("{")[0] for series in part}
        if metrics != {series.partition("{")[0] for series in whole}:
            return part | whole
        if value > 1:
            raise Underivable("a part cannot exceed its whole")
        if set(part) == set(whole):
            raise Underivable("part and whole read the same series")
        return part | {series: Flow(flow.value * (1 - value), flow.rising) for series, flow in whole.items()}

    def series(self, selector: VectorSelector) -> str:
        """One series that the selector matches, in promtool's notation."""
        metric = self.contract.by_series.get(selector.name)
        if metric is None or selector.offset is not None:
            raise Underivable(f"{selector.name or 'a nameless selector'} is no plain selector of the contract")
        labels = dict(self.target) | {label: self._value(metric, label, ()) for label in metric.labels}
        for label in {matcher.name for matcher in selector.matchers}:
            matchers = tuple(matcher for matcher in selector.matchers if matcher.name == label)
            labels[label] = self._value(metric, label, matchers)
        return written(selector.name, labels)

    def _value(self, metric: Metric, label: str, matchers: tuple[Matcher, ...]) -> str:
        own = self.target.get(label, "")
        offered = [own] if label in self.target else [*metric.values.get(label, ()), *_SPARE]
        offered += [matcher.value for matcher in matchers if matcher.op == "="]
        for matcher in matchers:
            if matcher.op == "=~":
                offered += [_sample(one) for one in matcher.value.split("|")]
        for candidate in offered:
            if all(_matches(matcher, candidate) for matcher in matchers):
                return candidate
        raise Underivable(f"no value of {label} fits {matchers}")


def written(name: str, labels: Mapping[str, str]) -> str:
    """A series in promtool's notation; empty labels are no labels."""
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if value)
    return f"{name}{{{inner}}}"


def _sample(pattern: str) -> str:
    for wild, plain in _WILD.items():
        pattern = pattern.replace(wild, plain)
    return pattern


def _matches(matcher: Matcher, value: str) -> bool:
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except re.error:
        return False
    return found == (matcher.op == "=~")
