"""Everything written reads back as it was, and reads well."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.emit.serialize import HEADER, duration, to_json, yaml

# PyYAML's reader knows no surrogates; U+0085 and the rest of C1 are there on purpose.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
AWKWARD = (
        "", " ", "yes", "NO", "null", "~", "1", "1.5", "0x1f", "1e3", "12:30:00", "2026-11-23", "=", "<<", "- a", "a: b", "a #b",
        "#x", "&a", "*a", "!t", "%d", "@x", "`x`", "{a}", "[a]", "a]", "'", '"', "it's", 'say "x"', "trailing ", "tab\t", "\ta",
        "a\n", "a\n\n", "\na", " a\nb", "a\n b\n", "a\n\n  c", "a \nb", "\r\n", "x:", "...", "---", "./x", "../x", "30s", "1m30s",
        "sum by (x) (rate(a{b=~\"5..\"}[5m:])) > 0", "a" * 300, "word " * 60, "two  spaces " * 30, "预测 准确率 " * 40,
)  # fmt: skip
LEAF = st.one_of(TEXT, st.sampled_from(AWKWARD), st.integers(), st.booleans(), st.none())
KEY = TEXT | st.sampled_from(AWKWARD)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4), max_leaves=20)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEY, VALUE, min_size=1, max_size=4))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    assert pyyaml.safe_load(yaml(value)) == value


def test_what_yaml_would_take_for_something_else_reads_back() -> None:
    for text in AWKWARD:
        value = {text: [text, {"key": text, "list": [text, text]}, [text]]}
        assert pyyaml.safe_load(yaml(value)) == value


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (90, "1m30s"),
        (3600, "1h"),
        (86400, "1d"),
        (604800, "1w"),
        (691200, "8d"),
        (31536000, "1y"),
        (3661, "1h1m1s"),
    ],
)
def test_durations_are_written_as_prometheus_writes_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_the_text_is_for_people() -> None:
    value = {
        "expr": 'sum by (service) (rate(errors_total{status=~"5.."}[5m])) / sum by (service) (rate(requests_total[5m])) > 0.01 '
        "and on (service) up == 1",
        "script": "first\nsecond\n",
        "for": "1m30s",
        "labels": ["alertname", "service"],
        "count": "3",
        "budget": Decimal("0.0010"),
        "empty": {},
        "steps": [{"name": "a", "value": Decimal("NaN")}, {"name": "b"}],
    }
    assert yaml(value, "What it is.") == (
        f"# {HEADER}\n# What it is.\n"
        "expr: >-\n"
        '  sum by (service) (rate(errors_total{status=~"5.."}[5m])) / sum by (service) (rate(requests_total[5m])) > 0.01 and on\n'
        "  (service) up == 1\n"
        "script: |\n  first\n  second\n"
        "for: 1m30s\n"
        "labels: [alertname, service]\n"
        "count: '3'\n"
        "budget: 0.0010\n"
        "empty: {}\n"
        "steps:\n  - name: a\n    value: .nan\n  - name: b\n"
    )


def test_json_keeps_order_and_numbers() -> None:
    text = to_json({"b": Decimal("0.001"), "a": [Decimal("2"), "预测"]})
    assert json.loads(text) == {"b": 0.001, "a": [2, "预测"]}
    assert text == '{\n  "b": 0.001,\n  "a": [\n    2,\n    "预测"\n  ]\n}\n'


def test_a_value_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no YAML form"):
        yaml({"a": {1}})
