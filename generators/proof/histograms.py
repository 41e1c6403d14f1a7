"""Histograms whose quantile is a given value. In: `histogram_quantile(q, …rate(x_bucket[w])…)` and the value. Out: counters of every
bucket, on two instances, a fast one and a slow one, so that only both together have that quantile."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from generators.promql.syntax import Aggregation, Call, VectorSelector
from generators.promql.walk import selectors, walk
from generators.proof.flows import Flow, Inputs
from generators.proof.trees import Underivable, literal

if TYPE_CHECKING:
    from generators.proof.inputs import Inverse


def quantile_inputs(inverse: Inverse, call: Call, value: Decimal) -> Inputs:
    """Inputs with the quantile at the value. Raises Underivable."""
    share, found = literal(call.args[0]), list(selectors(call.args[1]))
    metric = inverse.contract.by_series.get(found[0].name) if len(found) == 1 else None
    if share is None or metric is None or not metric.buckets:
        raise Underivable("a quantile of this has no plain inverse")
    base = VectorSelector(found[0].name, tuple(one for one in found[0].matchers if one.name != "le"))
    together = not inverse.alone and any(isinstance(node, Aggregation) for node in walk(call.args[1]))
    plain = inverse.key(base)
    other = plain.altered(instance="instance-b")
    inputs: Inputs = {}
    for le, slow, fast in _counted(metric.name, metric.buckets, share, value, inverse.total):
        counted = {plain: slow, other: fast} if together else {plain: slow + fast}
        for one, count in counted.items():
            inputs[one.altered(le=le)] = Flow(count, "rising")
    return inputs


@lru_cache(maxsize=256)  # bystanders have the same quantile as the rest
def _counted(
    name: str, buckets: tuple[Decimal, ...], share: Decimal, value: Decimal, total: Decimal
) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """Each bucket's bound and the events a second up to it, of the slow instance and the fast one. Raises Underivable."""
    slow, fast = _split(name, buckets, share, value, total)
    return tuple((le, _below(slow, upper), _below(fast, upper)) for le, upper in _bounds(buckets))


Crowd = tuple[tuple[Decimal, Decimal], ...]
"""(upper bound of a bucket, events a second in it)."""


def _split(name: str, buckets: tuple[Decimal, ...], share: Decimal, value: Decimal, total: Decimal) -> tuple[Crowd, Crowd]:
    """The slow instance's events and the fast one's. Of all events, `share` lies below the value, by the engine's interpolation."""
    lowers = (Decimal(0), *buckets)
    at = next(((low, high) for low, high in zip(lowers, buckets, strict=False) if low < value <= high), None)
    if at is None:
        raise Underivable(f"no bucket of {name} holds {value}")
    (low, high), rank = at, share * total
    part = (value - low) / (high - low)
    after = next((bound for bound in buckets if bound > high), Decimal("Infinity"))
    if low == 0 or part * total >= rank:
        inside = rank / part
        return ((high, inside / 4), (after, total - inside)), ((high, inside * 3 / 4),)
    below = (rank - part * total) / (1 - part)
    return ((high, total - below),), ((low, below),)


def _below(crowd: Crowd, upper: Decimal) -> Decimal:
    return sum((count for bound, count in crowd if bound <= upper), Decimal(0))


def _bounds(buckets: tuple[Decimal, ...]) -> Iterator[tuple[str, Decimal]]:
    for bound in buckets:
        yield repr(float(bound)), bound
    yield "+Inf", Decimal("Infinity")
