"""A bound in percent on a ratio. In: rules. Out: faults at quotients that are shares (of two sizes or two times, of a value by its limit,
of a part by its whole, of failures by attempts) held against a number that is most likely a percentage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.carried import carried
from generators.checks.expressions.conditions import Bound, bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import metric_names, text_of
from generators.promql.syntax import Binary, NumberLiteral
from generators.promql.types import RATIO, bare, part_of, unfiltered
from generators.promql.walk import walk

ID = "percent-bound"
_LIKELY = range(20, 101)
_CERTAIN = range(2, 101)
"""What no share reaches, however it is rounded; 1.5 may be meant of what is promised twice."""
_LIMIT = frozenset({"max", "limit", "limits", "size", "capacity", "quota", "speed"})
_WHOLE = _LIMIT | {"total"}
_PART = frozenset(
    {"free", "avail", "available", "used", "usage", "unused", "idle", "active", "allocated", "remaining", "reserved"}
)
_FAILED = frozenset({"errors", "error", "errs", "failures", "failed", "dropped", "rejected"})
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            bound = bound_of(node, one.types)
            if bound and _too_much(one, bound):
                what = f"{text_of(bound.subject)} is a ratio, 1 when all is used, and {bound.value:g} looks like percent"
                yield one.fault(ID, bound.node, what, f"Write {bound.value / 100:g}, or multiply the ratio by 100.")


def _too_much(one: Judged, bound: Bound) -> bool:
    node = unfiltered(bound.subject)
    # What is surely at most 1 is told as out of range.
    if not isinstance(node, Binary) or node.op != "/" or _by_a_hundred(node) or one.types[node].range.high <= 1:
        return False
    if bound.value in _LIKELY and (_sizes(one, node) or _limited(node)):
        return True
    if bound.value in _CERTAIN and (_part_of_whole(node) or part_of(node.left, node.right)):
        return True
    return (bound.value in _CERTAIN or (bound.op, bound.value) == (">", 1)) and _failures(one, node)


def _by_a_hundred(node: Binary) -> bool:
    return any(isinstance(part, NumberLiteral) and part.value % 100 == 0 for part in walk(node.left))


def _sizes(one: Judged, node: Binary) -> bool:
    """Two values in one unit that has a size."""
    left, right, whole = one.types[node.left].unit, one.types[node.right].unit, one.types[node].unit
    other = metric_names(node.left) != metric_names(node.right)
    return bool(other and left and right and whole and left.dimensions and whole.same_as(RATIO))


def _limited(node: Binary) -> bool:
    """A value by a limit of the same thing."""
    above, below = metric_names(node.left), metric_names(node.right)
    return set(above).isdisjoint(below) and any(_words(name) & _LIMIT and _begins_alike(name, above, 1) for name in below)


def _part_of_whole(node: Binary) -> bool:
    """`x_free / x_total`, and `(x - y) / x`."""
    left = bare(node.left)
    if isinstance(left, Binary) and left.op == "-" and text_of(unfiltered(left.left)) == text_of(unfiltered(node.right)):
        return True
    parts = [words for words in map(_words, metric_names(node.left)) if words & _PART]
    wholes = [_words(name) - _WHOLE for name in metric_names(node.right) if not _words(name) & _PART]
    return any(whole <= part for part in parts for whole in wholes)


def _failures(one: Judged, node: Binary) -> bool:
    """Events that failed by those of the same thing that did not."""
    above, below = metric_names(node.left), metric_names(node.right)
    rates = carried(one, node.left).rates and carried(one, node.right).rates
    failed = all(_words(name) & _FAILED for name in above) and not any(_words(name) & _FAILED for name in below)
    return bool(rates and above and below and failed and all(_begins_alike(name, above, 2) for name in below))


def _begins_alike(name: str, others: tuple[str, ...], words: int) -> bool:
    start = _WORDS.findall(name)[:words]
    return all(_WORDS.findall(other)[:words] == start for other in others)


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(name))
