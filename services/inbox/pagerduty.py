"""The receiving side of the PagerDuty Events API v2. In: an alert event. Out: 202 with its dedup_key, or 400 with
every fault of it.

Sources:
- parameters, lengths, severities: https://developer.pagerduty.com/docs/send-alert-event
  (docs/events-API-v2/02-Trigger-Events.md in github.com/PagerDuty/developer-docs)
- 202, 400, 512 KB: https://developer.pagerduty.com/docs/events-api-v2-overview (01-Overview.md there)
- the form of the error body, which Alertmanager reads: errDetails in notify/pagerduty/pagerduty.go of v0.31.1;
  the same file holds events to 512,000 bytes
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from services.inbox.alerts import alert_from, alerts_in, paragraph
from services.inbox.exchange import (
    Accepted,
    Answer,
    Refused,
    Request,
    concealed,
    json_object,
    json_reply,
    objects,
    pretty,
)
from services.inbox.message import Alert, Content, Link, Status

LARGEST_EVENT = 512_000
ROUTING_KEY_LENGTH = 32
LONGEST_SUMMARY = 1024
LONGEST_DEDUP_KEY = 255
SEVERITIES = ("critical", "error", "warning", "info")
ALERT_LISTS = ("firing", "resolved")
ACTIONS: dict[str, Status] = {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}


def receive(request: Request) -> Answer:
    """POST /pagerduty/v2/enqueue, or /pagerduty/<channel>/v2/enqueue to give the integration a name."""
    *name, version, verb = request.path if len(request.path) >= 2 else ("", "")
    if (version, verb) != ("v2", "enqueue") or len(name) > 1:
        return Refused("", "no such endpoint", json_reply(404, {"status": "not found", "message": "Not Found"}))
    event = json_object(request.body)
    channel = _channel(name, event or {})
    if len(request.body) > LARGEST_EVENT:
        return _invalid(channel, [f"Event is larger than {LARGEST_EVENT} bytes"])
    if event is None:
        return _invalid(channel, ["JSON is invalid"])
    if errors := list(_errors(event)):
        return _invalid(channel, errors)
    dedup_key = event.get("dedup_key") or uuid4().hex
    reply = json_reply(202, {"status": "success", "message": "Event processed", "dedup_key": dedup_key})
    return Accepted(_content(channel, event), reply)


def _channel(name: list[str], event: Mapping[str, Any]) -> str:
    key = event.get("routing_key")
    return concealed(name[0] if name else key if isinstance(key, str) and key else "pagerduty")


def _invalid(channel: str, errors: list[str]) -> Refused:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return Refused(channel, "; ".join(errors), json_reply(400, body))


def _errors(event: Mapping[str, Any]) -> Iterable[str]:
    yield from _blank(event, "routing_key")
    key = event.get("routing_key")
    if isinstance(key, str) and key and len(key) != ROUTING_KEY_LENGTH:
        yield f"Length of 'routing_key' is incorrect (should be {ROUTING_KEY_LENGTH} characters)"
    yield from _blank(event, "event_action")
    action = event.get("event_action")
    if isinstance(action, str) and action.strip() and action not in ACTIONS:
        yield "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"
    dedup_key = event.get("dedup_key")
    if dedup_key is not None and not isinstance(dedup_key, str):
        yield "'dedup_key' must be a string"
    elif len(dedup_key or "") > LONGEST_DEDUP_KEY:
        yield f"Length of 'dedup_key' is incorrect (should be at most {LONGEST_DEDUP_KEY} characters)"
    if action in ("acknowledge", "resolve") and not dedup_key:
        yield "'dedup_key' is missing or blank"
    if action == "trigger":  # only a trigger needs a payload: see the examples of the other two in the documentation
        yield from _payload_errors(event.get("payload"))


def _payload_errors(payload: object) -> Iterable[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    for name in ("summary", "source", "severity"):
        yield from (error.replace(f"'{name}'", f"'payload.{name}'") for error in _blank(payload, name))
    summary, severity = payload.get("summary"), payload.get("severity")
    if isinstance(summary, str) and len(summary) > LONGEST_SUMMARY:
        yield f"Length of 'payload.summary' is incorrect (should be at most {LONGEST_SUMMARY} characters)"
    if isinstance(severity, str) and severity and severity not in SEVERITIES:
        yield "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"


def _blank(record: Mapping[str, Any], name: str) -> Iterable[str]:
    value = record.get(name)
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        yield f"'{name}' is missing or blank"
    elif not isinstance(value, str):
        yield f"'{name}' must be a string"


def _content(channel: str, event: dict[str, Any]) -> Content:
    payload = event.get("payload") if isinstance(event.get("payload"), dict) else {}
    assert isinstance(payload, dict)
    status = ACTIONS[event["event_action"]]
    given = payload.get("custom_details")
    details = given if isinstance(given, dict) else {}
    listed = {name: tuple(_alerts(details.get(name))) for name in ALERT_LISTS}
    alerts = tuple(alert for one in listed.values() for alert in one)
    said = [name for name, found in listed.items() if found]  # shown as alerts, not once more as JSON
    text = "\n".join([*_lines(payload, details, said), *map(paragraph, alerts)])
    links = tuple(_links(event))
    title = str(payload.get("summary") or f"{event['event_action']} {event.get('dedup_key', '')}")
    return Content(
        kind="pagerduty",
        channel=channel,
        title=title,
        text=text,
        raw=pretty({**event, "routing_key": concealed(event["routing_key"])}),
        severity=payload.get("severity") if payload.get("severity") in SEVERITIES else None,
        status=status,
        alerts=alerts or alerts_in(title, text, links, status),
        links=links,
    )


def _lines(payload: Mapping[str, Any], details: Mapping[str, Any], said: list[str]) -> Iterable[str]:
    for name in ("source", "component", "group", "class"):
        if payload.get(name):
            yield f"{name}: {payload[name]}"
    for name, value in details.items():
        words = value if isinstance(value, str) else pretty(value)
        if name not in said and value not in ("", [], {}, None):
            yield f"{name}:\n{words}" if "\n" in words else f"{name}: {words}"


def _alerts(listed: object) -> Iterable[Alert]:
    """Alertmanager's default details carry the group's alerts as JSON (config/notifiers.go, DefaultPagerdutyDetails)."""
    if isinstance(listed, str):
        try:
            listed = json.loads(listed)
        except (ValueError, RecursionError):
            return
    yield from (alert for alert in map(alert_from, objects(listed)) if alert)


def _links(event: Mapping[str, Any]) -> Iterable[Link]:
    for link in objects(event.get("links")):
        if link.get("href"):
            yield Link(str(link.get("text") or link["href"]), str(link["href"]))
    if event.get("client_url"):
        yield Link(str(event.get("client") or "client"), str(event["client_url"]))
