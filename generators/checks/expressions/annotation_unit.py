"""A message that shows a value in the wrong unit. In: alerts. Out: faults at annotations that print a value as a duration which is not in
seconds, as a percentage which is not a ratio, or with a percent sign behind a plain ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.ir.rules import AlertingRule
from generators.promql.types import RATIO, SECONDS, Type, Unit

ID = "annotation-unit"
_SHOWN = re.compile(r"\{\{-?\s*\$value\s*\|\s*(humanizeDuration|humanizePercentage)\b")
_PERCENT = re.compile(
    r"\{\{-?\s*(?:\$value(?:\s*\|\s*(?:humanize|printf\s+\"[^\"]*\"))?|printf\s+\"[^\"%]*%[.\d]*[fg]\"\s+\$value)\s*-?\}\}"
    r"\s*(?:%|percent\b)"
)
_WANTED: dict[str, Unit] = {"humanizeDuration": SECONDS, "humanizePercentage": RATIO}


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.alerts:
        rule = one.rule
        for key, text in rule.annotations.items() if isinstance(rule, AlertingRule) else ():
            wrong = _wrong(text, one.types.result)
            if wrong:
                fix = "Bring the value to that unit in the expression, or show it in its own."
                yield Fault(ID, rule.where, f"'{one.name}': the annotation '{key}' {wrong}", fix)
                break


def _wrong(text: str, found: Type) -> str:
    if found.unit is None:
        return ""
    for shown in _SHOWN.finditer(text):
        if not found.unit.same_as(_WANTED[shown[1]]):
            return f"shows a value in {found.unit} by {shown[1]}, which takes {_WANTED[shown[1]]}"
    share = found.unit.same_as(RATIO) and found.range.low >= 0 and found.range.high <= 1
    return "puts a percent sign behind a ratio between 0 and 1" if share and _PERCENT.search(text) else ""
