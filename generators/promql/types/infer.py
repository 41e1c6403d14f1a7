"""The types of an expression and of all its parts. In: a tree, and what is known of the series it reads. Out: `Types`, which answers for
every node of that tree.

`series` is asked for the type of each metric by the name its samples have; None where nothing is known. What is unknown stays so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from generators.promql.labels import NAME, Labels
from generators.promql.regex import RegexFault, check_regex
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from generators.promql.types.aggregations import aggregated
from generators.promql.types.calls import called
from generators.promql.types.kinds import UNKNOWN, Type
from generators.promql.types.operators import combined, selected
from generators.promql.types.ranges import Range
from generators.promql.types.units import SECONDS
from generators.promql.walk import children, metric_of, walk
from generators.record import dataclass, replace

Series = Callable[[str], Type | None]


@dataclass(frozen=True, slots=True)
class Types:
    """The types of the nodes of one tree, by identity. `nodes` are in reading order, the whole first."""

    nodes: tuple[Expr, ...]
    found: dict[int, Type]

    def __getitem__(self, node: Expr) -> Type:
        return self.found[id(node)]

    @property
    def tree(self) -> Expr:
        return self.nodes[0]

    @property
    def result(self) -> Type:
        return self[self.tree]

    def items(self) -> Iterator[tuple[Expr, Type]]:
        """Every node with its type, in reading order."""
        return ((node, self.found[id(node)]) for node in self.nodes)


def infer(tree: Expr, series: Series) -> Types:
    """Type a tree. Raises nothing, whatever the tree."""
    nodes = tuple(walk(tree))
    found: dict[int, Type] = {}
    for node in reversed(nodes):  # parts come after what they are part of; chains may be too long to recurse into
        if id(node) not in found:
            found[id(node)] = _typed(node, tuple(found[id(child)] for child in children(node)), series)
    return Types(nodes, found)


def _typed(node: Expr, below: tuple[Type, ...], series: Series) -> Type:
    if isinstance(node, NumberLiteral):
        value = Range(node.value, node.value) if node.value == node.value else Range()
        unit = SECONDS if node.duration else None
        return Type("scalar", unit, Labels(frozenset()), key=frozenset(), range=value, normal=value, zero=node.value == 0)
    if isinstance(node, StringLiteral):
        return Type("string", labels=Labels(frozenset()), key=frozenset())
    if isinstance(node, VectorSelector):
        return _selector(node, series)
    if isinstance(node, Binary):
        return combined(node, below[0], below[1])
    if isinstance(node, Call):
        return called(node, below)
    if isinstance(node, Aggregation):
        return aggregated(node, below[-1])
    if isinstance(node, Unary):
        return _signed(node, below[0])
    return below[0] if isinstance(node, Paren | Subquery | MatrixSelector) else UNKNOWN


def _signed(node: Unary, inner: Type) -> Type:
    if node.op == "+":
        return inner.nameless()
    return replace(inner.nameless(), range=-inner.range, normal=-inner.normal, cumulative=False)


def _selector(node: VectorSelector, series: Series) -> Type:
    name = metric_of(node)
    known = (series(name) if name else None) or UNKNOWN
    fixed = {one.name: one.value for one in node.matchers if one.op == "=" and one.value and one.name != NAME}
    empty = frozenset(one.name for one in node.matchers if one.op == "=" and not one.value)
    return selected(known, fixed, empty, frozenset(filter(None, map(_demanded, node.matchers))))


def _demanded(matcher: Matcher) -> str:
    """The label that a matcher wants to be there, whatever its value."""
    if matcher.name == NAME or matcher.op == "=":
        return ""
    try:
        wants = not matcher.value if matcher.op == "!=" else check_regex(matcher.value) == (matcher.op == "!~")
    except RegexFault:
        return ""
    return matcher.name if wants else ""
