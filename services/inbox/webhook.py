"""A plain webhook. In: POST /webhook/<name> with any JSON, Alertmanager's form (version 4) understood in full. Out:
200 and the message's shape, or 400 when the body is not JSON or only pretends to be Alertmanager's.

Source: the fields are `Message` in notify/webhook/webhook.go and `Data` in template/template.go of Alertmanager
v0.31.1; https://prometheus.io/docs/alerting/latest/configuration/#webhook_config documents them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from services.inbox.alerts import alert_from, paragraph, severity_in
from services.inbox.exchange import Accepted, Answer, Refused, Request, concealed, json_reply, pretty
from services.inbox.message import Alert, Content, Link, Status


def receive(request: Request) -> Answer:
    """POST /webhook/<name>."""
    channel = concealed("/".join(request.path))
    if not channel:
        return Refused("", "no name in the address", json_reply(404, {"error": "post to /webhook/<name>"}))
    try:
        payload = json.loads(request.body)
    except (ValueError, RecursionError):
        return _refused(channel, "the body is not JSON")
    if not isinstance(payload, dict) or "alerts" not in payload:
        return Accepted(_anything(channel, payload), json_reply(200, {"status": "ok"}))
    listed = payload["alerts"]
    alerts = [alert_from(one) if isinstance(one, dict) else None for one in listed] if isinstance(listed, list) else [None]
    if not all(alerts):
        return _refused(channel, "`alerts` must be a list of objects with `labels` and `annotations` of strings")
    return Accepted(_notification(channel, payload, tuple(one for one in alerts if one)), json_reply(200, {"status": "ok"}))


def _refused(channel: str, reason: str) -> Refused:
    return Refused(channel, reason, json_reply(400, {"error": reason}))


def _anything(channel: str, payload: object) -> Content:
    """JSON of no known form: titled by what its sender is likely to mean as a title, else by the hook's name."""
    fields = payload if isinstance(payload, dict) else {}
    names = ("title", "summary", "subject", "message", "text")
    title = next((fields[name] for name in names if _words(fields.get(name))), channel)
    return Content(kind="webhook", channel=channel, title=title, text=pretty(payload), raw=pretty(payload))


def _words(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _notification(channel: str, payload: dict[str, Any], alerts: tuple[Alert, ...]) -> Content:
    status: Status = "resolved" if payload.get("status") == "resolved" else "firing"
    names = list(dict.fromkeys(alert.name or "(no alertname)" for alert in alerts))
    firing = sum(alert.status != "resolved" for alert in alerts)
    count = f"FIRING:{firing}" if status == "firing" else "RESOLVED"
    return Content(
        kind="webhook",
        channel=channel,
        title=f"[{count}] {' '.join(names)}",
        text="\n\n".join(paragraph(alert) for alert in alerts),
        raw=pretty(payload),
        severity=severity_in("", alerts),
        status=status,
        alerts=alerts,
        links=tuple(_links(payload)),
        warnings=tuple(_warnings(payload)),
    )


def _links(payload: dict[str, Any]) -> Iterable[Link]:
    """The addresses among the annotations (runbook, dashboard, …), each once, and Alertmanager itself."""
    seen: set[str] = set()
    for alert in payload["alerts"]:
        found = [*sorted(alert.get("annotations", {}).items()), ("source", alert.get("generatorURL"))]
        for name, url in found:
            if isinstance(url, str) and url.startswith(("http://", "https://")) and url not in seen:
                seen.add(url)
                yield Link(name, url)
    if isinstance(payload.get("externalURL"), str):
        yield Link("Alertmanager", payload["externalURL"])


def _warnings(payload: dict[str, Any]) -> Iterable[str]:
    if payload.get("truncatedAlerts"):
        yield f"Alertmanager left out {payload['truncatedAlerts']} more alerts (max_alerts)"
