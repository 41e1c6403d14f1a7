"""Changes of rules. In: the rule files of two compilations, and the contract. Out: what is new, gone, or otherwise, by the
names of alerts and recorded series."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from operate.words import Change, entries, length, one, paired
from operate.words.expressions import changed

Placed = tuple[RuleGroup, Rule]


def changes(old: Sequence[RuleFile], new: Sequence[RuleFile], contract: Contract) -> Iterator[Change]:
    """Groups first, then alerts, then recordings."""
    yield from _groups(_group_map(old), _group_map(new))
    for kind in (AlertingRule, RecordingRule):
        before, after = _rule_map(old, kind), _rule_map(new, kind)
        fresh, gone, both = paired(before, after)
        for key in fresh:
            yield Change("new", *_introduced(after[key][1]))
        for key in gone:
            yield Change("gone", *_introduced(before[key][1]))
        for key in both:
            said = [*_rule(before[key][1], after[key][1], contract), *one("group", before[key][0].name, after[key][0].name)]
            if said:
                yield Change("changed", key, "; ".join(said))


def _groups(old: dict[str, RuleGroup], new: dict[str, RuleGroup]) -> Iterator[Change]:
    for name in (name for name in new if name in old):
        if old[name].interval != new[name].interval:
            yield Change("changed", f"group {name}", f"every {length(old[name].interval)} -> {length(new[name].interval)}")


def _rule(old: Rule, new: Rule, contract: Contract) -> list[str]:
    said = changed(old.expr, new.expr, contract)
    if isinstance(old, AlertingRule) and isinstance(new, AlertingRule):
        said += one("for", length(old.hold), length(new.hold))
        said += one("keep firing for", length(old.keep_firing), length(new.keep_firing))
        said += entries("label", old.labels, new.labels)
        return said + (_reworded(old, new) if said else entries("annotation", old.annotations, new.annotations))
    return said + entries("label", old.labels, new.labels)


def _reworded(old: AlertingRule, new: AlertingRule) -> list[str]:
    """Annotations that say something else, but for those that only follow a number which is told already."""
    same = {key for key, text in old.annotations.items() if _numberless(text) == _numberless(new.annotations.get(key, ""))}
    before, after = ({key: text for key, text in one.annotations.items() if key not in same} for one in (old, new))
    return entries("annotation", before, after)


def _numberless(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", text)


def _introduced(rule: Rule) -> tuple[str, str]:
    if isinstance(rule, AlertingRule):
        facts = [rule.labels[key] for key in ("severity", "service", "slo") if rule.labels.get(key)]
        return f"alert {rule.alert}", ", ".join(facts)
    return f"recording {rule.record}", ""


def _group_map(files: Iterable[RuleFile]) -> dict[str, RuleGroup]:
    return {group.name: group for file in files for group in file.groups}


def _rule_map(files: Iterable[RuleFile], kind: type[Rule]) -> dict[str, Placed]:
    """Rules by name; those that share one are told apart by their labels, and if even these are the same, counted."""
    placed = [(group, rule) for file in files for group in file.groups for rule in group.rules if isinstance(rule, kind)]
    names = Counter(_name(rule) for _, rule in placed)
    found: dict[str, Placed] = {}
    for group, rule in placed:
        name = _name(rule)
        if names[name] > 1:
            name += "{" + ", ".join(f'{key}="{value}"' for key, value in sorted(rule.labels.items())) + "}"
        key, count = name, 2
        while key in found:
            key, count = f"{name} ({count})", count + 1
        found[key] = (group, rule)
    return found


def _name(rule: Rule) -> str:
    return rule.alert if isinstance(rule, AlertingRule) else rule.record
