"""Which series a value comes from. In: a tree. Out: the totals and the rates whose values make its own; what is only counted, asked for
existence or held against it is left out. And of a name: whether it is surely a counter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.conditions import EXISTENCE
from generators.checks.expressions.facts import Facts, Judged
from generators.promql import Expr
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import Aggregation, Binary, Call, Paren, Unary, VectorSelector
from generators.promql.types.calls import RATES, SAME_VALUE
from generators.promql.walk import children, metric_of
from generators.record import dataclass

_THROUGH = SAME_VALUE | {"clamp", "clamp_min", "clamp_max", "label_replace", "label_join", "histogram_quantile", "vector"}
_ONE_SIDE = frozenset({"and", "unless"})
_RECORDED_RATE = re.compile(r":[\w:]*(rate|increase)\d*[smhdw]?(?=:|$)")
_EVENT = re.compile(
    r"_(errors?|errs|failures?|failed|fails|dropped|drops|rejected|rejections|refused|exceeded|missed|timeouts?|duplicate|discarded"
    r"|out_of_order|aborted|lost|corruptions|conflicts|unavailable|hit|evictions|retries)(_\w+)?_total$"
)
"""Names of what happens, not of what there is: by https://prometheus.io/docs/practices/naming/ `_total` is a counter, but exporters call
the size of a thing so as well (`disk_bytes_total`)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Where values come from: selectors of counters as they are, and rates, which are calls or recorded."""

    totals: tuple[VectorSelector, ...]
    rates: tuple[Expr, ...]


def carried(one: Judged, expr: Expr) -> Carried:
    """The totals and rates behind the value of a part of a rule."""
    leaves = tuple(_leaves(expr))
    plain = tuple(leaf for leaf in leaves if isinstance(leaf, VectorSelector))
    totals = tuple(leaf for leaf in plain if one.types[leaf].cumulative)
    recorded = tuple(leaf for leaf in plain if _RECORDED_RATE.search(leaf.name) and not one.types[leaf].cumulative)
    return Carried(totals, (*(leaf for leaf in leaves if isinstance(leaf, Call)), *recorded))


def _leaves(expr: Expr) -> Iterator[Expr]:
    pending = [expr]
    while pending:
        node = pending.pop()
        if isinstance(node, VectorSelector) or (isinstance(node, Call) and node.function in RATES):
            yield node
        elif isinstance(node, Binary):
            left_alone = node.op in _ONE_SIDE or (node.op in COMPARISONS and not node.return_bool)
            pending += (node.left,) if left_alone else () if node.return_bool else (node.right, node.left)
        elif isinstance(node, Aggregation):
            pending += (node.expr,) if node.op not in EXISTENCE else ()
        elif isinstance(node, Paren | Unary) or (isinstance(node, Call) and node.function in _THROUGH):
            pending += reversed(children(node))


def surely_counter(facts: Facts, selector: VectorSelector) -> bool:
    """Whether a name is that of a counter beyond doubt: defined as one, part of a histogram or a summary, called like what
    happens, or somebody takes its rate."""
    name = metric_of(selector) or ""
    metric = facts.contract.by_series.get(name)
    if metric is not None:
        return metric.kind == "counter" or name != metric.name
    return name in facts.rated or name.endswith(("_bucket", "_count", "_sum")) or bool(_EVENT.search(name))


def surely_event(facts: Facts, selector: VectorSelector) -> bool:
    """Whether a counter is defined, or called like what happens."""
    name = metric_of(selector) or ""
    metric = facts.contract.by_series.get(name)
    return metric.kind == "counter" if metric is not None else bool(_EVENT.search(name))
