"""A total beside rates. In: rules. Out: faults where one expression takes the rate of one counter and the plain total of another, or of the
same: one speaks of the last minutes, the other of all time since a process began."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.carried import carried, surely_counter
from generators.checks.expressions.conditions import bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, metric_names, text_of
from generators.promql.syntax import Binary, VectorSelector
from generators.promql.walk import metric_of, walk

ID = "forgotten-rate"
_TOGETHER = frozenset({"+", "-", "/", "or"})


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        mixed = dict(_mixed(facts, one))
        for node, total in mixed.items():
            # What is mixed inside is mixed outside as well: it is told where it happens.
            if not any(inner in mixed for inner in _below(one, node)):
                operation = next(each for each, _ in one.types.items() if id(each) == node)
                what = f"'{getattr(operation, 'op', '')}' has rates on one side and the total {text_of(total)} on the other"
                yield one.fault(ID, total, what, f"Take the rate of both: rate({text_of(total)}[5m]).")
        for guard, total in _guards(facts, one):
            what = f"`{text_of(guard)}` holds from the first event on, and the rate of {total.name} by which is divided may still be 0"
            yield one.fault(ID, guard, what, "Hold the rate against 0, as it stands below the line.")


def _mixed(facts: Facts, one: Judged) -> Iterator[tuple[int, VectorSelector]]:
    """The operations that bring rates and totals together, by identity, each with the total."""
    for node, _ in one.types.items():
        if not isinstance(node, Binary) or node.op not in _TOGETHER or _told_by_units(one, node):
            continue
        sides = carried(one, node.left), carried(one, node.right)
        for mine, other in (sides, sides[::-1]):
            total = next((each for each in mine.totals if surely_counter(facts, each)), None)
            if total is not None and not mine.rates and other.rates and not other.totals:
                yield id(node), total


def _told_by_units(one: Judged, node: Binary) -> bool:
    """Whether a sum is told as one of two units."""
    left, right = one.types[node.left].unit, one.types[node.right].unit
    return node.op in ("+", "-") and left is not None and right is not None and not left.same_as(right)


def _below(one: Judged, node: int) -> Iterator[int]:
    top = next(each for each, _ in one.types.items() if id(each) == node)
    return (id(inner) for inner in walk(top) if inner is not top)


def _guards(facts: Facts, one: Judged) -> Iterator[tuple[Expr, VectorSelector]]:
    """What is asked of totals beside a quotient by the rates of the same counters."""
    for node, _ in one.types.items():
        if not isinstance(node, Binary) or node.op != "and":
            continue
        for guard, guarded in ((node.right, node.left), (node.left, node.right)):
            below = _divisors(guarded)
            for part in walk(guard):
                bound = bound_of(part, one.types)
                totals = carried(one, bound.subject).totals if bound and bound.op == ">" and bound.value == 0 else ()
                found = next((total for total in totals if metric_of(total) in below), None)
                if found is not None and bound is not None and not carried(one, bound.subject).rates:
                    yield bound.node, found


def _divisors(expr: Expr) -> frozenset[str]:
    """The counters by whose rates an expression divides."""
    found = (node.right for node in walk(expr) if isinstance(node, Binary) and node.op == "/")
    return frozenset(
        name
        for divisor in found
        for node in walk(divisor)
        if getattr(node, "function", "") in ("rate", "increase")
        for name in metric_names(node)
    )
