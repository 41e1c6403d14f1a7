"""Which labels the series of an expression can have, as far as the expression alone tells. In: a tree. Out: `Labels`.

It says "may have" in doubt: what a metric really carries is known to the contract, not to PromQL. The rules are those of
Prometheus's engine (https://prometheus.io/docs/prometheus/latest/querying/operators/)."""

from __future__ import annotations

from generators.promql.check import kind_of
from generators.promql.functions import COMPARISONS, SET_OPERATORS
from generators.promql.syntax import (
    BY_ALL_LABELS,
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from generators.record import dataclass

NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels (`only` is None) or those alone, but for `dropped`."""

    only: frozenset[str] | None = None
    dropped: frozenset[str] = frozenset()

    def may_have(self, name: str) -> bool:
        return name not in self.dropped and (self.only is None or name in self.only)

    def without(self, *names: str) -> Labels:
        if self.only is not None:
            return Labels(self.only - {*names})
        return Labels(None, self.dropped | {*names})

    def limited(self, *names: str) -> Labels:
        return Labels(frozenset(name for name in names if self.may_have(name)))

    def joined(self, *names: str) -> Labels:
        if self.only is not None:
            return Labels(self.only | {*names})
        return Labels(None, self.dropped - {*names})

    def either(self, other: Labels) -> Labels:
        if self.only is not None and other.only is not None:
            return Labels(self.only | other.only)
        if self.only is None and other.only is None:
            return Labels(None, self.dropped & other.dropped)
        every, some = (self, other) if self.only is None else (other, self)
        return Labels(None, every.dropped - (some.only or frozenset()))


NONE = Labels(frozenset())
_SCALAR_CALLS = frozenset({"vector", "scalar", "time", "pi", "start", "end", "step", "range", "max_of", "min_of"})
_KEEP_NAME = frozenset({"last_over_time", "first_over_time", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc"})
_SELECTING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def labels_of(expr: Expr) -> Labels:
    """The labels that the series of an expression can have."""
    if isinstance(expr, NumberLiteral | StringLiteral):
        return NONE
    if isinstance(expr, VectorSelector):
        return Labels(None, frozenset(m.name for m in expr.matchers if m.op == "=" and not m.value))
    if isinstance(expr, MatrixSelector):
        return labels_of(expr.selector)
    if isinstance(expr, Paren | Subquery):
        return labels_of(expr.expr)
    if isinstance(expr, Unary):
        return labels_of(expr.expr).without(NAME)
    if isinstance(expr, Aggregation):
        return _aggregated(expr)
    return _combined(expr) if isinstance(expr, Binary) else _called(expr)


def _aggregated(expr: Aggregation) -> Labels:
    inner = labels_of(expr.expr)
    if expr.op in _SELECTING:
        return inner
    kept = inner.without(*expr.grouping, NAME) if expr.without else inner.limited(*expr.grouping)
    if expr.op == "count_values" and isinstance(expr.param, StringLiteral):
        return kept.joined(expr.param.value)
    return kept


def _called(expr: Call) -> Labels:
    name = expr.function
    if name in _SCALAR_CALLS or not expr.args:
        return NONE
    if name in ("absent", "absent_over_time"):
        return _absent(expr.args[0])
    if name == "info":
        return Labels()
    inner = next((labels_of(arg) for arg in expr.args if not isinstance(arg, NumberLiteral | StringLiteral)), NONE)
    if name in ("label_replace", "label_join"):
        target = expr.args[1]
        return inner.joined(target.value) if isinstance(target, StringLiteral) else Labels()
    if name == "histogram_quantiles" and isinstance(expr.args[1], StringLiteral):
        return inner.without(NAME, "le").joined(expr.args[1].value)
    if name in ("histogram_quantile", "histogram_fraction"):
        # A parameter may be an expression as well; the histogram is the last argument.
        return labels_of(expr.args[-1]).without(NAME, "le")
    if name == "quantile_over_time":
        return labels_of(expr.args[-1]).without(NAME)
    return inner if name in _KEEP_NAME else inner.without(NAME)


def _absent(expr: Expr) -> Labels:
    """What absence leaves to name: the labels that one equality matcher fixes."""
    selector = expr.selector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(selector, VectorSelector):
        return NONE
    names = [m.name for m in selector.matchers]
    fixed = (m.name for m in selector.matchers if m.op == "=" and m.value and m.name != NAME)
    return Labels(frozenset(name for name in fixed if names.count(name) == 1))


def _combined(expr: Binary) -> Labels:
    # Chains of operators lean to the left and may be long; they are walked, not recursed into.
    chain = [expr]
    while isinstance(chain[-1].left, Binary):
        chain.append(chain[-1].left)
    kept, kind = labels_of(chain[-1].left), kind_of(chain[-1].left)
    for each in reversed(chain):
        right = kind_of(each.right)
        if kind == "vector" and right == "vector":
            kept = _joined(each, kept, labels_of(each.right))
        else:
            kept = kept if kind == "vector" else labels_of(each.right)
            kept = kept if each.op in COMPARISONS and not each.return_bool else kept.without(NAME)
        kind = "vector" if right == "vector" else kind
    return kept


def _joined(expr: Binary, left: Labels, right: Labels) -> Labels:
    """The labels where both sides are vectors."""
    if expr.op == "or":
        return left.either(right)
    if expr.op in SET_OPERATORS:
        return left
    kept = _matched(left, right, expr.matching or BY_ALL_LABELS)
    return kept if expr.op in COMPARISONS and not expr.return_bool else kept.without(NAME)


def _matched(left: Labels, right: Labels, matching: VectorMatching) -> Labels:
    if matching.card == "one-to-one":
        return left.limited(*matching.labels) if matching.on else left.without(*matching.labels)
    many, one = (left, right) if matching.card == "many-to-one" else (right, left)
    taken = tuple(name for name in matching.include if one.may_have(name))
    return many.without(*matching.include).joined(*taken)
