"""Which scenarios can tell two configurations apart that differ in inhibitions. In: the configuration as it is and a mutant of it.
Out: those scenarios in which one of them mutes an alert by another, and the other does not: in all others both do the same. In doubt a
scenario is kept: Alertmanager's own code has the last word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from generators.ir.alerting import Alerting, InhibitRule, Matcher
from operate.scenarios import Promise

Labels = Mapping[str, str]


def telling(was: Alerting, now: Alerting, scenarios: Iterable[Promise]) -> Sequence[Promise]:
    """The scenarios to play: all of them, where more than inhibitions differ."""
    if was.route != now.route:
        return list(scenarios)
    before, after = set(was.inhibit_rules), set(now.inhibit_rules)
    return [one for one in scenarios if _differs(before - after, after - before, before & after, one)]


def _differs(gone: set[InhibitRule], new: set[InhibitRule], kept: set[InhibitRule], promise: Promise) -> bool:
    """Whether an alert mutes another by the rules of one set alone, and by none that both have."""
    alerts = [alert.labels for alert in promise.played.alerts]
    return any(
        not any(_mutes(rule, alerts[source], alerts[target]) for rule in kept)
        for source, target in _muted(gone, alerts) ^ _muted(new, alerts)
    )


def _muted(rules: Iterable[InhibitRule], alerts: Sequence[Labels]) -> set[tuple[int, int]]:
    """The alerts of which the first mutes the second, by their numbers."""
    pairs: set[tuple[int, int]] = set()
    for rule in rules:
        sources = [number for number, labels in enumerate(alerts) if _matches(rule.source, labels)]
        targets = [number for number, labels in enumerate(alerts) if _matches(rule.target, labels)]
        pairs |= {(one, other) for one in sources for other in targets if _mutes(rule, alerts[one], alerts[other])}
    return pairs


def _mutes(rule: InhibitRule, source: Labels, target: Labels) -> bool:
    """As inhibit.go has it: of two alerts that are on both sides, neither mutes the other."""
    if not _matches(rule.source, source) or not _matches(rule.target, target):
        return False
    both_sided = _matches(rule.source, target) and _matches(rule.target, source)
    return not both_sided and all(source.get(label, "") == target.get(label, "") for label in rule.equal)


def _matches(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(_holds(matcher, labels.get(matcher.label, "")) for matcher in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
    except re.error:
        return True  # a pattern of Go's that Python does not read
