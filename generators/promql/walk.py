"""Facts about a tree: its parts, selectors, metrics, labels, how far it looks back; and trees changed in places.

In: a tree. Out: facts, or another tree. What labels an expression keeps is in labels.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from generators.promql.syntax import (
    NANOSECONDS,
    Aggregation,
    Binary,
    Call,
    Duration,
    DurationTerm,
    Expr,
    Length,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from generators.record import replace as changed

_PARTS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Binary: lambda node: (node.left, node.right),
    Call: lambda node: node.args,
    Aggregation: lambda node: (node.expr,) if node.param is None else (node.param, node.expr),
    MatrixSelector: lambda node: (node.selector,),
    Paren: lambda node: (node.expr,),
    Unary: lambda node: (node.expr,),
    Subquery: lambda node: (node.expr,),
}
"""Of the nodes that have parts. A table, since trees are walked more than anything else."""


def children(expr: Expr) -> tuple[Expr, ...]:
    """The parts directly below, in reading order."""
    parts = _PARTS.get(type(expr))
    return parts(expr) if parts else ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all its parts, each before its own parts, in reading order."""
    pending = [expr]
    while pending:
        node = pending.pop()
        yield node
        parts = _PARTS.get(type(node))
        if parts:
            pending += parts(node)[::-1]


def selectors(expr: Expr) -> Iterator[VectorSelector]:
    """Every vector selector, those of ranges included."""
    return (node for node in walk(expr) if isinstance(node, VectorSelector))


def metric_of(selector: VectorSelector) -> str | None:
    """The metric a selector names; None when it names none, or several by a pattern."""
    if selector.name:
        return selector.name
    return next((m.value for m in selector.matchers if m.name == "__name__" and m.op == "="), None)


def metric_names(expr: Expr) -> tuple[str, ...]:
    """The metrics an expression names, each once, in reading order."""
    return tuple(dict.fromkeys(name for name in map(metric_of, selectors(expr)) if name is not None))


def matchers(expr: Expr) -> Iterator[tuple[VectorSelector, Matcher]]:
    """Every label matcher with its selector; matchers of the metric's name are left out."""
    return ((s, m) for s in selectors(expr) for m in s.matchers if m.name != "__name__")


_READS = {"label_replace": (3,), "sort_by_label": (1,), "sort_by_label_desc": (1,)}


def labels_named(expr: Expr) -> tuple[str, ...]:
    """The labels an expression reads by name, each once: in matchers, groupings, matchings and label functions."""
    found: list[str] = []
    for node in walk(expr):
        if isinstance(node, VectorSelector):
            found += (m.name for m in node.matchers if m.name != "__name__")
        elif isinstance(node, Aggregation):
            found += node.grouping
        elif isinstance(node, Binary) and node.matching is not None:
            found += (*node.matching.labels, *node.matching.include)
        elif isinstance(node, Call):
            found += _labels_read(node)
    return tuple(dict.fromkeys(found))


def _labels_read(call: Call) -> Iterator[str]:
    if call.function == "label_join":
        args: Iterable[Expr] = call.args[3:]
    elif call.function.startswith("sort_by_label"):
        args = call.args[1:]
    else:
        args = (call.args[place] for place in _READS.get(call.function, ()))
    return (arg.value for arg in args if isinstance(arg, StringLiteral) and arg.value)


def ranges(expr: Expr) -> Iterator[MatrixSelector | Subquery]:
    """Every range selector and subquery."""
    return (node for node in walk(expr) if isinstance(node, MatrixSelector | Subquery))


def longest_lookback(expr: Expr, step: float = 60, query_range: float = 0) -> Duration:
    """How far before the moment of evaluation an expression reads: ranges, offsets and subqueries added up along each path.

    Prometheus's own five minutes of grace for instant selectors are not counted, nor is a fixed `@` time. `step` and
    `query_range` are the seconds that `step()` and `range()` stand for."""
    longest = 0
    pending: list[tuple[Expr, int]] = [(expr, 0)]
    while pending:
        node, before = pending.pop()
        if isinstance(node, MatrixSelector | Subquery):
            before += _length(node.range, step, query_range)
        if isinstance(node, VectorSelector | Subquery):
            before += _length(node.offset, step, query_range)
        below = children(node)
        pending += ((child, before) for child in below)
        longest = longest if below else max(longest, before)
    return Duration(longest)


def _length(length: Length | None, step: float, query_range: float) -> int:
    if length is None:
        return 0
    if isinstance(length, Duration):
        return length.nanoseconds
    return round(_seconds(length, step, query_range) * NANOSECONDS)


def _seconds(term: DurationTerm, step: float, query_range: float) -> float:
    if isinstance(term, NumberLiteral):
        return term.value
    left = _seconds(term.left, step, query_range) if term.left is not None else 0.0
    right = _seconds(term.right, step, query_range) if term.right is not None else 0.0
    if term.op in ("/", "%") and not right:
        return 0.0
    results: dict[str, Callable[[], float]] = {
        "step": lambda: step,
        "range": lambda: query_range,
        "max_of": lambda: max(left, right),
        "min_of": lambda: min(left, right),
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "%": lambda: left % right,
        "^": lambda: math.pow(left, right),
    }
    try:
        result = results[term.op]()
    except (OverflowError, ValueError):
        return 0.0
    return result if math.isfinite(result) else 0.0


def replace(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The tree with `change` applied to every part, the innermost first; spans stay those of the old text."""
    if isinstance(expr, Binary):
        # Chains of operators lean to the left and may be long; they are walked, not recursed into.
        chain = [expr]
        while isinstance(chain[-1].left, Binary):
            chain.append(chain[-1].left)
        left = replace(chain[-1].left, change)
        for each in reversed(chain):
            left = change(changed(each, left=left, right=replace(each.right, change)))
        return left
    if isinstance(expr, Call):
        expr = changed(expr, args=tuple(replace(arg, change) for arg in expr.args))
    elif isinstance(expr, Aggregation):
        param = None if expr.param is None else replace(expr.param, change)
        expr = changed(expr, expr=replace(expr.expr, change), param=param)
    elif isinstance(expr, MatrixSelector):
        selector = change(expr.selector)
        if not isinstance(selector, VectorSelector):
            raise TypeError("only a selector can stand before a range")
        expr = changed(expr, selector=selector)
    elif isinstance(expr, Paren | Unary | Subquery):
        expr = changed(expr, expr=replace(expr.expr, change))
    return change(expr)


def with_matchers(expr: Expr, added: Iterable[Matcher]) -> Expr:
    """The tree with these matchers in every selector; one of the same label is replaced."""
    given = tuple(added)
    names = {matcher.name for matcher in given}

    def change(node: Expr) -> Expr:
        if not isinstance(node, VectorSelector):
            return node
        kept = [matcher for matcher in node.matchers if matcher.name not in names]
        return changed(node, matchers=tuple(sorted((*kept, *given), key=lambda m: (m.name, m.op, m.value))))

    return replace(expr, change)
