"""A message that names a label which is gone. In: alerts. Out: faults at annotations and labels that read `$labels.x` where the
condition's result has no label x: people read "on instance <nothing>"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.ir.rules import AlertingRule
from generators.promql.labels import NAME

ID = "dropped-label"
_NAMED = re.compile(r"\$labels\.(\w+)")
_ASKED = re.compile(r"\{\{-?\s*(?:else\s+)?(?:if|with|or|and)\b[^}]*\$labels\.(\w+)")


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.alerts:
        rule = one.rule
        told: set[str] = set()
        texts = (*rule.annotations.items(), *rule.labels.items()) if isinstance(rule, AlertingRule) else ()
        for key, text in texts:
            optional = set(_ASKED.findall(text))
            for label in dict.fromkeys(_NAMED.findall(text)):
                if label not in told | optional and not one.types.result.labels.may_have(label) and label != NAME:
                    told.add(label)
                    kept = one.types.result.labels.only
                    has = f"It has: {', '.join(sorted(kept - {NAME})) or 'no label'}." if kept is not None else ""
                    fix = f"Keep '{label}' in the aggregation, or take it out of the text. {has}".strip()
                    yield Fault(
                        ID, rule.where, f"'{one.name}': '{key}' names the label '{label}', which its condition drops", fix
                    )
