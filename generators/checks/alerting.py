"""What is wrong with an Alertmanager configuration and the names of rules. In: a compilation. Out: faults of receivers and times
that are named and not there or there and not named, of inhibition that can mute itself or goes in a circle, that compares labels an
alert does not have or matches no alert, and of two alerts or rule files with one name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from generators.fault import Fault, Where
from generators.ir.alerting import InhibitRule, Matcher, Route
from generators.ir.compiled import Compiled
from generators.ir.rules import AlertingRule
from generators.promql import Labels, ParseFault, labels_of, parse

Check = Callable[[Compiled], Iterable[Fault]]

_PLAIN = re.compile(r"[\w .:/-]*(\|[\w .:/-]*)*")
CAUSES = frozenset({"outage", "absence", "echo"})
"""Signals of alerts that may silence others: they say that a thing is gone, or was a while ago, not that it is slow."""


def _routes(route: Route) -> Iterator[Route]:
    yield route
    for inner in route.routes:
        yield from _routes(inner)


def receivers(compiled: Compiled) -> Iterator[Fault]:
    """Every receiver and time interval that a route names is there, once; each that tells somebody is named by a route."""
    alerting, routes = compiled.alerting, tuple(_routes(compiled.alerting.route))
    used_times = {name for route in routes for name in (*route.mute_time_intervals, *route.active_time_intervals)}
    for kind, declared, used in (
        ("receiver", [(one.name, one.where) for one in alerting.receivers], {route.receiver for route in routes}),
        ("time interval", [(one.name, one.where) for one in alerting.time_intervals], used_times),
    ):
        names = [name for name, _ in declared]
        for route in routes:
            named = [route.receiver] if kind == "receiver" else [*route.mute_time_intervals, *route.active_time_intervals]
            for name in named:
                if name not in names:
                    what = f"a route names the {kind} '{name}', which is not there"
                    yield Fault("unknown-receiver", route.where, what, f"There are: {', '.join(names) or 'none'}.")
        silent = {one.name for one in alerting.receivers if not one.integrations}
        for index, (name, where) in enumerate(declared):
            if name in names[:index]:
                yield Fault("duplicate-name", where, f"two are called {kind} '{name}'", "Give one of them another name.")
            elif name not in used and name not in silent:
                what = f"no route names the {kind} '{name}'"
                yield Fault("unused-receiver", where, what, "Name it in a route, or take it out.", "warning")


def names(compiled: Compiled) -> Iterator[Fault]:
    """No two alerts, and no two rule files, have one name: a test, a link and a silence would mean both."""
    seen: dict[str, Where] = {}
    files: set[str] = set()
    for file in compiled.rule_files:
        if file.name in files:
            what = f"two rule files are called '{file.name}': one would replace the other"
            yield Fault("duplicate-name", _first(file.groups[0].rules), what, "Give the project another name.")
        files.add(file.name)
    for rule in _alerts(compiled):
        if rule.alert in seen:
            what = f"two alerts are called '{rule.alert}'; the first stands at {seen[rule.alert]}"
            yield Fault("duplicate-name", rule.where, what, "Give one of them another name.")
        seen.setdefault(rule.alert, rule.where)


def _first(rules: Iterable[object]) -> Where:
    return next((where for rule in rules if isinstance(where := getattr(rule, "where", None), Where)), Where("rules"))


def _alerts(compiled: Compiled) -> Iterator[AlertingRule]:
    for file in compiled.rule_files:
        for group in file.groups:
            yield from (rule for rule in group.rules if isinstance(rule, AlertingRule))


class _Known:
    """The alerts of a compilation as inhibition sees them: labels by their fixed value, or None for one it may have."""

    def __init__(self, compiled: Compiled) -> None:
        self.rules = {rule.alert: rule for rule in _alerts(compiled)}
        self.external = frozenset(compiled.prometheus.external_labels)
        self._matching: dict[tuple[Matcher, ...], tuple[str, ...]] = {}

    def fixed(self, alert: str, label: str) -> str | None:
        """The value a label has on every alert of the rule; None where the series decide."""
        rule = self.rules[alert]
        value = alert if label == "alertname" else rule.labels.get(label)
        if value is not None and "{{" not in value:
            return value
        return None if value is not None or _labels(rule.expr).may_have(label) or label in self.external else ""

    def matching(self, matchers: tuple[Matcher, ...]) -> tuple[str, ...]:
        """The alerts that may match; asked again and again for one side of a rule."""
        if matchers not in self._matching:
            self._matching[matchers] = self._matched(matchers)
        return self._matching[matchers]

    def _matched(self, matchers: tuple[Matcher, ...]) -> tuple[str, ...]:
        exact = next((one.value for one in matchers if one.label == "alertname" and one.op == "="), None)
        listed = next((one.value.split("|") for one in matchers if one.label == "alertname" and _listed(one)), None)
        names = [exact] if exact is not None else listed if listed is not None else list(self.rules)
        return tuple(name for name in names if name in self.rules and self.possible(name, matchers))

    def possible(self, alert: str, matchers: tuple[Matcher, ...]) -> bool:
        """Whether an alert can have labels for which all matchers hold."""
        together: dict[str, list[Matcher]] = defaultdict(list)
        for matcher in matchers:
            together[matcher.label].append(matcher)
        return all(_possible(self.fixed(alert, label), tuple(some)) for label, some in together.items())


@lru_cache(maxsize=4096)
def _labels(expr: str) -> Labels:
    try:
        return labels_of(parse(expr))
    except ParseFault:
        return Labels()


def _listed(matcher: Matcher) -> bool:
    return matcher.op == "=~" and _PLAIN.fullmatch(matcher.value) is not None


@lru_cache(maxsize=1 << 16)
def _values(matchers: tuple[Matcher, ...]) -> frozenset[str] | None:
    """The values that these matchers of one label leave; None where there are more than can be listed."""
    named = [{one.value} if one.op == "=" else set(one.value.split("|")) for one in matchers if one.op == "=" or _listed(one)]
    if not named:
        return None
    return frozenset(value for value in set.intersection(*named) if all(_holds(one, value) for one in matchers))


def _possible(fixed: str | None, matchers: tuple[Matcher, ...]) -> bool:
    if fixed is not None:
        return all(_holds(one, fixed) for one in matchers)
    values = _values(matchers)
    return values is None or bool(values)


def _holds(matcher: Matcher, value: str) -> bool:
    if matcher.op in ("=", "!="):
        return (matcher.value == value) == (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
    except re.error:
        return True


def inhibition(compiled: Compiled) -> Iterator[Fault]:
    """Each inhibition has alerts on both sides, outages and absences on the first, labels it compares on both, and no alert that
    is on both sides at once: it would mute itself."""
    known = _Known(compiled)
    for rule in compiled.alerting.inhibit_rules:
        sources, targets = known.matching(rule.source), known.matching(rule.target)
        for side, found in (("source", sources), ("target", targets)):
            if not found:
                what = f"no alert is a {side} of the inhibition '{rule.name}'"
                yield Fault("dead-inhibition", rule.where, what, "Mend its matchers, or take it out.")
        for alert in sources:
            signal = known.fixed(alert, "signal")
            if signal is not None and signal not in CAUSES:
                what = f"the inhibition '{rule.name}' mutes others while '{alert}' fires, which is no outage or absence"
                yield Fault("inhibition-cause", rule.where, what, "Let only outages and absences mute others.")
            if known.possible(alert, (*rule.source, *rule.target)):
                what = f"the inhibition '{rule.name}' can mute itself: '{alert}' is on both of its sides"
                yield Fault("self-inhibition", rule.where, what, "Match the two sides by labels that no alert has at once.")
        for label in rule.equal:
            lacking = next((one for one in (*sources, *targets) if known.fixed(one, label) == ""), None)
            if lacking:
                what = f"the inhibition '{rule.name}' compares the label '{label}', which '{lacking}' does not have"
                fix = "Two missing labels are equal to Alertmanager; compare one that both sides have."
                yield Fault("inhibition-label", rule.where, what, fix)


def circles(compiled: Compiled) -> Iterator[Fault]:
    """No alert can be muted by one that it mutes itself, directly or through others: both would stay silent."""
    known, rules = _Known(compiled), compiled.alerting.inhibit_rules
    after = _following(known, rules)
    done: set[int] = set()
    for start in range(len(rules)):
        path: list[int] = []
        waiting = [] if start in done else [start]
        while waiting:
            here = waiting[-1]
            if here not in done and here not in path:
                path.append(here)
                for other in after[here]:
                    # An inhibition that leads to itself is one that can mute itself, which is said already.
                    if other in path and other != here:
                        circle = " -> ".join(f"'{rules[one].name}'" for one in (*path[path.index(other) :], other))
                        what = f"inhibitions go in a circle: {circle}; their alerts could mute each other"
                        yield Fault("inhibition-circle", rules[here].where, what, "Take one of them out.")
                waiting += [other for other in after[here] if other not in path and other not in done]
                continue
            waiting.pop()
            if path and path[-1] == here:
                done.add(path.pop())


def _following(known: _Known, rules: tuple[InhibitRule, ...]) -> Mapping[int, tuple[int, ...]]:
    """For each inhibition those whose source it can mute: by alert and service, since a pair of rules at a time is too many."""
    by_source: dict[tuple[str, str], set[int]] = defaultdict(set)
    by_alert: dict[str, set[int]] = defaultdict(set)
    for index, rule in enumerate(rules):
        for alert in known.matching(rule.source):
            for service in _services(rule.source):
                by_source[alert, service].add(index)
            by_alert[alert].add(index)
    after: dict[int, tuple[int, ...]] = {}
    for index, rule in enumerate(rules):
        found: set[int] = set()
        for alert in known.matching(rule.target):
            for service in _services(rule.target):
                found |= by_source[alert, service] | by_source[alert, ""] if service else by_alert[alert]
        after[index] = tuple(sorted(one for one in found if _meet(known, rule, rules[one])))
    return after


def _meet(known: _Known, first: InhibitRule, second: InhibitRule) -> bool:
    """Whether one alert can be the target of the first and the source of the second."""
    both = (*first.target, *second.source)
    return any(known.possible(alert, both) for alert in known.matching(second.source))


def _services(matchers: tuple[Matcher, ...]) -> frozenset[str]:
    """The services that matchers name; "" where they may be any."""
    values = _values(tuple(one for one in matchers if one.label == "service"))
    return values if values is not None else frozenset({""})


CHECKS: tuple[Check, ...] = (receivers, names, inhibition, circles)
