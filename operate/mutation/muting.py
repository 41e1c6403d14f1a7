"""Which scenarios can tell two configurations apart that differ in one inhibition. In: the configuration as it is and a mutant of it.
Out: those scenarios in which an alert is the source, and another the target, of an inhibition that only one of both has: in all
others that inhibition does nothing. In doubt a scenario is kept: Alertmanager's own code has the last word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from generators.ir.alerting import Alerting, InhibitRule, Matcher
from operate.scenarios import Promise


def telling(was: Alerting, now: Alerting, scenarios: Iterable[Promise]) -> Sequence[Promise]:
    """The scenarios to play: all of them, where more than inhibitions differ."""
    if was.route != now.route:
        return list(scenarios)
    differing = [
        rule for rule in (*was.inhibit_rules, *now.inhibit_rules) if (rule in was.inhibit_rules) != (rule in now.inhibit_rules)
    ]
    return [one for one in scenarios if any(_acts(rule, one) for rule in differing)]


def _acts(rule: InhibitRule, promise: Promise) -> bool:
    alerts = [alert.labels for alert in promise.played.alerts]
    sources = [labels for labels in alerts if _matches(rule.source, labels)]
    targets = [labels for labels in alerts if _matches(rule.target, labels)]
    return any(source != target for source in sources for target in targets)


def _matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(_holds(matcher, labels.get(matcher.label, "")) for matcher in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
    except re.error:
        return True  # a pattern of Go's that Python does not read
