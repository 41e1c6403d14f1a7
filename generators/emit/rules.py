"""Rule files as Prometheus reads them. In: RuleFile. Out: prometheus/rules/<name>.yml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generators.emit.serialize import duration, yaml
from generators.ir.rules import AlertingRule, Rule, RuleFile, RuleGroup


def emit(files: Iterable[RuleFile]) -> dict[str, str]:
    """One file for each rule file, groups and rules in their order."""
    return {
        f"prometheus/rules/{file.name}.yml": yaml({"groups": [_group(group) for group in file.groups]}, file.title)
        for file in files
    }


def _group(group: RuleGroup) -> dict[str, Any]:
    return {"name": group.name, "interval": duration(group.interval), "rules": [_rule(rule) for rule in group.rules]}


def _rule(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, AlertingRule):
        return _alert(rule)
    entry: dict[str, Any] = {"record": rule.record, "expr": rule.expr}
    if rule.labels:
        entry["labels"] = rule.labels
    return entry


def _alert(rule: AlertingRule) -> dict[str, Any]:
    entry: dict[str, Any] = {"alert": rule.alert, "expr": rule.expr}
    if rule.hold:
        entry["for"] = duration(rule.hold)
    if rule.keep_firing:
        entry["keep_firing_for"] = duration(rule.keep_firing)
    if rule.labels:
        entry["labels"] = rule.labels
    if rule.annotations:
        entry["annotations"] = rule.annotations
    return entry
