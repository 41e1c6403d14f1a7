"""A part divided by the whole, series by series. In: rules. Out: faults at divisions of series of one metric by the same
series: without an aggregation or `ignoring`, the series with status="500" meets no other but itself, and the answer is always
1."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, text_of
from generators.promql.syntax import Binary, Call, MatrixSelector, VectorSelector
from generators.promql.types import unfiltered

ID = "divides-by-itself"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            if isinstance(node, Binary) and node.op == "/" and _itself(one, node):
                what = f"each series of {text_of(node.left)} is divided by itself, which is always 1"
                fix = "Aggregate both sides first: sum(...) / sum(...)."
                yield one.fault_at(ID, node.op_span.start, what, fix)


def _itself(one: Judged, node: Binary) -> bool:
    matching = node.matching
    part, whole = _series(node.left), _series(node.right)
    if part is None or whole is None or "scalar" in (one.types[node.left].kind, one.types[node.right].kind):
        return False
    if (part[0], part[1].name, part[1].at, part[1].offset) != (whole[0], whole[1].name, whole[1].at, whole[1].offset):
        return False
    narrowed = set(part[1].matchers) - set(whole[1].matchers)
    if set(whole[1].matchers) - set(part[1].matchers):
        return False
    if matching is None:
        return True
    # The labels that tell part from whole must still be compared, or the series meets others.
    names = {matcher.name for matcher in narrowed}
    return names <= set(matching.labels) if matching.on else not names & set(matching.labels) and not matching.labels


def _series(expr: Expr) -> tuple[str, VectorSelector] | None:
    """A selector with the function and range around it, as text; None where anything brings series together."""
    inner = unfiltered(expr)
    around = ""
    if isinstance(inner, Call) and inner.args and isinstance(inner.args[-1], MatrixSelector):
        around = f"{inner.function}[{inner.args[-1].range}]"
        inner = inner.args[-1].selector
    return (around, inner) if isinstance(inner, VectorSelector) else None
