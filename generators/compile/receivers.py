"""Channels as Alertmanager's receivers. In: a channel of the Plan. Out: a Receiver. In every environment but production a channel
ends in the inbox, under addresses that are no secret."""

from __future__ import annotations

from generators import conventions as name
from generators.ir.alerting import (
    EmailIntegration,
    Integration,
    PagerDutyIntegration,
    Receiver,
    SlackIntegration,
    WebhookIntegration,
)
from generators.plan import Channel, Plan

MOST_ALERTS = 100
"""Alerts in one webhook message; a storm must not outgrow what the receiver takes."""

ROUTING_KEY_LENGTH = 32
SENDER = "touchline@localhost"
SMARTHOST = "localhost:25"


def receiver(channel: Channel, plan: Plan) -> Receiver:
    """The receiver of a channel, by its own address or the inbox's."""
    integration = _inbox(channel, plan) if plan.notify.inbox_http else _real(channel)
    return Receiver(channel.name, (integration,), channel.where)


def heartbeat_receiver(plan: Plan) -> Receiver | None:
    """Who must notice our silence, or None where nobody is named."""
    heartbeat = plan.notify.heartbeat
    if heartbeat is None:
        return None
    if plan.notify.inbox_http:
        webhook = WebhookIntegration(url=f"http://{plan.notify.inbox_http}/webhook/heartbeat", send_resolved=False)
    else:
        webhook = WebhookIntegration(url_file=heartbeat.url_file, send_resolved=False)
    return Receiver(name.HEARTBEAT_RECEIVER, (webhook,), heartbeat.where)


def _real(channel: Channel) -> Integration:
    settings, secrets = channel.settings, channel.secrets
    if channel.kind == "slack":
        return SlackIntegration(settings["channel"], url_file=secrets["url_file"])
    if channel.kind == "pagerduty":
        return PagerDutyIntegration(routing_key_file=secrets["routing_key_file"])
    if channel.kind == "email":
        return EmailIntegration(
            to=settings["to"],
            sender=settings.get("from", SENDER),
            smarthost=settings.get("smarthost", SMARTHOST),
            username=settings.get("username", ""),
            password_file=secrets.get("password_file", ""),
        )
    # A DingTalk robot refuses Alertmanager's JSON: the file names the bridge's address for this group.
    file = secrets["webhook_file"] if channel.kind == "dingtalk" else secrets["url_file"]
    return WebhookIntegration(url_file=file, max_alerts=MOST_ALERTS)


def _inbox(channel: Channel, plan: Plan) -> Integration:
    url = f"http://{plan.notify.inbox_http}{plan.notify.inbox_path.get(channel.name, '')}"
    if channel.kind == "slack":
        return SlackIntegration(channel.settings["channel"], url=url)
    if channel.kind == "pagerduty":
        return PagerDutyIntegration(routing_key=channel.name[:ROUTING_KEY_LENGTH].rjust(ROUTING_KEY_LENGTH, "0"), url=url)
    if channel.kind == "email":
        sender = channel.settings.get("from", SENDER)
        return EmailIntegration(channel.settings["to"], sender, plan.notify.inbox_smtp, require_tls=False)
    return WebhookIntegration(url=url, max_alerts=MOST_ALERTS)
