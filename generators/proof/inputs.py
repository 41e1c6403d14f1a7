"""Series that drive an expression to a value. In: the tree of a condition's value and the value to reach. Out: inputs, or `Underivable`
where the expression has no plain inverse: then the spec carries an example. Where series are added up, averaged or compared, there
are several of them with values of their own, so that it matters how they are taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal

from generators.ir.contract import Contract, Metric
from generators.promql import Expr
from generators.promql.syntax import Aggregation, Binary, Call, Duration, Matcher, MatrixSelector, NumberLiteral, VectorSelector
from generators.promql.walk import selectors
from generators.proof.flows import Flow, FlowKind, Inputs, Key, key
from generators.proof.flows import written as written
from generators.proof.histograms import quantile_inputs
from generators.proof.meaning.columns import matches
from generators.proof.trees import Underivable, bare, filtered, listed, literal, sample
from generators.record import dataclass

TOTAL = Decimal(128)
"""Events a second in the denominator of a derived ratio: enough for every guard against judging on too little, and a power of two, so
that shares of it stay exact."""

_SPARE = ("x", "ext4", "running", "other")
_LEVELS = ("avg_over_time", "max_over_time", "min_over_time", "last_over_time")


@dataclass(frozen=True, slots=True)
class Inverse:
    """How to invert expressions over one contract, for series that carry the `target` labels. `total` is what a whole stands at,
    or more where more is asked for, unless `exactly`; `forced` are label values that series get whether or not matchers want them;
    `alone` says that one series is enough where several could be taken together. `known` are series worked out before, with the
    selectors that they are of, and `read` the selectors of trees (both held, so that no other takes their place in memory)."""

    contract: Contract
    target: Mapping[str, str]
    total: Decimal = TOTAL
    forced: Mapping[str, str] = field(default_factory=dict)
    exactly: bool = False
    alone: bool = False
    known: dict[tuple[int, tuple[str, ...]], tuple[VectorSelector, Key]] = field(default_factory=dict)
    read: dict[int, tuple[Expr, tuple[VectorSelector, ...]]] = field(default_factory=dict)

    def reach(self, tree: Expr, value: Decimal) -> Inputs:
        """Inputs under which the tree has this value. Raises Underivable."""
        inner = bare(tree)
        if isinstance(inner, VectorSelector):
            return {self.key(inner): Flow(value)}
        if isinstance(inner, Call):
            return self._call(inner, value)
        if isinstance(inner, Aggregation):
            return self._aggregation(inner, value)
        if isinstance(inner, Binary):
            return self._binary(inner, value)
        raise Underivable(f"{type(inner).__name__} has no plain inverse")

    def present(self, tree: Expr) -> Inputs:
        """Inputs under which every selector of the tree finds a series."""
        return {self.key(one): Flow(Decimal(1), self._rising(one)) for one in selectors(tree)}

    def _rising(self, selector: VectorSelector) -> FlowKind:
        metric = self.contract.by_series.get(selector.name)
        return "rising" if metric is not None and (metric.kind == "counter" or selector.name != metric.name) else "level"

    def _call(self, call: Call, value: Decimal) -> Inputs:
        argument = call.args[0] if call.args else None
        if call.function == "vector" and isinstance(argument, NumberLiteral):
            return {}
        if call.function == "histogram_quantile":
            return quantile_inputs(self, call, value)
        if not isinstance(argument, MatrixSelector) or not isinstance(argument.range, Duration):
            raise Underivable(f"{call.function}() has no plain inverse")
        one, width = self.key(argument.selector), Decimal(int(argument.range.seconds))
        if call.function in ("rate", "irate"):
            return {one: Flow(value, "rising")}
        if call.function == "increase":
            return {one: Flow(value / width, "rising")}
        if call.function in _LEVELS:
            return {one: Flow(value)}
        if call.function == "changes":
            return {one: Flow(value.to_integral_value(), "steps", Decimal(100))}
        if call.function == "predict_linear" and (ahead := literal(call.args[1])):
            return {one: Flow((value - self.total) / ahead, "sloping", self.total)}
        raise Underivable(f"{call.function}() has no plain inverse")

    def _aggregation(self, tree: Aggregation, value: Decimal) -> Inputs:
        if tree.op not in ("sum", "avg", "max", "min") or tree.param is not None:
            raise Underivable(f"{tree.op}() has no plain inverse")
        variants = [{}] if self.alone else [{}, *self.variants(tree)]
        inputs: Inputs = {}
        for labels, share in zip(variants, _shares(tree.op, value, len(variants)), strict=True):
            inputs |= self.forcing(labels).reach(tree.expr, share)
        return inputs

    def forcing(self, labels: Mapping[str, str]) -> Inverse:
        """The same for series with these label values."""
        if not labels:
            return self
        forced = {**self.forced, **labels}
        return Inverse(self.contract, self.target, self.total, forced, self.exactly, self.alone, self.known, self.read)

    def _within(self, tree: Expr) -> tuple[VectorSelector, ...]:
        """The selectors of a tree."""
        found = self.read.get(id(tree))
        if found is None:
            found = self.read[id(tree)] = tree, tuple(selectors(tree))
        return found[1]

    def _names(self, tree: Expr) -> set[str]:
        return {selector.name for selector in self._within(tree)}

    def variants(self, tree: Aggregation) -> Iterator[dict[str, str]]:
        """What tells the further series of an aggregation from its first: every alternative of a matcher, and another instance."""
        inside = self._within(tree.expr)
        if tree.op == "sum":
            for selector in inside:
                first = dict(self.key(selector).labels)
                yield from (
                    {label: other} for label, others in listed(selector, "=~") for other in others if other != first[label]
                )
        free = [label for label in ("instance", *self._labels(inside)) if (label in tree.grouping) == tree.without]
        own = {matcher.name for selector in inside for matcher in selector.matchers}
        for label in free:
            if label not in own and label not in self.forced and label != "le":
                yield {label: f"{label}-b"}
                return

    def _labels(self, inside: tuple[VectorSelector, ...]) -> tuple[str, ...]:
        known = (self.contract.by_series.get(selector.name) for selector in inside)
        return tuple(label for metric in known if metric is not None for label in metric.labels)

    def _binary(self, tree: Binary, value: Decimal) -> Inputs:
        if tree.op == "/":
            return self._ratio(tree, value)
        if tree.op == "or":
            return self.present(tree.right) | self.reach(tree.left, value)
        left, right = literal(tree.left), literal(tree.right)
        if tree.op in (">", ">=") and right is not None:
            return self.reach(tree.left, value if self.exactly else max(value, right * 2))
        if tree.op == "*" and right:
            return self.reach(tree.left, value / right)
        if tree.op == "-" and left is not None:
            return self.reach(tree.right, left - value)
        measured = bare(tree.right)
        if tree.op == "-" and isinstance(bare(tree.left), Call) and isinstance(measured, VectorSelector):
            return {self.key(measured): Flow(value, "clock")}
        raise Underivable(f"'{tree.op}' has no plain inverse")

    def _ratio(self, tree: Binary, value: Decimal) -> Inputs:
        """The whole stands at `total`; where the part is counted in the whole, the rest makes up the difference."""
        total = self.total if self.exactly else max(self.total, (filtered(tree.right) or Decimal(0)) * 2)
        part, terms = self.reach(tree.left, value * total), _terms(tree.right)
        own = self._names(tree.left)
        counted = [term for term in terms if self._names(term) & own]
        others = [term for term in terms if term not in counted]
        if not counted:
            return part | self.reach(terms[0], total)
        if others:
            return part | self.reach(others[0], total * (1 - value))
        whole = self.reach(counted[0], total * (1 - value))
        if set(part) & set(whole):
            return self._relative(tree.left, part, value)
        if value > 1:
            raise Underivable("a part cannot exceed its whole")
        return part | whole

    def _relative(self, left: Expr, part: Inputs, value: Decimal) -> Inputs:
        """The part is measured by what it was before: `value` of its usual, which is `total`."""
        call = bare(left)
        if isinstance(call, Call) and call.function == "predict_linear" and (ahead := literal(call.args[1])):
            return {one: Flow((value - 1) * self.total / ahead, "sloping", self.total) for one in part}
        return part

    def key(self, selector: VectorSelector) -> Key:
        """One series that the selector matches."""
        mark = id(selector), tuple([text for pair in self.forced.items() for text in pair])
        found = self.known.get(mark)
        if found is None:
            found = self.known[mark] = selector, self._key(selector)
        return found[1]

    def _key(self, selector: VectorSelector) -> Key:
        metric = self.contract.by_series.get(selector.name)
        if metric is None:
            raise Underivable(f"{selector.name or 'a nameless selector'} is no plain selector of the contract")
        labels = dict(self.target) | {label: self._value(metric, label, ()) for label in metric.labels}
        for label in {matcher.name for matcher in selector.matchers}:
            labels[label] = self._value(metric, label, tuple(one for one in selector.matchers if one.name == label))
        for label, value in self.forced.items():
            if label in metric.labels or label in self.target or label in labels:
                labels[label] = value
        return key(selector.name, labels)

    def series(self, selector: VectorSelector) -> str:
        """The same in promtool's notation."""
        return self.key(selector).text

    def _value(self, metric: Metric, label: str, matchers: tuple[Matcher, ...]) -> str:
        own = self.target.get(label, "")
        offered = [own] if label in self.target else [*metric.values.get(label, ()), *_SPARE]
        offered += [matcher.value for matcher in matchers if matcher.op == "="]
        offered += [sample(one) for matcher in matchers if matcher.op == "=~" for one in matcher.value.split("|")]
        for candidate in (*offered, *_SPARE):
            if all(matches(matcher, candidate) for matcher in matchers):
                return candidate
        raise Underivable(f"no value of {label} fits {matchers}")


def _shares(op: str, value: Decimal, many: int) -> list[Decimal]:
    """What each of several series stands at, so that together they are `value`."""
    if many == 1:
        return [value]
    if op == "sum":
        halves = [value / 2**place for place in range(1, many - 1)]
        rest = value / 2 ** (many - 2)
        return [*halves, rest * 3 / 4, rest / 4]
    if op == "avg":
        return [value * Decimal("1.25"), value * Decimal("0.75")]
    if op == "max" and value == 1:
        return [value, Decimal(0)]  # of what is up or down, one is up and one down
    other = value / 2 if (op == "max") == (value > 0) else value * 2
    return [value, other]


def _terms(tree: Expr) -> list[Expr]:
    """What a whole is the sum of; filters around it are looked through."""
    inner = bare(tree)
    if isinstance(inner, Binary) and inner.op in (">", ">=") and literal(inner.right) is not None:
        return _terms(inner.left)
    if isinstance(inner, Binary) and inner.op == "+":
        return [*_terms(inner.left), *_terms(inner.right)]
    return [inner]
