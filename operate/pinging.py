"""A test alert through every channel. In: the compiled alerting. Out: label sets that between them reach every receiver, what
each of its integrations should deliver, and what of that the inbox got. Routes are matched as Alertmanager's dispatcher does it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    Integration,
    Matcher,
    PagerDutyIntegration,
    Receiver,
    Route,
    SlackIntegration,
)

ALERT = "TouchlinePing"
Kind = Literal["slack", "pagerduty", "email", "webhook", "dingtalk", "heartbeat"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one integration of a receiver should deliver: a message of `kind`, on `channel` where the address names one."""

    receiver: str
    kind: Kind
    channel: str


@dataclass(frozen=True, slots=True)
class Ping:
    """One alert to send: its labels, who should get it, and how long Alertmanager waits with it at most."""

    labels: Mapping[str, str]
    deliveries: tuple[Delivery, ...]
    wait: int


def pings(alerting: Alerting, token: str) -> tuple[tuple[Ping, ...], tuple[str, ...]]:
    """The fewest alerts, in the order of the routes, that reach every receiver; and the receivers none was found for."""
    receivers = {receiver.name: receiver for receiver in alerting.receivers}
    found: list[Ping] = []
    reached: set[str] = set()
    for path in _paths(alerting.route, ()):
        if path[-1].receiver in reached:
            continue
        labels = _labels(path, token)
        hit = list(matched(alerting.route, labels))
        names = dict.fromkeys(route.receiver for route in hit if route.receiver not in reached)
        if path[-1].receiver not in names:
            continue
        reached |= set(names)
        deliveries = tuple(d for name in names for d in _deliveries(receivers[name]))
        if deliveries:
            found.append(Ping(labels, deliveries, max(_wait(alerting.route, route, labels, token) for route in hit)))
    missed = tuple(name for name, one in receivers.items() if name not in reached and one.integrations)
    return tuple(found), missed


def alert(ping: Ping, token: str, starts: str, ends: str) -> dict[str, Any]:
    """The alert as Alertmanager's API takes it. It ends by itself."""
    return {
        "labels": dict(ping.labels),
        "annotations": {
            "summary": f"Touchline ping {token}",
            "description": f"A test alert, sent by `touchline ping` ({token}). Nothing is wrong, and it ends by itself.",
            "summary_en": f"Touchline ping {token}",
            "description_en": "A test alert, sent by `touchline ping`. Nothing is wrong.",
        },
        "startsAt": starts,
        "endsAt": ends,
    }


def arrived(delivery: Delivery, token: str, messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The message of the inbox that this delivery became."""
    for message in messages:
        right = message["kind"] == delivery.kind and (not delivery.channel or message["channel"] == delivery.channel)
        if right and token in str(message):
            return message
    return None


def matched(route: Route, labels: Mapping[str, str]) -> Iterator[Route]:
    """The routes that notify of these labels: the deepest that match, stopping at the first child that does not continue.
    https://prometheus.io/docs/alerting/latest/configuration/#route"""
    if not all(_holds(matcher, labels) for matcher in route.matchers):
        return
    deeper = False
    for child in route.routes:
        hits = list(matched(child, labels))
        yield from hits
        deeper = deeper or bool(hits)
        if hits and not child.proceed:
            break
    if not deeper:
        yield route


def _holds(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.label, "")
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    return bool(re.fullmatch(matcher.value, value)) == (matcher.op == "=~")


def _paths(route: Route, above: tuple[Route, ...]) -> Iterator[tuple[Route, ...]]:
    path = (*above, route)
    for child in route.routes:
        yield from _paths(child, path)
    yield path


def _labels(path: tuple[Route, ...], token: str) -> dict[str, str]:
    """Labels that satisfy every matcher of a path. A value of our own in a label it is grouped by makes a group of its own, so
    that it is sent after group_wait and not with the next interval of an older group."""
    labels = {"alertname": ALERT, "severity": "info", "service": f"ping-{token}", "ping": token}
    for matcher in (matcher for route in path for matcher in route.matchers):
        if matcher.op == "=":
            labels[matcher.label] = matcher.value
        elif matcher.op == "=~":
            labels[matcher.label] = _example(matcher.value)
        elif matcher.op == "!=" and labels.get(matcher.label, "") == matcher.value:
            labels[matcher.label] = f"not-{matcher.value}"
    group = next((route.group_by for route in reversed(path) if route.group_by is not None), ())
    fixed = {matcher.label for route in path for matcher in route.matchers}
    if "service" in fixed or (group and "service" not in group and "..." not in group):
        free = [name for name in group if name not in fixed]
        if free:
            labels[free[0]] = ALERT + token if free[0] == "alertname" else f"ping-{token}"
    return {name: value for name, value in labels.items() if value}


def _example(pattern: str) -> str:
    """A value that a regular expression of the usual form, words separated by `|`, matches."""
    for word in (*re.split(r"\|", pattern.strip("()")), "ping", ""):
        if re.fullmatch(pattern, word):
            return word
    return re.sub(r"\.[*+]", "x", pattern)


def _wait(root: Route, hit: Route, labels: Mapping[str, str], token: str) -> int:
    """How long a route holds the alert back at most: group_wait where it begins a group of its own, group_interval where it joins
    one that is there. What a route does not say it inherits; Alertmanager's own defaults are 30 s and 5 m."""
    path = next(path for path in _paths(root, ()) if path[-1] is hit)
    group = next((one.group_by for one in reversed(path) if one.group_by is not None), ())
    if "..." in group or any(token in labels.get(name, "") for name in group):
        return next((one.group_wait for one in reversed(path) if one.group_wait is not None), 30)
    return next((one.group_interval for one in reversed(path) if one.group_interval is not None), 300)


def _deliveries(receiver: Receiver) -> Iterator[Delivery]:
    for integration in receiver.integrations:
        kind, channel = _kind(integration)
        if kind != "heartbeat":
            yield Delivery(receiver.name, kind, channel)


def _kind(integration: Integration) -> tuple[Kind, str]:
    if isinstance(integration, EmailIntegration):
        return "email", integration.to
    parts = [part for part in urlsplit(integration.url).path.split("/") if part]
    if isinstance(integration, SlackIntegration):
        return "slack", "/".join(parts[1:])
    if isinstance(integration, PagerDutyIntegration):
        return "pagerduty", parts[1] if len(parts) > 3 else ""
    first = parts[0] if parts else "webhook"
    if first == "heartbeat":
        return "heartbeat", "/".join(parts[1:])
    return ("dingtalk", "") if first == "dingtalk" else ("webhook", "/".join(parts[1:]))
