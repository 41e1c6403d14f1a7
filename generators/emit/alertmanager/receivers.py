"""Receivers of the Alertmanager configuration: what each kind of integration is told, by which template. In: a Receiver. Out: its
entry in alertmanager.yml."""

from __future__ import annotations

from typing import Any

from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    Integration,
    PagerDutyIntegration,
    Receiver,
    SlackIntegration,
    WebhookIntegration,
)

Entry = dict[str, Any]

SILENCE = '{{ .ExternalURL }}/#/silences/new?filter={{ template "touchline.filter" .CommonLabels }}'


def receiver(one: Receiver, alerting: Alerting) -> Entry:
    """A receiver with its integrations, grouped by kind as Alertmanager wants them."""
    entry: Entry = {"name": one.name}
    for integration in one.integrations:
        kind, config = _integration(integration, alerting)
        entry.setdefault(kind, []).append(config)
    return entry


def _integration(integration: Integration, alerting: Alerting) -> tuple[str, Entry]:
    if isinstance(integration, SlackIntegration):
        return "slack_configs", _slack(integration, alerting)
    if isinstance(integration, PagerDutyIntegration):
        return "pagerduty_configs", _pagerduty(integration, alerting)
    if isinstance(integration, EmailIntegration):
        return "email_configs", _email(integration, alerting)
    return "webhook_configs", _webhook(integration, alerting)


def _call(template: str) -> str:
    return f'{{{{ template "touchline.{template}" . }}}}'


def _secret(alerting: Alerting, file: str) -> str:
    return f"{alerting.secrets_dir}/{file}"


def _address(alerting: Alerting, key: str, file: str, url: str) -> Entry:
    return {f"{key}_file": _secret(alerting, file)} if file else {key: url}


def _slack(slack: SlackIntegration, alerting: Alerting) -> Entry:
    return {
        "send_resolved": True,
        **_address(alerting, "api_url", slack.url_file, slack.url),
        "channel": slack.channel,
        "color": _call("slack.color"),
        "title": _call("slack.title"),
        "title_link": '{{ template "__alertmanagerURL" . }}',
        "fallback": _call("slack.title"),
        "text": _call("slack.text"),
        "mrkdwn_in": ["text"],
        "footer": alerting.project,
    }


def _pagerduty(pagerduty: PagerDutyIntegration, alerting: Alerting) -> Entry:
    entry: Entry = {
        "send_resolved": True,
        **_address(alerting, "routing_key", pagerduty.routing_key_file, pagerduty.routing_key),
    }
    if pagerduty.url:
        entry["url"] = pagerduty.url
    link = "{{{{ (index .Alerts 0).Annotations.{} }}}}"
    return {
        **entry,
        "description": _call("title"),
        "severity": _call("pagerduty.severity"),
        "source": _call("pagerduty.source"),
        "class": "{{ .CommonLabels.alertname }}",
        "component": "{{ .CommonLabels.service }}",
        "group": "{{ .CommonLabels.owner }}",
        "client": alerting.project or "Alertmanager",
        "client_url": '{{ template "__alertmanagerURL" . }}',
        "details": {"firing": _call("pagerduty.firing"), "resolved": _call("pagerduty.resolved")},
        "links": [
            {"href": link.format("runbook_url"), "text": '{{ template "word.runbook" }}'},
            {"href": link.format("dashboard_url"), "text": '{{ template "word.dashboard" }}'},
            {"href": link.format("trace_url"), "text": '{{ template "word.trace" }}'},
            {"href": SILENCE, "text": '{{ template "word.silence.all" }}'},
        ],
    }


def _email(email: EmailIntegration, alerting: Alerting) -> Entry:
    entry: Entry = {"send_resolved": True, "to": email.to, "from": email.sender, "smarthost": email.smarthost}
    if email.username:
        entry["auth_username"] = email.username
    if email.password_file:
        entry["auth_password_file"] = _secret(alerting, email.password_file)
    return {
        **entry,
        "require_tls": email.require_tls,
        "headers": {"Subject": _call("title")},
        "text": _call("email.text"),
        "html": _call("email.html"),
    }


def _webhook(webhook: WebhookIntegration, alerting: Alerting) -> Entry:
    entry: Entry = {"send_resolved": webhook.send_resolved, **_address(alerting, "url", webhook.url_file, webhook.url)}
    if webhook.max_alerts:
        entry["max_alerts"] = webhook.max_alerts
    return entry
