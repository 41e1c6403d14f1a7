"""Faults planted into good rules: eight mistakes that people make, each where it turns a right rule into a wrong one. In: a rule that is
taken to be right. Out: the rule with one mistake in it, for every place where the operator applies.

Where a change is no fault it is left out by what stands in the rule alone, never by what a check says of it. docs/reports/planted.md
lists the operators and what each leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from generators.ir.rules import AlertingRule, Rule
from generators.mutants.tree import Spot, spots
from generators.promql import Expr, metric_names, parse, selectors, text_of
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import (
    NANOSECONDS,
    Aggregation,
    Binary,
    Call,
    Duration,
    MatrixSelector,
    NumberLiteral,
)
from generators.promql.types import bare, part_of, unfiltered

SCRAPE = 30
"""Seconds between scrapes of the repository into which faults are planted: what kube-prometheus sets for most of its targets."""
SCRAPES = 4
_RATES = frozenset({"rate", "increase", "irate"})
_QUANTILES = frozenset({"histogram_quantile"})
_EXISTENCE = frozenset({"count", "group", "absent", "absent_over_time", "present_over_time", "count_values"})
_UNIT = re.compile(r"_(seconds|milliseconds|microseconds|bytes|celsius|joules|volts|amperes)(?=_|$)")


@dataclass(frozen=True, slots=True)
class Planted:
    """A good rule with one mistake."""

    operator: str
    was: str
    now: str
    becomes: Rule


@dataclass(frozen=True, slots=True)
class Operator:
    """A mistake: what it is, and every tree it makes of a rule's tree, with the part as it was and as it is now."""

    name: str
    means: str
    changes: Callable[[Rule, Expr], Iterator[tuple[Spot, Expr]]]


def planted(rule: Rule) -> Iterator[Planted]:
    """Every fault that every operator plants into a rule; one whose expression is none of ours to read gets none."""
    tree = parse(rule.expr)
    for operator in OPERATORS:
        met: set[str] = set()
        for spot, node in operator.changes(rule, tree):
            expr = text_of(spot.put(node))
            if expr not in met and expr != text_of(tree):
                met.add(expr)
                yield Planted(operator.name, text_of(spot.part), text_of(node), replace(rule, expr=expr, written=None))


