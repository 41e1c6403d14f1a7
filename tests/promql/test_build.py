"""What build makes of names, matchers and bounds, as the text a reader of the rules will see."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generators.promql import parse, text_of
from generators.promql.syntax import Expr
from tests.promql import build as q

REQUESTS = q.selector("http_requests_total", [q.equal("job", "api"), q.unlike("code", "5..")])
A, B, C = q.selector("a"), q.selector("b"), q.selector("c")

CASES: list[tuple[Expr, str]] = [
    (REQUESTS, 'http_requests_total{code!~"5..",job="api"}'),
    (q.rate(REQUESTS, "5m"), 'rate(http_requests_total{code!~"5..",job="api"}[5m])'),
    (q.sum_by(q.rate(A, "5m"), ["job", "op"]), "sum by (job, op) (rate(a[5m]))"),
    (q.sum_by(A), "sum(a)"),
    (q.aggregate_without("max", A, ["instance"]), "max without (instance) (a)"),
    (q.topk(5, A, ["job"]), "topk by (job) (5, a)"),
    (q.compare(q.ratio(A, B), ">", Decimal("0.0144")), "a / b > 0.0144"),
    (q.compare(q.ratio(A, q.add(B, 1)), "<=", Decimal("1e-7")), "a / (b + 1) <= 0.0000001"),
    (q.compare_bool(A, "==", 0), "a == bool 0"),
    (q.ratio(q.ratio(A, B), C), "a / b / c"),
    (q.ratio(A, q.ratio(B, C)), "a / (b / c)"),
    (q.subtract(A, q.subtract(B, C)), "a - (b - c)"),
    (q.binary(q.binary(A, "^", B), "^", C), "(a ^ b) ^ c"),
    (q.binary(A, "^", q.binary(B, "^", C)), "a ^ b ^ c"),
    (q.binary(-2, "^", A), "(-2) ^ a"),
    (q.multiply(-2, A), "-2 * a"),
    (q.binary(q.negative(A), "^", 2), "(-a) ^ 2"),
    (q.negative(q.add(A, B)), "-(a + b)"),
    (q.negative(q.binary(A, "^", B)), "-a ^ b"),
    (q.negative(3), "-3"),
    (q.both(q.either(A, B), C), "(a or b) and c"),
    (q.either(q.both(A, B), C), "a and b or c"),
    (q.unless(A, B, q.on(["job"])), "a unless on (job) b"),
    (q.multiply(A, B, q.group_left(q.on(["instance"]), ["version"])), "a * on (instance) group_left (version) b"),
    (q.ratio(A, B, q.ignoring([])), "a / b"),
    (q.ratio(A, 2, q.on(["x"])), "a / 2"),
    (q.earlier(A, "1d"), "a offset 1d"),
    (q.rate(q.earlier(A, "1w"), "5m"), "rate(a[5m] offset 1w)"),
    (q.over("max_over_time", q.rate(A, "5m"), "1h", "1m"), "max_over_time(rate(a[5m])[1h:1m])"),
    (q.over("avg_over_time", q.ratio(A, B), "30d", "5m"), "avg_over_time((a / b)[30d:5m])"),
    (q.over("max_over_time", A, "1h", "1m"), "max_over_time(a[1h:1m])"),
    (q.histogram_quantile(Decimal("0.99"), q.sum_by(A, ["le"])), "histogram_quantile(0.99, sum by (le) (a))"),
    (q.either(q.sum_by(A), q.vector(0)), "sum(a) or vector(0)"),
    (q.with_label(A, "kind", "5 $ a piece"), 'label_replace(a, "kind", "5 $$ a piece", "", "")'),
    (q.clamp_max(q.clamp_min(A, 0), 1), "clamp_max(clamp_min(a, 0), 1)"),
    (q.subtract(q.time(), A), "time() - a"),
    (q.absent(REQUESTS), 'absent(http_requests_total{code!~"5..",job="api"})'),
    (q.paren(q.add(A, 1)), "(a + 1)"),
    (q.selector("a", [q.one_of("path", ["/x.y", "/z"])]), r'a{path=~"/x\\.y|/z"}'),
    (q.selector("a", [q.one_of("path", ["/x.y"])]), 'a{path="/x.y"}'),
    (q.selector("a", [q.none_of("code", ["200", "204"])]), 'a{code!~"200|204"}'),
    (q.selector("a", [*q.equals({"z": "1", "b": "2"}), q.equal("z", "1")]), 'a{b="2",z="1"}'),
]


@pytest.mark.parametrize(("tree", "text"), CASES, ids=[case[1] for case in CASES])
def test_what_is_built(tree: Expr, text: str) -> None:
    assert text_of(tree) == text
    assert parse(text) == tree


@pytest.mark.parametrize(
    "bound", ["0.001", "0.0009999", "14.4", "1e-9", "0.1", "123456789.123456", "1000000", "0", "-0.05", "99.95", "1e15"]
)
def test_bounds_print_exactly_as_written(bound: str) -> None:
    assert text_of(q.number(Decimal(bound))) == format(Decimal(bound), "f")


def test_a_window_has_to_be_a_duration() -> None:
    with pytest.raises(ValueError, match="no duration"):
        q.rate(A, "5")
