"""The examples of the pages in docs/checks. In: the id of a check. Out: its bad and its good example as rule files and a contract, and what
the checks say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from generators.checks.expressions import Settings, judge
from generators.fault import Fault, Where, Written
from generators.ir.contract import Contract, Metric
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup

PAGES = Path(__file__).parents[2] / "docs" / "checks"
SETTINGS = Settings(scrape_interval=15, some_targets=frozenset(), series_budget=1000)
"""What docs/checks/README.md says of the examples."""

_BLOCK = re.compile(r"^## (Bad|Good)\n+```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(id: str) -> dict[str, Mapping[str, Any]]:
    """The page's examples by "Bad" and "Good"."""
    text = (PAGES / f"{id}.md").read_text(encoding="utf-8")
    return {match[1]: yaml.safe_load(match[2]) for match in _BLOCK.finditer(text)}


def faults(example: Mapping[str, Any]) -> list[Fault]:
    """What all checks together say of an example."""
    rules = tuple(rule(one) for one in example["rules"])
    contract = Contract.of(metric(name, one) for name, one in example["metrics"].items())
    return list(judge([RuleFile("example", "", (RuleGroup("example", 60, rules),))], contract, SETTINGS))


def rule(one: Mapping[str, Any]) -> Rule:
    expr, where = str(one["expr"]), Where("rules.yml", 1, 1)
    written, labels = Written(expr, where, inline=True), one.get("labels", {})
    if "record" in one:
        return RecordingRule(one["record"], expr, labels, where, written, one.get("unit", ""))
    hold = int(str(one.get("for", "0m")).removesuffix("m")) * 60
    return AlertingRule(one["alert"], expr, hold, 0, labels, one.get("annotations", {}), where, written, one.get("unit", ""))


def metric(name: str, one: Mapping[str, Any]) -> Metric:
    low, high = one.get("range", (None, None))
    normal = one.get("normal", (None, None))
    return Metric(
        name,
        one["kind"],
        labels=tuple(one.get("labels", ())),
        unit=one.get("unit", ""),
        buckets=tuple(Decimal(str(bound)) for bound in one.get("buckets", ())),
        low=None if low is None else Decimal(str(low)),
        high=None if high is None else Decimal(str(high)),
        normal_low=None if normal[0] is None else Decimal(str(normal[0])),
        normal_high=None if normal[1] is None else Decimal(str(normal[1])),
        values={label: tuple(values) for label, values in one.get("values", {}).items()},
    )