def _rate_dropped(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if not isinstance(part, Call) or part.function not in _RATES or not isinstance(part.args[0], MatrixSelector):
            continue
        # How many series there are does not depend on what they say, and a guard against 0 / 0 on nothing at all.
        if not _asked_for_existence(tree, part) and not _idle_guard(tree, part):
            yield spot, part.args[0].selector


def _asked_for_existence(tree: Expr, part: Expr) -> bool:
    around = [spot.part for spot in spots(tree) if any(inner.part is part for inner in spots(spot.part))]
    return any(getattr(node, "op", getattr(node, "function", "")) in _EXISTENCE for node in around)


def _idle_guard(tree: Expr, part: Expr) -> bool:
    """Whether a rate is only asked to be above 0 beside a quotient of a part by it, or a quantile of its own histogram: with nothing
    counted both are 0 / 0, which is NaN and above no bound, so that the alert is the same with any guard."""
    for spot in spots(tree):
        node = spot.part
        if not isinstance(node, Binary) or node.op != "and":
            continue
        for guard, guarded in ((node.right, node.left), (node.left, node.right)):
            if any(inner.part is part for inner in spots(guard)) and _above_zero(bare(guard)):
                asked = unfiltered(guard)
                if any(_nothing_of_nothing(inner.part, asked) for inner in spots(guarded)):
                    return True
    return False


def _above_zero(guard: Expr) -> bool:
    return isinstance(guard, Binary) and guard.op == ">" and isinstance(guard.right, NumberLiteral) and guard.right.value == 0


def _nothing_of_nothing(node: Expr, asked: Expr) -> bool:
    if isinstance(node, Binary) and node.op == "/" and text_of(unfiltered(node.right)) == text_of(asked):
        part = bare(node.left)
        factors = (part.left, part.right) if isinstance(part, Binary) and part.op == "*" else (part,)
        return any(part_of(factor, asked) for factor in factors)
    if isinstance(node, Call) and node.function in _QUANTILES:
        return {name.removesuffix("_bucket") for name in metric_names(node)} == {
            name.removesuffix("_count") for name in metric_names(asked)
        }
    return False


def _le_dropped(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if isinstance(part, Aggregation) and not part.without and "le" in part.grouping and not _one_bucket(part):
            yield spot, replace(part, grouping=tuple(label for label in part.grouping if label != "le"))


def _one_bucket(node: Aggregation) -> bool:
    """Whether every selector below takes buckets by their bound: then nothing is added up that should stand apart."""
    return all(any(matcher.name == "le" and matcher.op in ("=", "=~") for matcher in one.matchers) for one in selectors(node))


def _grouping_dropped(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if not isinstance(part, Binary) or part.op != "/" or part.matching is not None:
            continue
        above = bare(part.left)
        if isinstance(above, Aggregation) and above.grouping and not above.without:
            yield spot, replace(part, left=replace(above, grouping=above.grouping[1:]))


def _aggregations_dropped(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if not isinstance(part, Binary) or part.op != "/" or part.matching is not None:
            continue
        above, below = bare(part.left), bare(part.right)
        below = bare(below.left) if isinstance(below, Binary) and below.op in COMPARISONS else below
        sums = getattr(above, "op", "") == getattr(below, "op", "") == "sum"
        if isinstance(above, Aggregation) and isinstance(below, Aggregation) and sums and _same_metric(above, below):
            yield spot, replace(part, left=above.expr, right=below.expr)


def _same_metric(part: Expr, whole: Expr) -> bool:
    """Whether both sides read one metric: its series then divide by themselves, and buckets never meet counts. Series of two metrics
    may well have the same labels, and each pair its own quotient."""
    stems = [
        frozenset(name.removesuffix("_bucket").removesuffix("_count") for name in metric_names(side)) for side in (part, whole)
    ]
    return stems[0] == stems[1] and text_of(part) != text_of(whole)


def _range_shortened(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if isinstance(part, Call) and part.function in _RATES and isinstance(part.args[0], MatrixSelector):
            window = part.args[0]
            if isinstance(window.range, Duration) and window.range.seconds >= SCRAPES * SCRAPE:
                yield spot, replace(part, args=(replace(window, range=Duration(2 * SCRAPE * NANOSECONDS)),))


def _share_in_percent(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if not isinstance(part, Binary) or part.op not in ("<", ">", "<=", ">="):
            continue
        quotient, bound = bare(part.left), bare(part.right)
        if not isinstance(bound, NumberLiteral) or not isinstance(quotient, Binary) or quotient.op != "/":
            continue
        if 0 < bound.value < 1 and _units(quotient.left) == _units(quotient.right) and not _in_percent(quotient):
            yield spot, replace(part, right=replace(bound, value=round(bound.value * 100, 9)))


def _in_percent(quotient: Expr) -> bool:
    """Whether a hundred stands in it: then the bound is half a percent already."""
    return any(isinstance(spot.part, NumberLiteral) and spot.part.value == 100 for spot in spots(quotient))


def _units(expr: Expr) -> frozenset[str]:
    """The units that the names below carry; seconds by operations are a length of time, and no share."""
    return frozenset(
        found
        for name in metric_names(expr)
        for found in _UNIT.findall(name.removesuffix("_count"))
        if not name.endswith("_count")
    )


def _quantile_in_percent(_: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    for spot in spots(tree):
        part = spot.part
        if isinstance(part, Call) and part.function in _QUANTILES and isinstance(part.args[0], NumberLiteral):
            share = replace(part.args[0], value=round(part.args[0].value * 100, 9))
            # A hundred times 0.01 is 1, the largest bucket, which may be asked for.
            if part.args[0].value < 1 < share.value:
                yield spot, replace(part, args=(share, *part.args[1:]))


def _told_label_dropped(rule: Rule, tree: Expr) -> Iterator[tuple[Spot, Expr]]:
    if not isinstance(rule, AlertingRule):
        return
    text = " ".join(rule.annotations.values())
    for spot in spots(tree):
        part = spot.part
        if part is unfiltered(tree) and isinstance(part, Aggregation) and not part.without:
            for label in part.grouping:
                if re.search(rf"\$labels\.{label}\b", text):
                    yield spot, replace(part, grouping=tuple(one for one in part.grouping if one != label))


OPERATORS: tuple[Operator, ...] = (
    Operator("rate-dropped", "`rate(x[5m])` is `x`: a total is judged", _rate_dropped),
    Operator("le-dropped", "`sum by (le, job)` is `sum by (job)`", _le_dropped),
    Operator("grouping-dropped", "one side of a quotient loses a label of its `by`", _grouping_dropped),
    Operator("aggregations-dropped", "`sum(a) / sum(b)` is `a / b`", _aggregations_dropped),
    Operator("range-shortened", "a rate looks back two scrapes", _range_shortened),
    Operator("share-in-percent", "a share's bound of 0.05 is 5", _share_in_percent),
    Operator("quantile-in-percent", "`histogram_quantile(0.99, …)` is `histogram_quantile(99, …)`", _quantile_in_percent),
    Operator("told-label-dropped", "an alert's `by` loses a label that its text names", _told_label_dropped),
)
