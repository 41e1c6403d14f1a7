"""Mistakes in which series an expression speaks of: matchers, groupings, aggregations, matchings, arms. In: a node of an expression.
Out: the nodes that could stand there by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generators.ir.contract import Contract
from generators.mutants.mutant import put, without
from generators.promql import labels_of, selectors
from generators.promql.functions import SET_OPERATORS
from generators.promql.syntax import Aggregation, Binary, Call, Expr, MatchOp, VectorMatching, VectorSelector
from generators.promql.walk import metric_of

SWAPPED = {
    "sum": "max",
    "avg": "max",
    "max": "min",
    "min": "max",
    "count": "sum",
    "group": "count",
    "stddev": "stdvar",
    "stdvar": "stddev",
    "topk": "bottomk",
    "bottomk": "topk",
}
"""Each aggregation and what it is taken for; those over time alike."""

OVER_TIME = "_over_time"
NEGATED: dict[MatchOp, MatchOp] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
NAME = "__name__"


def aggregation_swapped(node: Expr) -> Iterator[Expr]:
    """Another aggregation, of series or over time."""
    if isinstance(node, Aggregation) and node.op in SWAPPED:
        yield replace(node, op=SWAPPED[node.op])
    elif isinstance(node, Call) and node.function.endswith(OVER_TIME):
        swapped = SWAPPED.get(node.function.removesuffix(OVER_TIME))
        if swapped:
            yield replace(node, function=swapped + OVER_TIME)


def grouping_label_dropped(node: Expr) -> Iterator[Expr]:
    """A label of `by` or `without` left out."""
    if isinstance(node, Aggregation):
        for index in range(len(node.grouping)):
            yield replace(node, grouping=without(node.grouping, index))


def grouping_label_added(node: Expr, contract: Contract) -> Iterator[Expr]:
    """One more label of `by` or `without`, of those that the aggregated series have: of no other can anything change."""
    if isinstance(node, Aggregation):
        left = labels_of(node.expr)
        offered = (label for label in _carried(node.expr, contract) if label not in node.grouping and left.may_have(label))
        for label in list(offered)[:1]:
            yield replace(node, grouping=(*node.grouping, label))


def _carried(expr: Expr, contract: Contract) -> Iterator[str]:
    """The labels of the metrics that an expression reads: of the scraped ones `instance` first, then what their exporter writes."""
    metrics = [contract.by_series.get(metric_of(each) or "") for each in selectors(expr)]
    if any(metric is None or metric.source for metric in metrics):
        yield "instance"
    for metric in metrics:
        yield from metric.labels if metric else ()


def label_matcher_dropped(node: Expr) -> Iterator[Expr]:
    """A matcher left out."""
    if isinstance(node, VectorSelector):
        for index, matcher in enumerate(node.matchers):
            if matcher.name != NAME:
                yield replace(node, matchers=without(node.matchers, index))


def label_matcher_negated(node: Expr) -> Iterator[Expr]:
    """A matcher that takes what it refused."""
    if isinstance(node, VectorSelector):
        for index, matcher in enumerate(node.matchers):
            if matcher.name != NAME:
                yield replace(node, matchers=put(node.matchers, index, replace(matcher, op=NEGATED[matcher.op])))


def matching_labels_dropped(node: Expr) -> Iterator[Expr]:
    """A label of `on`, `ignoring` or `group_left` left out, and where it can be, all that was said of matching."""
    if not isinstance(node, Binary) or node.matching is None:
        return
    said = node.matching
    for index in range(len(said.labels)):
        yield replace(node, matching=_kept(replace(said, labels=without(said.labels, index))))
    for index in range(len(said.include)):
        yield replace(node, matching=replace(said, include=without(said.include, index)))
    if said.on and said.card == "one-to-one":
        yield replace(node, matching=_kept(replace(said, on=False, labels=())))


def _kept(matching: VectorMatching) -> VectorMatching | None:
    """None where nothing is said any more: so does the parser have it."""
    return None if matching == VectorMatching() else matching


def arm_dropped(node: Expr) -> Iterator[Expr]:
    """One side of `or`, `and` or `unless` alone."""
    if isinstance(node, Binary) and node.op in SET_OPERATORS:
        yield node.left
        yield node.right
