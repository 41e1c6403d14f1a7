"""Expressions that people wrote, held against the contract. In: PromQL text with its place. Out: its tree, or faults for what
does not parse and for names that nothing exports; what a comparison is made of; how far an expression looks back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Literal

from generators.ir.contract import Contract, Metric
from generators.plan import Comparison
from generators.promql import Expr, ParseFault, parse, text_of
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Duration,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from generators.resolve.context import Context, did_you_mean
from generators.resolve.contract import TARGET_LABELS
from generators.spec.source import Spot

COMPARISONS: dict[str, Comparison] = {"==": "==", "!=": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
_FREE_METRICS = re.compile(r"[\w]+:[\w:]+")
"""Names with a colon are recorded series of our own compiler; compile/ writes them and the checks know them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition taken apart: `value op bound` where it is a comparison with a number at its top, else op = ""."""

    tree: Expr
    value: str
    op: Comparison | Literal[""]
    bound: Decimal | None


def nodes(tree: object) -> Iterator[object]:
    """Every node of a tree, parents first."""
    yield tree
    if not is_dataclass(tree) or isinstance(tree, type):
        return
    for field in fields(tree):
        part = getattr(tree, field.name)
        for child in part if isinstance(part, tuple) and not hasattr(part, "_fields") else (part,):
            if is_dataclass(child) and not isinstance(child, type):
                yield from nodes(child)


def read_query(context: Context, contract: Contract, text: str, spot: Spot) -> Expr | None:
    """The tree of an expression whose every name is known; None when a fault was reported, or its cause is known already."""
    try:
        tree = parse(text)
    except ParseFault as wrong:
        for fault in wrong.faults:
            context.fault("promql", spot.plus(fault.offset), f"this is no PromQL: {fault.what}", fault.fix)
        return None
    before = len(context.faults)
    blamed = False
    for node in nodes(tree):
        if isinstance(node, VectorSelector):
            blamed = not _known(context, contract, node, spot) or blamed
    return None if blamed or len(context.faults) > before else tree


def _known(context: Context, contract: Contract, selector: VectorSelector, spot: Spot) -> bool:
    name = selector.name or next((one.value for one in selector.matchers if one.name == "__name__" and one.op == "="), "")
    if not name or _FREE_METRICS.fullmatch(name):
        return True
    if name in context.blamed:
        return False
    metric = contract.by_series.get(name)
    at = spot.plus(selector.span.start)
    if metric is None:
        context.blamed.add(name)
        what = f"no metric is called '{name}': nothing exports it and no rule records it"
        context.fault("unknown-metric", at, what, did_you_mean(name, contract.by_series))
        return False
    known = True
    for matcher in selector.matchers:
        if matcher.name != "__name__" and matcher.name not in labels_of(metric, name):
            what = f"the metric '{name}' has no label '{matcher.name}'"
            fix = did_you_mean(matcher.name, labels_of(metric, name))
            context.fault("unknown-label", spot.plus(matcher.span.start), what, fix)
            known = False
    return known


def labels_of(metric: Metric, series: str = "") -> frozenset[str]:
    """The labels a series of the metric may carry."""
    extra = ("le",) if metric.kind == "histogram" and series.endswith("_bucket") else ()
    return frozenset((*metric.labels, *TARGET_LABELS, *extra))


def condition(tree: Expr) -> Condition:
    """Take a condition apart at its top-level comparison with a number, if it has one."""
    inner = tree.expr if isinstance(tree, Paren) else tree
    if isinstance(inner, Binary) and inner.op in COMPARISONS and not inner.return_bool:
        bound = number(inner.right)
        if bound is not None:
            return Condition(tree, text_of(inner.left), COMPARISONS[inner.op], bound)
    return Condition(tree, text_of(tree), "", None)


def number(tree: Expr) -> Decimal | None:
    """The exact number a literal stands for."""
    if isinstance(tree, Paren):
        return number(tree.expr)
    if isinstance(tree, NumberLiteral):
        return Decimal(repr(tree.value)).normalize() if tree.value != int(tree.value) else Decimal(int(tree.value))
    if isinstance(tree, Unary):
        inner = number(tree.expr)
        return None if inner is None else -inner if tree.op == "-" else inner
    return None


def look_back(tree: object) -> int:
    """Seconds between now and the oldest sample an expression needs: the longest sum of ranges and offsets on one path."""
    own = 0
    if isinstance(tree, VectorSelector):
        own = _seconds(tree.offset)
    elif isinstance(tree, MatrixSelector):
        return _seconds(tree.range) + look_back(tree.selector)
    elif isinstance(tree, Subquery):
        return _seconds(tree.range) + _seconds(tree.offset) + look_back(tree.expr)
    deepest = 0
    if is_dataclass(tree) and not isinstance(tree, type):
        for field in fields(tree):
            part = getattr(tree, field.name)
            for child in part if isinstance(part, tuple) and not hasattr(part, "_fields") else (part,):
                deepest = max(deepest, look_back(child))
    return own + deepest


def window(tree: object) -> int:
    """Seconds of the longest range an expression averages over: what delays a change of its value."""
    return max((_seconds(node.range) for node in nodes(tree) if isinstance(node, MatrixSelector | Subquery)), default=0)


def _seconds(length: object) -> int:
    return max(0, int(length.seconds)) if isinstance(length, Duration) else 0


def kept_labels(tree: Expr) -> frozenset[str] | None:
    """The labels that the result surely keeps by its outermost aggregation; None where it keeps whatever the series have."""
    if isinstance(tree, Paren | Unary):
        return kept_labels(tree.expr)
    if isinstance(tree, Aggregation):
        if tree.op in ("topk", "bottomk", "limitk", "limit_ratio"):
            return kept_labels(tree.expr)
        return None if tree.without else frozenset(tree.grouping)
    if isinstance(tree, Binary):
        if tree.op == "or":
            return None
        swapped = tree.matching is not None and tree.matching.card == "one-to-many"
        side = tree.right if swapped or isinstance(tree.left, NumberLiteral) else tree.left
        kept = kept_labels(side)
        if tree.matching is None and not isinstance(tree.right, NumberLiteral):
            other = kept_labels(tree.right)
            return other if kept is None else kept
        return kept
    arguments = getattr(tree, "args", ())
    vectors = [one for one in arguments if not isinstance(one, NumberLiteral)]
    return kept_labels(vectors[-1]) if len(vectors) == 1 else None


def metrics_in(tree: Expr, contract: Contract) -> tuple[str, ...]:
    """The contract's metrics an expression reads, in their order."""
    names = (node.name for node in nodes(tree) if isinstance(node, VectorSelector) and node.name)
    return tuple(dict.fromkeys(contract.by_series[name].name for name in names if name in contract.by_series))
