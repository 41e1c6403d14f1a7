"""Mistakes in an Alertmanager configuration: who is told, when, together with what, and what is kept back. In: the configuration.
Out: reroutings of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from generators.ir.alerting import Alerting, InhibitRule, Matcher, Route
from generators.mutants.mutant import Rerouting, put, without

_LISTED = re.compile(r"[\w-]+(\|[\w-]+)*")
"""A pattern that only lists values."""


class _Spot(NamedTuple):
    """A route: its number in the tree, in reading order, the root being 0; the configuration with another one there; its later
    siblings."""

    number: int
    route: Route
    put: Callable[[Route], Alerting]
    followed_by: tuple[Route, ...]

    @property
    def title(self) -> str:
        said = ",".join(map(_said, self.route.matchers))
        return f"route {self.number} {self.route.receiver}{{{said}}}" if self.number else "route 0"


def _spots(alerting: Alerting) -> Iterator[_Spot]:
    pending = [_Spot(0, alerting.route, lambda route: replace(alerting, route=route), ())]
    number = 0
    while pending:
        spot = pending.pop()
        yield spot._replace(number=number)
        number += 1
        siblings = spot.route.routes
        below = [_Spot(0, each, _child(spot.route, i, spot.put), siblings[i + 1 :]) for i, each in enumerate(siblings)]
        pending.extend(reversed(below))


def _child(parent: Route, index: int, place: Callable[[Route], Alerting]) -> Callable[[Route], Alerting]:
    return lambda route: place(replace(parent, routes=put(parent.routes, index, route)))


def _apart(one: Route, other: Route) -> bool:
    """Do their matchers contradict each other, so that no alert can match both? In doubt, no."""
    pairs = [(a, b) for a in one.matchers for b in other.matchers if a.label == b.label]
    return any(_refuses(a, b) or _refuses(b, a) for a, b in pairs)


def _refuses(matcher: Matcher, listed: Matcher) -> bool:
    """Does a matcher take none of the values that the other asks for?"""
    values = _values(listed)
    try:
        return bool(values) and not any(_takes(matcher, value) for value in values)
    except re.error:
        return False


def _values(matcher: Matcher) -> tuple[str, ...]:
    """All values that a matcher takes; none where they cannot be told from its text."""
    if matcher.op == "=":
        return (matcher.value,)
    return tuple(matcher.value.split("|")) if matcher.op == "=~" and _LISTED.fullmatch(matcher.value) else ()


def _takes(matcher: Matcher, value: str) -> bool:
    same = value == matcher.value if matcher.op in ("=", "!=") else re.fullmatch(matcher.value, value) is not None
    return same == (matcher.op in ("=", "=~"))


def _said(matcher: Matcher) -> str:
    return f'{matcher.label}{matcher.op}"{matcher.value}"'


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"


def route_order_swapped(alerting: Alerting) -> Iterator[Rerouting]:
    """Two neighbouring routes in each other's place. Where both go on, or no alert can match both, their order says nothing
    (https://prometheus.io/docs/alerting/latest/configuration/#route)."""
    for number, route, place, _ in _spots(alerting):
        for index, (first, second) in enumerate(zip(route.routes, route.routes[1:], strict=False)):
            if (first.proceed and second.proceed) or _apart(first, second):
                continue
            swapped = (*route.routes[:index], second, first, *route.routes[index + 2 :])
            of = f"routes {index + 1} and {index + 2} below route {number}"
            yield Rerouting(of, _short(first), _short(second), place(replace(route, routes=swapped)))


def _short(route: Route) -> str:
    return f"{route.receiver}{{{','.join(map(_said, route.matchers))}}}"


def continue_flipped(alerting: Alerting) -> Iterator[Rerouting]:
    """A route that goes on where it stopped, or stops where it went on, if one that follows could match the same alert."""
    for spot in _spots(alerting):
        if any(not _apart(spot.route, later) for later in spot.followed_by):
            was, now = str(spot.route.proceed).lower(), str(not spot.route.proceed).lower()
            flipped = spot.put(replace(spot.route, proceed=not spot.route.proceed))
            yield Rerouting(spot.title, f"continue: {was}", f"continue: {now}", flipped)


def matcher_loosened(alerting: Alerting) -> Iterator[Rerouting]:
    """A matcher of a route, or of either side of an inhibition, left out."""
    for spot in _spots(alerting):
        for index, matcher in enumerate(spot.route.matchers):
            looser = replace(spot.route, matchers=without(spot.route.matchers, index))
            yield Rerouting(spot.title, _said(matcher), "any", spot.put(looser))
    for number, rule in enumerate(alerting.inhibit_rules):
        for index, matcher in enumerate(rule.source):
            fewer = replace(rule, source=without(rule.source, index))
            yield Rerouting(_named(rule), f"source {_said(matcher)}", "any", _inhibiting(alerting, number, fewer))
        for index, matcher in enumerate(rule.target):
            fewer = replace(rule, target=without(rule.target, index))
            yield Rerouting(_named(rule), f"target {_said(matcher)}", "any", _inhibiting(alerting, number, fewer))


def group_label_dropped(alerting: Alerting) -> Iterator[Rerouting]:
    """A label of `group_by` left out."""
    for spot in _spots(alerting):
        labels = spot.route.group_by or ()
        for index in range(len(labels)):
            fewer = without(labels, index)
            changed = spot.put(replace(spot.route, group_by=fewer))
            yield Rerouting(spot.title, f"group_by: {_listed(labels)}", f"group_by: {_listed(fewer)}", changed)


def mute_time_dropped(alerting: Alerting) -> Iterator[Rerouting]:
    """A time interval of a route left out, be it one of silence or one of work."""
    for spot in _spots(alerting):
        muted, active = spot.route.mute_time_intervals, spot.route.active_time_intervals
        for index, name in enumerate(muted):
            changed = spot.put(replace(spot.route, mute_time_intervals=without(muted, index)))
            yield Rerouting(spot.title, f"muted in {name}", "not muted", changed)
        for index, name in enumerate(active):
            changed = spot.put(replace(spot.route, active_time_intervals=without(active, index)))
            yield Rerouting(spot.title, f"active in {name}", "active at any time", changed)


def inhibition_dropped(alerting: Alerting) -> Iterator[Rerouting]:
    """No inhibition by this rule."""
    for number, rule in enumerate(alerting.inhibit_rules):
        rest = replace(alerting, inhibit_rules=without(alerting.inhibit_rules, number))
        yield Rerouting(_named(rule), "the rule", "no rule", rest)


def inhibition_equal_emptied(alerting: Alerting) -> Iterator[Rerouting]:
    """An inhibition that asks for nothing in common."""
    for number, rule in enumerate(alerting.inhibit_rules):
        if rule.equal:
            emptied = _inhibiting(alerting, number, replace(rule, equal=()))
            yield Rerouting(_named(rule), f"equal: {_listed(rule.equal)}", "equal: []", emptied)


def _named(rule: InhibitRule) -> str:
    return f"inhibition {rule.name}"


def _inhibiting(alerting: Alerting, number: int, rule: InhibitRule) -> Alerting:
    return replace(alerting, inhibit_rules=put(alerting.inhibit_rules, number, rule))
