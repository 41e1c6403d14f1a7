"""Facts about trees: metrics, labels named, how far they look back, and changes in places."""

from __future__ import annotations

import pytest

from generators.promql import longest_lookback, metric_names, parse, selectors, text_of
from generators.promql.literals import duration_text
from generators.promql.syntax import Expr, NumberLiteral, VectorSelector
from generators.promql.walk import labels_named, matchers, ranges, replace, with_matchers
from tests.promql import build as q

EXPR = 'sum by (job) (rate(a_total{code="500"}[5m])) / on (job) group_left (team) max({__name__="b",x!=""} or {"c.d"}) > 2'


def test_metrics_are_named_in_reading_order_each_once() -> None:
    assert metric_names(parse(EXPR)) == ("a_total", "b", "c.d")
    assert metric_names(parse('up + up + {__name__=~"x|y"}')) == ("up",)


def test_matchers_come_with_their_selector() -> None:
    found = [(selector.name, matcher.name, matcher.op) for selector, matcher in matchers(parse(EXPR))]
    assert found == [("a_total", "code", "="), ("", "x", "!=")]


def test_labels_named_are_those_read() -> None:
    assert labels_named(parse(EXPR)) == ("job", "team", "code", "x")
    assert labels_named(parse('label_replace(a, "new", "$1", "old", "") + label_join(b, "c", "-", "d", "e")')) == (
        "old",
        "d",
        "e",
    )


def test_ranges_and_selectors_are_found_inside_everything() -> None:
    tree = parse("quantile_over_time(scalar(q), (sum(x) by (y))[1h:5m]) unless -topk(scalar(k), rate(z[5m:]))")
    assert len(list(ranges(tree))) == 2
    assert [selector.name for selector in selectors(tree)] == ["q", "x", "k", "z"]


@pytest.mark.parametrize(
    ("expr", "length"),
    [
        ("a", "0s"),
        ("a offset 1h", "1h"),
        ("a offset -1h", "0s"),
        ("rate(a[5m])", "5m"),
        ("rate(a[5m] offset 1h)", "1h5m"),
        ("max_over_time(rate(a[5m] offset 10m)[1h:1m] offset 1d)", "1d1h15m"),
        ("rate(a[5m]) / rate(b[30m])", "30m"),
        ("rate(a[1m + 30s])", "1m30s"),
        ("rate(a[max_of(step(), 5m)])", "5m"),
        ("rate(a[2 * step()])", "2m"),
        ("rate(a[5m] offset -2m)", "3m"),
        ("vector(1)[1h:]", "1h"),
        ("avg_over_time(a[30d])", "30d"),
        ("rate(a[9 ^ 9 ^ 9])", "0s"),
        ("rate(a[(-2) ^ 0.5])", "0s"),
        ("rate(a[5m / (1 - 1)])", "0s"),
    ],
)
def test_the_longest_look_back(expr: str, length: str) -> None:
    assert duration_text(longest_lookback(parse(expr)).nanoseconds) == length


def test_matchers_are_added_to_every_selector() -> None:
    tree = with_matchers(parse('rate(a{env="x"}[5m] offset 1h) + b and {c="d"}'), [q.equal("env", "prod")])
    assert text_of(tree) == 'rate(a{env="prod"}[5m] offset 1h) + b{env="prod"} and {c="d",env="prod"}'


def test_replace_reaches_every_part() -> None:
    def doubled(node: Expr) -> Expr:
        if isinstance(node, NumberLiteral):
            return NumberLiteral(node.value * 2)
        return VectorSelector(node.name * 2) if isinstance(node, VectorSelector) else node

    tree = parse("-(topk(1, a) + 2 ^ 3) and clamp(deriv(rate(b[5m])[1h:]), 4, 5) or c")
    expected = "-(topk(2, aa) + 4 ^ 6) and clamp(deriv(rate(bb[5m])[1h:]), 8, 10) or cc"
    assert text_of(replace(tree, doubled)) == expected


def test_long_chains_are_no_trouble() -> None:
    tree = parse(" or ".join(["a"] * 3000))
    assert metric_names(tree) == ("a",)
    assert text_of(replace(tree, lambda node: node)).count(" or ") == 2999
