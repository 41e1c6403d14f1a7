"""Reading alerts out of notifications written for people. In: a title, a text, links. Out: status, severity, alert
names and labels, as far as they are really said: a guess is worse than nothing at 3 a.m., so only unmistakable
forms are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from services.inbox.message import STATUSES, Alert, Link, Status

# Alertmanager's own subject: "[FIRING:2] HighLatency (…)", "[RESOLVED] HighLatency". Source: template/default.tmpl, `__subject`.
SUBJECT = re.compile(r"\[(FIRING|RESOLVED)(?::\d+)?\]\s*([A-Z][A-Za-z0-9_]+)?")
# A line of Alertmanager's label list: " - alertname = HighLatency". Source: template/default.tmpl, `__text_alert_list`.
LABEL_LINE = re.compile(r"^\s*-\s*([A-Za-z_][A-Za-z0-9_]*) = (.*?)\s*$")
# A ready-made silence: …/#/silences/new?filter={alertname="X",service="y"}, percent-encoded or not.
MATCHER = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"')
URL = re.compile(r"https?://[^\s<>\"'|)\]]+")

STATUS_WORDS: tuple[tuple[str, Status], ...] = (
    ("resolved", "resolved"),
    ("已恢复", "resolved"),
    ("firing", "firing"),
    ("告警中", "firing"),
)
SEVERITY_WORDS = (
    ("critical", "critical"),
    ("严重", "critical"),
    ("error", "error"),
    ("warning", "warning"),
    ("警告", "warning"),
    ("info", "info"),
)
WORST_FIRST = ("critical", "error", "warning", "info")


def status_in(title: str) -> Status | None:
    """Firing or resolved, from Alertmanager's subject or else a plain word in the title."""
    if subject := SUBJECT.search(title):
        return "firing" if subject.group(1) == "FIRING" else "resolved"
    lowered = title.lower()
    return next((status for word, status in STATUS_WORDS if word in lowered), None)


def severity_in(title: str, alerts: Iterable[Alert]) -> str | None:
    """The worst severity label of the alerts, or else a severity word in the title."""
    labelled = {alert.labels.get("severity", "") for alert in alerts} - {""}
    if labelled:
        return next((severity for severity in WORST_FIRST if severity in labelled), sorted(labelled)[0])
    lowered = title.lower()
    return next((severity for word, severity in SEVERITY_WORDS if re.search(rf"(?<![a-z]){word}(?![a-z])", lowered)), None)


def alerts_in(title: str, text: str, links: Iterable[Link], status: Status | None) -> tuple[Alert, ...]:
    """The alerts a text names: its label lists, or else its silence links, or else Alertmanager's subject."""
    urls = [link.url for link in links] + URL.findall(text)
    found = list(_label_lists(text)) or [labels for labels in map(_silenced, urls) if labels]
    if not found and (subject := SUBJECT.search(title)) and subject.group(2):
        found = [{"alertname": subject.group(2)}]
    distinct = {tuple(sorted(labels.items())): labels for labels in found if "alertname" in labels}
    return tuple(Alert(labels["alertname"], status, labels) for labels in distinct.values())


def alert_from(record: Mapping[str, Any]) -> Alert | None:
    """One entry of Alertmanager's `alerts` array (webhook version 4), or None when it is not one."""
    labels, annotations = _strings(record.get("labels")), _strings(record.get("annotations", {}))
    if labels is None or annotations is None:
        return None
    status = record.get("status")
    return Alert(labels.get("alertname", ""), status if status in STATUSES else None, labels, annotations)


def paragraph(alert: Alert) -> str:
    """An alert in words: name, state, labels, then a line for each annotation."""
    labels = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()) if name != "alertname")
    lines = [f"{alert.name} {alert.status or ''} {{{labels}}}"]
    return "\n".join(lines + [f"{name}: {value}" for name, value in sorted(alert.annotations.items())])


def _strings(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        return None
    return dict(value)


def _label_lists(text: str) -> Iterable[dict[str, str]]:
    """Each `Labels:` block of a text; the annotations below it have the same look and are left out."""
    labels: dict[str, str] | None = None
    for line in text.splitlines():
        if line.strip() == "Labels:":
            if labels:
                yield labels
            labels = {}
        elif labels is not None and (pair := LABEL_LINE.match(line)):
            labels[pair.group(1)] = pair.group(2)
        elif labels is not None and line.strip():
            if labels:
                yield labels
            labels = None
    if labels:
        yield labels


def _silenced(url: str) -> dict[str, str]:
    """The labels a silence link would match."""
    if "filter=" not in url:
        return {}
    return {name: value.replace('\\"', '"') for name, value in MATCHER.findall(unquote_plus(url.split("filter=", 1)[1]))}
