"""Histograms that put a quantile on one side of a bound. In: `histogram_quantile(q, …rate(x_bucket[w])…)`, a comparison and its bound.
Out: input series in which every observation falls into one bucket beyond the bound, or before it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators.ir.contract import Metric
from generators.plan import Comparison
from generators.promql import Expr
from generators.promql.syntax import Aggregation, Call, MatrixSelector, Paren, VectorSelector
from generators.proof.inputs import TOTAL, Flow, Inputs, Inverse, Underivable, written


def is_quantile(tree: Expr) -> bool:
    """Whether the value is a quantile of a classic histogram."""
    return isinstance(tree, Call) and tree.function == "histogram_quantile"


def quantile_inputs(inverse: Inverse, tree: Expr, op: Comparison, bound: Decimal, firing: bool) -> Inputs:
    """Inputs with the quantile beyond the bound when `firing`, before it when not. Raises Underivable."""
    selector = _bucket_selector(tree)
    metric = inverse.contract.by_series.get(selector.name)
    if metric is None or not metric.buckets:
        raise Underivable(f"{selector.name} is no histogram of the contract")
    above = (op in (">", ">=")) == firing
    filled = _bucket(metric, bound, above)
    base = VectorSelector(selector.name, tuple(one for one in selector.matchers if one.name != "le"))
    plain = inverse.series(base)
    inputs: Inputs = {}
    for le, upper in _bounds(metric):
        inputs[_with_le(plain, le)] = Flow(TOTAL if upper >= filled else Decimal(0), rising=True)
    return inputs


def _bucket(metric: Metric, bound: Decimal, above: bool) -> Decimal:
    """The upper bound of a bucket that lies wholly on one side of the bound."""
    lowers = (Decimal(0), *metric.buckets)
    for lower, upper in zip(lowers, metric.buckets, strict=False):
        if (lower >= bound) if above else (upper < bound):
            return upper
    raise Underivable(f"no bucket of {metric.name} lies {'above' if above else 'below'} {bound}")


def _bounds(metric: Metric) -> Iterator[tuple[str, Decimal]]:
    for bound in metric.buckets:
        yield repr(float(bound)), bound
    yield "+Inf", Decimal("Infinity")


def _with_le(series: str, le: str) -> str:
    name, _, rest = series.partition("{")
    labels = dict(part.split("=", 1) for part in rest.rstrip("}").split(",") if part)
    return written(name, {label: value.strip('"') for label, value in labels.items()} | {"le": le})


def _bucket_selector(tree: Expr) -> VectorSelector:
    inner = tree
    while not isinstance(inner, VectorSelector):
        if isinstance(inner, Call) and inner.args:
            inner = inner.args[-1]
        elif isinstance(inner, Paren | Aggregation):
            inner = inner.expr
        elif isinstance(inner, MatrixSelector):
            inner = inner.selector
        else:
            raise Underivable("a quantile of this has no plain inverse")
    return inner
