"""Mistakes in what a rule says beside its expression. In: a rule. Out: changes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, Rule
from generators.mutants.mutant import Change

SEVERITY = "severity"
OTHER_SEVERITY = {"critical": "warning", "warning": "info", "info": "warning"}


def for_dropped(rule: Rule, _: Contract) -> Iterator[Change]:
    """An alert that fires at once."""
    if isinstance(rule, AlertingRule) and rule.hold:
        yield Change(f"for: {rule.hold}s", "for: 0s", replace(rule, hold=0))


def for_doubled(rule: Rule, _: Contract) -> Iterator[Change]:
    """An alert that waits twice as long."""
    if isinstance(rule, AlertingRule) and rule.hold:
        yield Change(f"for: {rule.hold}s", f"for: {2 * rule.hold}s", replace(rule, hold=2 * rule.hold))


def rule_dropped(rule: Rule, _: Contract) -> Iterator[Change]:
    """No rule at all."""
    yield Change("the rule", "no rule", None)


def severity_changed(rule: Rule, _: Contract) -> Iterator[Change]:
    """The next severity."""
    if SEVERITY in rule.labels:
        now = OTHER_SEVERITY.get(rule.labels[SEVERITY], "warning")
        yield Change(
            f"{SEVERITY}: {rule.labels[SEVERITY]}", f"{SEVERITY}: {now}", replace(rule, labels={**rule.labels, SEVERITY: now})
        )


def annotation_emptied(rule: Rule, _: Contract) -> Iterator[Change]:
    """Each annotation in turn without its text."""
    if isinstance(rule, AlertingRule):
        for name in rule.annotations:
            yield Change(f"{name}: …", f'{name}: ""', replace(rule, annotations={**rule.annotations, name: ""}))
