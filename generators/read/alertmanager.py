"""Alertmanager's configuration. In: a document. Out: our own `Alerting`, with the place of each route, receiver and inhibition, and
the template globs (https://prometheus.io/docs/alerting/latest/configuration/). Matchers are read in the old and in the new form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.fault import Fault
from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    InhibitRule,
    Integration,
    Matcher,
    Operator,
    PagerDutyIntegration,
    Receiver,
    Route,
    SlackIntegration,
    TimeInterval,
    WebhookIntegration,
)
from generators.ir.found import FoundAlerting
from generators.read.document import Document, Node
from generators.read.durations import seconds_of

_MATCHER = re.compile(
    r"""\s*(?P<label>"(?:[^"\\]|\\.)*"|[^\s=!~"]+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^,}]*)\s*"""
)
_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}
DEEPEST_ROUTE = 30
"""Routes are nested three or four deep; deeper is nothing people wrote."""


def is_alertmanager(root: Node) -> bool:
    """Whether a document is an Alertmanager configuration."""
    return root["route"].is_map and root["receivers"].is_list and "kind" not in root


def read_alertmanager(document: Document) -> tuple[FoundAlerting, tuple[Fault, ...]]:
    """One configuration."""
    root, faults = document.root, list[Fault]()
    times = [*root["time_intervals"].items(), *root["mute_time_intervals"].items()]
    alerting = Alerting(
        route=_route(root["route"], "", faults, 0),
        receivers=tuple(_receiver(each) for each in root["receivers"].items()),
        inhibit_rules=tuple(_inhibition(each, index, faults) for index, each in enumerate(root["inhibit_rules"].items(), 1)),
        time_intervals=tuple(TimeInterval(each["name"].text, where=each.where) for each in times),
    )
    templates = tuple(each.written for each in root["templates"].items() if each.text)
    return FoundAlerting(document.path, alerting, templates, root.where), tuple(faults)


def _route(node: Node, inherited: str, faults: list[Fault], depth: int) -> Route:
    """A route, its receiver inherited where it names none."""
    receiver = node["receiver"].text or inherited
    inner = node["routes"].items() if depth < DEEPEST_ROUTE else iter(())
    return Route(
        receiver=receiver,
        matchers=_matchers(node, "", faults),
        group_by=tuple(each.text for each in node["group_by"].items()) if node["group_by"].is_list else None,
        group_wait=_seconds(node["group_wait"], faults),
        group_interval=_seconds(node["group_interval"], faults),
        repeat_interval=_seconds(node["repeat_interval"], faults),
        mute_time_intervals=tuple(each.text for each in node["mute_time_intervals"].items()),
        active_time_intervals=tuple(each.text for each in node["active_time_intervals"].items()),
        proceed=node["continue"].text == "true",
        routes=tuple(_route(each, receiver, faults, depth + 1) for each in inner),
        where=node["receiver"].where if node["receiver"].text else node.where,
    )


def _seconds(node: Node, faults: list[Fault]) -> int | None:
    value = seconds_of(node.text) if node.value is not None else None
    if node.value is not None and value is None:
        faults.append(
            Fault("alertmanager-form", node.where, f"'{node.text[:40]}' is no duration", "Write it like 30s, 5m or 4h.")
        )
    return value


def _matchers(node: Node, prefix: str, faults: list[Fault]) -> tuple[Matcher, ...]:
    """The matchers of a route ("") or of a side of an inhibition (source, target), in all three forms."""
    stem = f"{prefix}_" if prefix else ""
    found = [Matcher(label, "=", value.text) for label, value in node[f"{stem}match"].fields()]
    found += [Matcher(label, "=~", value.text) for label, value in node[f"{stem}match_re"].fields()]
    for each in node[f"{stem}matchers"].one_or_many():
        read = tuple(parse_matchers(each.text))
        if not read:
            what = f"'{each.text[:60]}' is no matcher"
            faults.append(Fault("alertmanager-form", each.where, what, 'Write it like severity="critical".'))
        found += read
    return tuple(found)


def parse_matchers(text: str) -> Iterator[Matcher]:
    """The matchers of one text, such as `a="b"` or `{a="b",c=~"d"}`; none where it is no such text."""
    inner = text.strip()
    inner = inner[1:-1] if inner.startswith("{") and inner.endswith("}") else inner
    at = 0
    found: list[Matcher] = []
    while at < len(inner.rstrip(", ")):
        match = _MATCHER.match(inner, at)
        if match is None:
            return
        found.append(Matcher(_unquoted(match["label"]), _OPERATORS[match["op"]], _unquoted(match["value"].strip())))
        at = match.end()
        at += inner[at : at + 1] == ","
    yield from found


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted else text


def _receiver(node: Node) -> Receiver:
    integrations = tuple(each for key, value in node.fields() if key.endswith("_configs") for each in _integrations(key, value))
    return Receiver(node["name"].text, integrations, node.where)


def _integrations(key: str, node: Node) -> Iterator[Integration]:
    """Whom a receiver tells. Secrets stay out; a way that we have no type for is a webhook that somebody else runs."""
    for each in node.items():
        if key == "slack_configs":
            yield SlackIntegration(each["channel"].text)
        elif key == "pagerduty_configs":
            yield PagerDutyIntegration()
        elif key == "email_configs":
            yield EmailIntegration(each["to"].text, each["from"].text, each["smarthost"].text)
        else:
            yield WebhookIntegration()


def _inhibition(node: Node, number: int, faults: list[Fault]) -> InhibitRule:
    equal = tuple(each.text for each in node["equal"].items())
    name = node["name"].text or f"number {number}"
    return InhibitRule(name, _matchers(node, "source", faults), _matchers(node, "target", faults), equal, node.where)
