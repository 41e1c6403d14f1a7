"""The Alertmanager configuration: route tree, receivers, inhibition, time intervals. No secret is ever a value here: a secret
is the name of a file."""

from __future__ import annotations

from typing import Literal

from generators.fault import NOWHERE, Where
from generators.record import dataclass

Operator = Literal["=", "!=", "=~", "!~"]


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label op "value"`."""

    label: str
    op: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the route tree; None inherits from its parent. Times are seconds."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = None
    group_wait: int | None = None
    group_interval: int | None = None
    repeat_interval: int | None = None
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    proceed: bool = False  # Alertmanager's `continue`
    routes: tuple[Route, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class SlackIntegration:
    """Slack by incoming webhook; the URL is a secret, or plain text where `url` is an address of our own inbox."""

    channel: str
    url_file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PagerDutyIntegration:
    """PagerDuty Events v2."""

    routing_key_file: str = ""
    routing_key: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class EmailIntegration:
    """E-mail over SMTP."""

    to: str
    sender: str
    smarthost: str
    username: str = ""
    password_file: str = ""
    require_tls: bool = True


@dataclass(frozen=True, slots=True)
class WebhookIntegration:
    """Alertmanager's own webhook: the DingTalk bridge, a heartbeat receiver, the inbox."""

    url_file: str = ""
    url: str = ""
    send_resolved: bool = True
    max_alerts: int = 0


Integration = SlackIntegration | PagerDutyIntegration | EmailIntegration | WebhookIntegration


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver and everything it sends to."""

    name: str
    integrations: tuple[Integration, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert matches `source`, alerts matching `target` with the same values of `equal` are not notified."""

    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A named set of times: `weekdays` like ("monday:friday",), `times` pairs of "HH:MM", in `zone`; `dates` are
    (first day, last day) as "YYYY-MM-DD" for maintenance."""

    name: str
    weekdays: tuple[str, ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    days_of_month: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    zone: str = "UTC"
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that notifications lead to, as people outside reach them. "" where there is none."""

    alertmanager: str = ""
    prometheus: str = ""
    grafana: str = ""
    jaeger: str = ""
    runbooks: str = ""


@dataclass(frozen=True, slots=True)
class Alerting:
    """A whole Alertmanager configuration. `template_dir` is relative to it; `secrets_dir` is as the process sees it, absolute or
    relative to its working directory: Alertmanager opens secret files by the path as written. Times in messages are in `zone`."""

    route: Route
    receivers: tuple[Receiver, ...]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[TimeInterval, ...] = ()
    links: Links = Links()
    locale: str = "en"
    resolve_timeout: int = 300
    template_dir: str = "templates"
    secrets_dir: str = "/touchline/secrets"
    project: str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class RouteTest:
    """`amtool config routes test`: the receivers that an alert with these labels reaches, in order."""

    name: str
    labels: tuple[tuple[str, str], ...]
    receivers: tuple[str, ...]
