"""The telemetry contract with what our own rules record. In: the Plan's contract and the compiled rules. Out: the contract in which
dashboards and checks look names up: a recorded series has the labels that its expression leaves and its rule adds. Labels that
come from the target stay unsaid, as for every metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generators.ir.contract import Contract, Metric
from generators.ir.rules import RecordingRule, RuleFile
from generators.promql import Expr, labels_of, parse
from generators.promql.syntax import Aggregation, Binary, Call, StringLiteral, VectorSelector
from generators.promql.walk import children, metric_of

MAKES_A_LABEL = frozenset({"label_replace", "label_join"})


def with_recorded(contract: Contract, files: Iterable[RuleFile]) -> Contract:
    """The contract and one metric for each name that a recording rule writes."""
    series = dict(contract.by_series)
    recorded: dict[str, Metric] = {}
    seen: set[tuple[str, ...]] = set()
    for file in files:
        for group in file.groups:
            for rule in group.rules:
                # Rules of one name that add the same labels are one thing said of many: the first speaks for all.
                kind = (rule.record, *rule.labels) if isinstance(rule, RecordingRule) else ()
                if isinstance(rule, RecordingRule) and rule.record not in contract.metrics and kind not in seen:
                    seen.add(kind)
                    known = recorded[rule.record].labels if rule.record in recorded else ()
                    labels = dict.fromkeys((*known, *sorted(_carried(parse(rule.expr), series)), *rule.labels))
                    recorded[rule.record] = series[rule.record] = Metric(rule.record, "gauge", tuple(labels), where=rule.where)
    return Contract.of((*contract.metrics.values(), *recorded.values()), contract.series_budget)


def _carried(expr: Expr, series: Mapping[str, Metric]) -> frozenset[str]:
    """The labels that the answer can have, given those of the metrics."""
    if isinstance(expr, VectorSelector):
        metric = series.get(metric_of(expr) or "")
        found = frozenset(metric.labels if metric else ())
        buckets = metric is not None and metric.kind == "histogram" and expr.name is not None and expr.name.endswith("_bucket")
        return found | {"le"} if buckets else found
    if isinstance(expr, Aggregation) and not expr.without and expr.op not in ("topk", "bottomk"):
        return frozenset(expr.grouping)
    if isinstance(expr, Binary):
        return _joined(expr, series)
    found = frozenset().union(*(_carried(each, series) for each in children(expr)))
    if isinstance(expr, Call) and expr.function in MAKES_A_LABEL and isinstance(expr.args[1], StringLiteral):
        found |= {expr.args[1].value}
    left = labels_of(expr)
    return frozenset(label for label in found if left.may_have(label))


def _joined(expr: Binary, series: Mapping[str, Metric]) -> frozenset[str]:
    left, right = _carried(expr.left, series), _carried(expr.right, series)
    if expr.op == "or":
        return left | right
    card = expr.matching.card if expr.matching else "one-to-one"
    many = right if card == "one-to-many" or not left else left
    if expr.matching and expr.matching.on and card == "one-to-one" and expr.op not in ("and", "unless"):
        many &= frozenset(expr.matching.labels)
    return many | frozenset(expr.matching.include if expr.matching else ())
