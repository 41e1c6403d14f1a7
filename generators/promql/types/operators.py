"""What operators make of the types of their two sides. In: an operation and those types. Out: its type.

The rules are those of https://prometheus.io/docs/prometheus/latest/querying/operators/."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType

from generators.promql.functions import COMPARISONS, SET_OPERATORS
from generators.promql.labels import NAME
from generators.promql.print import text_of
from generators.promql.syntax import BY_ALL_LABELS, Aggregation, Binary, Expr, MatrixSelector, NumberLiteral, VectorMatching
from generators.promql.types.calls import literal
from generators.promql.types.kinds import Kind, Type, either
from generators.promql.types.parts import bare, part_of
from generators.promql.types.ranges import ANY, FLAG, MIRRORED, Range, kept
from generators.promql.types.units import EVENTS, RATIO, SECONDS, Unit, converted
from generators.promql.walk import metric_names, selectors, walk
from generators.record import replace

_VALUES: Mapping[str, Callable[[Range, Range], Range]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
)


def combined(node: Binary, left: Type, right: Type) -> Type:
    """The type of `left op right`."""
    if node.op in SET_OPERATORS:
        return _set(node, left, right)
    joined = matched(node, left, right)
    if node.op in COMPARISONS:
        return _compared(node, left, right, joined)
    return _computed(node, left, right, joined)


def _set(node: Binary, left: Type, right: Type) -> Type:
    if node.op == "or":
        return either(left, right)
    sure = left.sure
    if node.op == "and" and node.matching and node.matching.on:
        sure |= frozenset(node.matching.labels) & right.sure
    return replace(left, sure=frozenset(filter(left.labels.may_have, sure)))


def matched(node: Binary, left: Type, right: Type) -> Type:
    """The labels of the result, on the side whose series it keeps."""
    scalars = (left.kind == "scalar", right.kind == "scalar")
    if any(scalars):
        side = right if scalars[0] else left
        return side if all(scalars) or (node.op in COMPARISONS and not node.return_bool) else side.nameless()
    matching = node.matching or BY_ALL_LABELS
    names = frozenset(matching.labels)
    if matching.card != "one-to-one":
        many, one = (left, right) if matching.card == "many-to-one" else (right, left)
        return _included(many, one, matching)
    if matching.on:
        labels, sure = left.labels.limited(*names), (left.sure | right.sure) & names
        fixed = {name: value for name, value in {**left.fixed, **right.fixed}.items() if name in names}
        key: frozenset[str] | None = names
    else:
        labels, sure = left.labels.without(*names), (left.sure | right.sure) - names
        fixed = {name: value for name, value in {**left.fixed, **right.fixed}.items() if name not in names}
        keys = [side.key for side in (left, right) if side.key is not None]
        key = min(keys, key=len) - names if keys else None
    labels = labels if node.op in COMPARISONS and not node.return_bool else labels.without(NAME)
    return replace(left, labels=labels, sure=frozenset(filter(labels.may_have, sure)) - {NAME}, fixed=fixed, key=key)


def _included(many: Type, one: Type, matching: VectorMatching) -> Type:
    """A side with many series, and the labels it takes over from the other."""
    include = frozenset(matching.include)
    taken = [name for name in matching.include if one.labels.may_have(name)]
    sure = (many.sure - include) | (one.sure & include)
    if matching.on:
        sure |= frozenset(matching.labels) & one.sure
    fixed = {name: value for name, value in many.fixed.items() if name not in include}
    fixed |= {name: value for name, value in one.fixed.items() if name in include}
    labels = many.labels.without(*include, NAME).joined(*taken)
    return replace(many, labels=labels, sure=frozenset(filter(labels.may_have, sure)), fixed=fixed)


def _compared(node: Binary, left: Type, right: Type, joined: Type) -> Type:
    if node.return_bool:
        return replace(joined, kind="gauge", unit=EVENTS, range=FLAG, normal=ANY, zero=True, infinite=(), cumulative=False)
    mirrored = left.kind == "scalar"
    subject, bound = (right, left) if mirrored else (left, right)
    op = MIRRORED[node.op] if mirrored else node.op
    values = kept(op, subject.range, bound.range)
    positive = (op == ">" and bound.range.low >= 0) or (op == ">=" and bound.range.low > 0)
    without_zero = positive or (op == "!=" and bound.range == Range(0, 0))
    finite = op in ("<", "<=", "==") or (op == "!=" and bound.range.high == float("inf"))
    base = replace(joined, kind=subject.kind, unit=subject.unit, cumulative=subject.cumulative)
    zero = subject.zero and not without_zero
    return replace(base, range=values, normal=subject.normal, zero=zero, infinite=() if finite else subject.infinite)


def _computed(node: Binary, left: Type, right: Type, joined: Type) -> Type:
    compute = _VALUES.get(node.op)
    scalar = left.kind == right.kind == "scalar"
    factor, counted = _times(node.left)
    part = node.op == "/" and not scalar and left.range.low >= 0 and factor > 0 and part_of(counted, node.right)
    values = Range(0, factor) if part else compute(left.range, right.range) if compute else ANY
    normal = Range(0, factor) if part else compute(left.normal, right.normal) if compute else ANY
    kind: Kind = "scalar" if scalar else "unknown" if "unknown" in (left.kind, right.kind) else "gauge"
    base = replace(joined, kind=kind, bounds=(), observed=None)
    histogram = next((side for side in (left, right) if _is_histogram(side)), None)
    if histogram and node.op in ("+", "-", "*", "/"):
        base = replace(base, kind=histogram.kind, bounds=histogram.bounds, observed=histogram.observed)
    return replace(
        base,
        unit=_unit(node, left, right),
        range=values,
        normal=normal,
        zero=_may_be_zero(node, left, right),
        infinite=_infinite(node, left, right, part),
        cumulative=_cumulative(node, left, right),
        aggregated=left.aggregated or right.aggregated,
    )


def _is_histogram(found: Type) -> bool:
    """Whether it still holds distributions: buckets without their bounds are plain counts."""
    return found.kind == "native histogram" or (found.kind == "buckets" and found.labels.may_have("le"))


def _unit(node: Binary, left: Type, right: Type) -> Unit | None:
    if node.op in ("+", "-", "%"):
        numbers = literal(node.left) is not None, literal(node.right) is not None
        if numbers[0] != numbers[1]:
            return right.unit if numbers[0] else left.unit
        return left.unit if left.unit and right.unit and left.unit.same_as(right.unit) else None
    if node.op not in ("*", "/"):
        return None
    factors = literal(node.left), literal(node.right)
    if factors[1] is not None and not _is_length(node.right):
        return converted(left.unit, factors[1] if node.op == "*" else 1 / factors[1] if factors[1] else 0)
    if factors[0] is not None and not _is_length(node.left):
        if node.op == "*":
            return converted(right.unit, factors[0])
        return RATIO.over(right.unit) if right.unit and right.unit.dimensions else None
    units = [SECONDS if _is_length(side) else known.unit for side, known in ((node.left, left), (node.right, right))]
    if units[0] is None or units[1] is None:
        return None
    if node.op == "*":
        return units[0].times(units[1])
    unit = _quotient(units[0], units[1])
    # 100 * used / size: what was multiplied has a size, what is left has none, and is in percent.
    return converted(unit, _times(node.left)[0]) if units[0].dimensions and not unit.dimensions else unit


def _times(expr: Expr) -> tuple[float, Expr]:
    """An expression as a number times another one; 1 times itself when it is no such product."""
    product = bare(expr)
    if isinstance(product, Binary) and product.op == "*":
        for factor, other in ((literal(product.left), product.right), (literal(product.right), product.left)):
            if factor is not None:
                return factor, other
    return 1, expr


def _quotient(above: Unit, below: Unit) -> Unit:
    unit = above.over(below)
    return RATIO if not unit.dimensions and unit.scale == 1 else unit


def _is_length(node: object) -> bool:
    """Whether a number was written as a length of time, `5m`."""
    inner = bare(node)  # type: ignore[arg-type]  # only asked of operands
    return isinstance(inner, NumberLiteral) and inner.duration


def _may_be_zero(node: Binary, left: Type, right: Type) -> bool:
    if node.op == "*":
        return left.zero or right.zero
    if node.op == "/":
        return left.zero
    return node.op == "+" and left.zero and right.zero


def _infinite(node: Binary, left: Type, right: Type, part: bool) -> tuple[str, ...]:
    found = (*left.infinite, *right.infinite) if node.op in ("+", "-", "*") else left.infinite
    if node.op == "/" and right.zero and not part and not _zero_together(node):
        found = (*found, text_of(node.right))
    return tuple(dict.fromkeys(found))


def _zero_together(node: Binary) -> bool:
    """Whether the numerator is 0 whenever the denominator is: two counts of events over the same time, the one about the other. Nothing
    tells it for certain, so other counters get the benefit of the doubt; the same counter at another time, or a part of it, does not."""
    return _of_events(node.left) and not part_of(node.right, node.left) and not _same_at_other_time(node)


def _of_events(expr: Expr) -> bool:
    """Whether an expression reads nothing but what happened over ranges, what rules recorded, and how many things there are."""
    ranged = {id(node.selector) for node in walk(expr) if isinstance(node, MatrixSelector)}
    counts = (node.expr for node in walk(expr) if isinstance(node, Aggregation) and node.op == "count")
    ranged |= {id(one) for counted in counts for one in selectors(counted)}
    return all(id(one) in ranged or ":" in one.name for one in selectors(expr))


def _same_at_other_time(node: Binary) -> bool:
    offsets = [{(s.offset, s.at) for s in selectors(side)} for side in (node.left, node.right)]
    return metric_names(node.left) == metric_names(node.right) and offsets[0] != offsets[1]


def _cumulative(node: Binary, left: Type, right: Type) -> bool:
    """A difference of totals is the increase between two moments, or what two counters lie apart; all else of a total is one still. A rate
    together with a total is neither: there somebody forgot the other rate."""
    mixed = left.cumulative != right.cumulative and _is_rate(left if right.cumulative else right)
    if node.op in "+-":
        number = any(side.kind == "scalar" and side.range.low == side.range.high for side in (left, right))
        both = node.op == "+" and left.cumulative and right.cumulative
        return mixed or both or (number and (left.cumulative or right.cumulative))
    return mixed or left.cumulative or (node.op != "/" and right.cumulative)


def _is_rate(found: Type) -> bool:
    return found.unit is not None and found.unit.power_of("seconds") == -1


def selected(found: Type, matchers: Mapping[str, str], empty: frozenset[str], present: frozenset[str]) -> Type:
    """A metric's type as a selector narrows it: labels that matchers fix, that they demand to be empty, or to be there."""
    known = {name: value for name, value in matchers.items() if found.labels.may_have(name)}
    fixed = {**found.fixed, **known}
    sure = (found.sure | frozenset(known) | frozenset(filter(found.labels.may_have, present))) - empty
    key = None if found.key is None else found.key - empty
    return replace(found, fixed=fixed, sure=sure, key=key, labels=found.labels.without(*empty) if empty else found.labels)
