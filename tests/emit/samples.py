"""A small Alertmanager configuration with every kind of receiver, and alerts to tell: plain ones, and hostile ones."""

from __future__ import annotations

from typing import Any

from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    InhibitRule,
    Matcher,
    PagerDutyIntegration,
    Receiver,
    Route,
    SlackIntegration,
    TimeInterval,
    WebhookIntegration,
)

HOSTILE = {
    "alertname": "ShopFails",
    "severity": "critical",
    "service": "shop",
    "owner": "a&b <!channel>",
    "path": 'say "hi" \\ <script>alert(1)</script>\n{{ .Nope }} | x, y=1 + 2 {}',
}

RECEIVERS = (
    Receiver("slack", (SlackIntegration("#alerts", url_file="slack_url"),)),
    Receiver("oncall", (PagerDutyIntegration(routing_key_file="pagerduty_key"),)),
    Receiver(
        "reports",
        (EmailIntegration("ops@example.com", "touchline@example.com", "smtp.example.com:587", "touchline", "smtp_password"),),
    ),
    Receiver("bridge", (WebhookIntegration(url="http://bridge:8060/team", max_alerts=10),)),
    Receiver("heartbeat", (WebhookIntegration(url_file="heartbeat_url", send_resolved=False),)),
)

ALERTING = Alerting(
    route=Route(
        "slack",
        group_by=("severity", "service"),
        group_wait=10,
        group_interval=300,
        repeat_interval=14400,
        routes=(
            Route("heartbeat", (Matcher("signal", "=", "heartbeat"),), group_wait=0, group_interval=60, repeat_interval=90),
            Route("oncall", (Matcher("severity", "=", "critical"),), mute_time_intervals=("night",), proceed=True),
            Route("bridge", (Matcher("severity", "=~", "critical|warning"), Matcher("note", "!=", 'a "b" \\ c'))),
            Route("reports", (Matcher("severity", "=", "info"),), active_time_intervals=("working",)),
        ),
    ),
    receivers=RECEIVERS,
    inhibit_rules=(
        InhibitRule(
            "database-down",
            (Matcher("alertname", "=", "DatabaseDown"),),
            (Matcher("service", "=~", "shop|cart"), Matcher("severity", "!=", "critical")),
            ("cluster",),
        ),
    ),
    time_intervals=(
        TimeInterval("working", ("monday:friday",), (("09:00", "19:00"),), zone="Asia/Shanghai"),
        TimeInterval("night", times=(("00:00", "06:00"),), days_of_month=("24",), months=("12",), years=("2026",)),
    ),
    locale="zh-CN",
    zone="Asia/Shanghai",
    project="shop",
)


def alert(labels: dict[str, str], *, status: str = "firing", **annotations: str) -> dict[str, Any]:
    """An alert as templates see it, begun at a fixed time and (if resolved) over after 90 seconds."""
    return {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": "2026-11-23T10:01:30Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
        "fingerprint": "f",
    }


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """A notification of these alerts, as Alertmanager makes template data of them."""
    firing = any(one["status"] == "firing" for one in alerts)
    return {
        "receiver": "slack",
        "status": "firing" if firing else "resolved",
        "alerts": list(alerts),
        "groupLabels": {"severity": "critical"},
        "commonLabels": _common("labels", alerts),
        "commonAnnotations": _common("annotations", alerts),
        "externalURL": "https://alerts.example.com",
    }


def _common(part: str, alerts: tuple[dict[str, Any], ...]) -> dict[str, str]:
    first, *others = (one[part] for one in alerts)
    return {key: value for key, value in first.items() if all(one.get(key) == value for one in others)}
