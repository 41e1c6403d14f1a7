"""Expressions that people wrote, held against the contract. In: PromQL text with its place. Out: its tree, or faults for what
does not parse and for names that nothing exports; what a comparison is made of; how far an expression averages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, get_args

from generators.ir.contract import Contract, Metric
from generators.plan import Comparison, Tier
from generators.promql import Expr, ParseFault, kind_of, parse, text_of
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Matcher,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
    VectorSelector,
)
from generators.promql.walk import matchers, metric_names, metric_of, ranges, selectors, walk
from generators.record import dataclass
from generators.resolve.context import Context, did_you_mean
from generators.resolve.contract import TARGET_LABELS
from generators.spec.source import Spot

COMPARISONS: dict[str, Comparison] = {"==": "==", "!=": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
_FREE_METRICS = re.compile(r"[\w]+:[\w:]+")
"""Names with a colon are recorded series of our own compiler; compile/ writes them and the checks know them."""

_LISTED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition taken apart: `value op bound` where it is a comparison with a number at its top, else op = ""."""

    tree: Expr
    value: str
    op: Comparison | Literal[""]
    bound: Decimal | None


def read_query(context: Context, contract: Contract, text: str, spot: Spot) -> Expr | None:
    """The tree of an expression whose every name is known; None when a fault was reported, or its cause is known already."""
    try:
        tree = parse(text)
    except ParseFault as wrong:
        for fault in wrong.faults:
            context.fault("promql", spot.plus(fault.offset), f"this is no PromQL: {fault.what}", fault.fix)
        return None
    known = [_known(context, contract, selector, spot) for selector in selectors(tree)]
    return tree if all(known) and _listed(context, contract, tree, text, spot) else None


def read_vector(context: Context, contract: Contract, text: str, spot: Spot) -> Expr | None:
    """The same for an expression that must give a series of values at one moment, as a rule or a panel needs."""
    tree = read_query(context, contract, text, spot)
    chosen = [_chosen(context, matcher, spot) for _, matcher in matchers(tree)] if tree else []
    if not all(chosen):
        return None
    if tree is None or kind_of(tree) == "vector":
        return tree
    what = f"this gives a {kind_of(tree)}, and a vector is needed here"
    fix = "Put a function such as rate() around a range; compare a series, not two numbers."
    context.fault("promql", spot.plus(0), what, fix)
    return None


def _chosen(context: Context, matcher: Matcher, spot: Spot) -> bool:
    """Whether a label that we write ourselves is asked for a value that something has."""
    services = context.spec.services.values()
    known: Mapping[str, frozenset[str]] = {
        "service": frozenset(context.spec.services),
        "kind": frozenset(context.catalogue.kinds),
        "tier": frozenset(get_args(Tier)),
        "owner": frozenset((context.spec.project.owner, *(service.owner for service in services if service.owner))),
    }
    if matcher.op != "=" or not matcher.value or matcher.name not in known or context.broken:
        return True
    if "$" in matcher.value or matcher.value in known[matcher.name]:
        return True
    what = f'nothing has {matcher.name}="{matcher.value}": no series can match'
    context.fault("unknown-value", spot.plus(matcher.span.start), what, did_you_mean(matcher.value, known[matcher.name]))
    return False


def _known(context: Context, contract: Contract, selector: VectorSelector, spot: Spot) -> bool:
    name = metric_of(selector) or ""
    if not name or _FREE_METRICS.fullmatch(name):
        return True
    if name in context.blamed:
        return False
    metric = contract.by_series.get(name)
    if metric is None and context.has_unknown_kinds:
        return False  # what those services would bring along nobody knows
    if metric is None:
        context.blamed.add(name)
        what = f"no metric is called '{name}': nothing exports it and no rule records it"
        context.fault("unknown-metric", spot.plus(selector.span.start), what, did_you_mean(name, contract.by_series))
        return False
    known = True
    carried = carried_labels(metric, name)
    for _, matcher in matchers(selector):
        if matcher.name not in carried:
            what = f"the metric '{name}' has no label '{matcher.name}'"
            context.fault("unknown-label", spot.plus(matcher.span.start), what, did_you_mean(matcher.name, carried))
            known = False
    return known


def _listed(context: Context, contract: Contract, tree: Expr, text: str, spot: Spot) -> bool:
    """Whether every label in a grouping or matching is one that some series of the expression carries."""
    carried = labels_in(tree, contract)
    known = True
    for match in _LISTED.finditer(text) if carried is not None else ():
        for label in re.finditer(r"\w+", match[1]):
            if carried is not None and label[0] not in carried:
                what = f"no series here has the label '{label[0]}'"
                at = spot.plus(match.start(1) + label.start())
                context.fault("unknown-label", at, what, did_you_mean(label[0], carried))
                known = False
    return known


def labels_in(tree: Expr, contract: Contract) -> frozenset[str] | None:
    """Every label that the series an expression reads may carry, or that it makes; None where it reads series of any name."""
    found: set[str] = set(_made(tree))
    for selector in selectors(tree):
        name = metric_of(selector)
        if name is None or name not in contract.by_series:
            return None
        found |= carried_labels(contract.by_series[name], name)
    return frozenset(found)


def _made(tree: Expr) -> Iterator[str]:
    for node in walk(tree):
        if isinstance(node, Call) and node.function in ("label_replace", "label_join", "histogram_quantiles"):
            yield from (arg.value for arg in node.args[1:2] if isinstance(arg, StringLiteral))
        elif isinstance(node, Aggregation) and isinstance(node.param, StringLiteral):
            yield node.param.value


def carried_labels(metric: Metric, series: str) -> frozenset[str]:
    """The labels a series of the metric may carry."""
    extra = ("le",) if metric.kind == "histogram" and series.endswith("_bucket") else ()
    extra = ("quantile",) if metric.kind == "summary" and series == metric.name else extra
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


def window(tree: Expr) -> int:
    """Seconds of the longest range an expression averages over: what delays a change of its value."""
    lengths = (node.range for node in ranges(tree))
    return max((max(0, int(length.seconds)) for length in lengths if isinstance(length, Duration)), default=0)


def metrics_in(tree: Expr, contract: Contract) -> tuple[str, ...]:
    """The contract's metrics an expression reads, in their order."""
    return tuple(dict.fromkeys(contract.by_series[name].name for name in metric_names(tree) if name in contract.by_series))
