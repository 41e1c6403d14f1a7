"""An expression over a whole test. In: a tree and a store. Out: its vector (every series' column), or `Unforeseen`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from generators.promql import Expr, kind_of
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Length,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from generators.proof.meaning.columns import NAME, Column, Labels, Series, Store, Track, Unforeseen, Vector
from generators.proof.meaning.operators import ARITHMETIC, COMPARISONS, aggregated, joined, kept, paired, without
from generators.proof.meaning.quantiles import quantiles
from generators.proof.meaning.ranges import RANGED, RISES, Range, Rise, ahead_over, over_range, rise_over, slope_over

_KEEP_NAME = ("last_over_time",)


def vector(tree: Expr, store: Store) -> Vector:
    """The value of an expression at every step. Series that never have a value are left out."""
    return {labels: column for labels, column in _vector(tree, store).items() if column.count(None) < len(column)}


def _vector(tree: Expr, store: Store) -> Vector:
    """Of the same tree in the same store once; nobody may alter it."""
    found = store.known.get(id(tree))
    if found is None:
        found = store.known[id(tree)] = tree, _worked_out(tree, store)
    return found[1]


def _worked_out(tree: Expr, store: Store) -> Vector:
    if isinstance(tree, Paren):
        return _vector(tree.expr, store)
    if isinstance(tree, VectorSelector):
        return {_named(one, tree.name): store.instant(one, _seconds(tree.offset)) for one in store.select(tree)}
    if isinstance(tree, Aggregation):
        return aggregated(tree, _vector(tree.expr, store))
    if isinstance(tree, Binary):
        return _binary(tree, store)
    if isinstance(tree, Call):
        return _call(tree, store)
    if isinstance(tree, Unary):
        return _each(_vector(tree.expr, store), (lambda value: -value) if tree.op == "-" else (lambda value: value))
    raise Unforeseen(type(tree).__name__)


def scalar(tree: Expr, store: Store) -> Column:
    """The value of a scalar expression at every step."""
    if isinstance(tree, Paren):
        return scalar(tree.expr, store)
    if isinstance(tree, NumberLiteral):
        return _constant(tree.value, store.steps)
    if isinstance(tree, Unary):
        inner = scalar(tree.expr, store)
        return [None if value is None else -value for value in inner] if tree.op == "-" else inner
    if isinstance(tree, Binary):
        return paired(tree.op, scalar(tree.left, store), scalar(tree.right, store))
    if isinstance(tree, Call) and tree.function == "time":
        return [float(index * store.step) for index in range(store.steps)]
    raise Unforeseen(f"a scalar of {type(tree).__name__}")


@lru_cache(maxsize=512)
def _constant(value: float, steps: int) -> Column:
    return [value] * steps


def _binary(tree: Binary, store: Store) -> Vector:
    scalars = kind_of(tree.left) == "scalar", kind_of(tree.right) == "scalar"
    if not any(scalars):
        return joined(tree, _vector(tree.left, store), _vector(tree.right, store))
    if tree.return_bool or tree.op not in (*COMPARISONS, *ARITHMETIC):
        raise Unforeseen(f"'{tree.op}' with a number")
    inner = _vector(tree.right if scalars[0] else tree.left, store)
    number = scalar(tree.left if scalars[0] else tree.right, store)
    found: Vector = {}
    for labels, column in inner.items():
        result = paired(tree.op, number, column) if scalars[0] else paired(tree.op, column, number)
        if scalars[0] and tree.op in COMPARISONS:
            result = [value if held is not None else None for value, held in zip(column, result, strict=True)]
        found[labels if tree.op in COMPARISONS else without(labels, ())] = result
    return found


def _call(call: Call, store: Store) -> Vector:
    name, args = call.function, call.args
    if name == "vector":
        return {frozenset(): scalar(args[0], store)}
    if name == "histogram_quantile" and isinstance(args[0], NumberLiteral):
        return quantiles(args[0].value, _vector(args[1], store))
    if name == "absent":
        return _absent(args[0], store)
    if name == "abs":
        return _each(_vector(args[0], store), abs)
    if args and isinstance(args[0], MatrixSelector):
        return _ranged(call, args[0], store)
    if args and isinstance(args[0], Subquery) and name in RANGED:
        return _subquery(name, args[0], store)
    raise Unforeseen(f"{name}()")


def _ranged(call: Call, matrix: MatrixSelector, store: Store) -> Vector:
    name, selector = call.function, matrix.selector
    span = Range(_seconds(matrix.range), _seconds(selector.offset))
    if name in RISES:
        kind = Rise(float(span.width) if name == "rate" else 1.0, RISES[name])
        return {_unnamed(one): rise_over(one.track, span, kind) for one in store.select(selector)}
    if name == "deriv":
        return {_unnamed(one): slope_over(one.track, span) for one in store.select(selector)}
    if name == "predict_linear" and isinstance(call.args[1], NumberLiteral):
        ahead = call.args[1].value
        return {_unnamed(one): ahead_over(one.track, span, ahead) for one in store.select(selector)}
    if name not in RANGED:
        raise Unforeseen(f"{name}()")
    labels: Callable[[Series], Labels] = (lambda one: _named(one, selector.name)) if name in _KEEP_NAME else _unnamed
    return {labels(one): over_range(one.track, span, name) for one in store.select(selector)}


def _subquery(name: str, tree: Subquery, store: Store) -> Vector:
    """Of an expression at whole multiples of its own step, where the test's steps are among them."""
    step = _seconds(tree.step) if tree.step else store.step
    if step % store.step or tree.at is not None:
        raise Unforeseen("a subquery finer than the test")
    every = step // store.step
    span, found = Range(_seconds(tree.range), _seconds(tree.offset)), {}
    for labels, column in _vector(tree.expr, store).items():
        raw = [value if index % every == 0 else None for index, value in enumerate(column)]
        found[labels if name in _KEEP_NAME else without(labels, ())] = over_range(Track(store.step, raw), span, name)
    return found


def _absent(tree: Expr, store: Store) -> Vector:
    """1 where nothing is, with the labels that its equality matchers fix."""
    columns = list(_vector(tree, store).values())
    names = [matcher.name for matcher in tree.matchers] if isinstance(tree, VectorSelector) else []
    fixed = [(it.name, it.value) for it in tree.matchers if it.op == "=" and it.value] if isinstance(tree, VectorSelector) else []
    labels: Labels = frozenset(pair for pair in fixed if names.count(pair[0]) == 1)
    return {labels: [None if any(column[index] is not None for column in columns) else 1.0 for index in range(store.steps)]}


def _each(vector: Vector, change: Callable[[float], float]) -> Vector:
    return {
        without(labels, ()): [None if value is None else change(value) for value in column] for labels, column in vector.items()
    }


def _named(series: Series, name: str) -> Labels:
    return series.pairs | {(NAME, name)}


def _unnamed(series: Series) -> Labels:
    return series.pairs


def _seconds(length: Length | None) -> int:
    if length is None:
        return 0
    if not isinstance(length, Duration) or length.nanoseconds % 1_000_000_000:
        raise Unforeseen("a duration that is no number of seconds")
    return int(length.seconds)


__all__ = ["kept", "scalar", "vector"]
