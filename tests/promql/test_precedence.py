"""How operators group, which no canonical text shows: against groupings written out, and by what Prometheus computes."""

from __future__ import annotations

import itertools
import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from generators.promql import parse, text_of
from generators.promql.functions import COMPARISONS, PRECEDENCE
from generators.promql.syntax import Binary, Expr, Paren, Unary
from generators.promql.walk import replace
from tests.promql.engine import running_prometheus

GROUPED = [
    ("a + b * c", "a + (b * c)"),
    ("a * b + c", "(a * b) + c"),
    ("a - b - c", "(a - b) - c"),
    ("a / b * c % d atan2 e", "(((a / b) * c) % d) atan2 e"),
    ("a ^ b ^ c", "a ^ (b ^ c)"),
    ("a * b ^ c", "a * (b ^ c)"),
    ("-a ^ b", "-(a ^ b)"),
    ("-a * b", "(-a) * b"),
    ("a ^ -b * c", "(a ^ (-b)) * c"),
    ("a ^ -b ^ c", "a ^ (-(b ^ c))"),
    ("a or b and c", "a or (b and c)"),
    ("a and b unless c", "(a and b) unless c"),
    ("a or b or c", "(a or b) or c"),
    ("a > b + c", "a > (b + c)"),
    ("a > b > c", "(a > b) > c"),
    ("a == b and c != d", "(a == b) and (c != d)"),
    ("a </ b + c", "a </ (b + c)"),
    ("a + b offset 5m", "a + (b offset 5m)"),
    ("a offset 5m ^ b", "(a offset 5m) ^ b"),
]


def without_parens(tree: Expr) -> Expr:
    return replace(tree, lambda node: node.expr if isinstance(node, Paren) else node)


def with_parens(tree: Expr) -> Expr:
    return replace(tree, lambda node: Paren(node) if isinstance(node, Binary | Unary) else node)


@pytest.mark.parametrize(("text", "grouped"), GROUPED, ids=[text for text, _ in GROUPED])
def test_operators_group(text: str, grouped: str) -> None:
    assert parse(text) == without_parens(parse(grouped))


def values(address: str, expr: str) -> list[str]:
    url = f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': expr, 'time': '0'})}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return [each["value"][1] for each in json.load(answer)["data"]["result"]]


@pytest.mark.engine
def test_prometheus_computes_what_our_grouping_says(tmp_path: Path) -> None:
    """`7 op 5 op 3` for every two operators, with signs: as written, and with the parentheses of our tree."""
    operators = [f"{op} bool" if op in COMPARISONS else op for op in PRECEDENCE if op not in ("</", ">/")]
    wrong, different = [], 0
    with running_prometheus(tmp_path, "scrape_configs: []") as address:
        for first, second, sign in itertools.product(operators, operators, ("", "-")):
            expr = f"{sign}vector(7) {first} {sign}vector(5) {second} vector(3)"
            computed = values(address, expr)
            if computed != values(address, text_of(with_parens(parse(expr)))):
                wrong.append(expr)
            other = f"({sign}vector(7) {first} {sign}vector(5)) {second} vector(3)"
            different += computed != values(address, other)
    assert wrong == []
    assert different > 50  # so that wrong groupings would have shown
