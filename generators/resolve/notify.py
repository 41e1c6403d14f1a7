"""Who is told. In: the spec's `notify`. Out: a Notify whose channels, hours and names all exist; faults for those that do not,
for secrets written where a file's name belongs, and for a production that nobody outside watches."""

from __future__ import annotations

import re

from generators.plan import Channel, ChannelKind, Heartbeat, Hours, Maintenance, Notify, NotifyRoute, StackPlan
from generators.resolve.context import Context, as_tuple
from generators.spec import model

_DAYS = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_REPEAT = {"critical": 3600, "warning": 4 * 3600, "info": 24 * 3600}
_KINDS: tuple[ChannelKind, ...] = ("slack", "pagerduty", "email", "dingtalk", "webhook")
_INBOX_PATHS = {
    "slack": "/slack/{name}",
    "pagerduty": "/pagerduty/v2/enqueue",
    "dingtalk": "/webhook/{name}",
    "webhook": "/webhook/{name}",
}


def resolve_notify(context: Context, stack: StackPlan) -> Notify:
    """The Notify of this environment."""
    notify = context.spec.notify
    channels = tuple(one for name in notify.channels if (one := _channel(context, name, notify.channels[name])))
    hours = tuple(_hours(context, name, one) for name, one in notify.hours.items())
    maintenance = tuple(_maintenance(context, name, one) for name, one in notify.maintenance.items())
    routes = tuple(_route(context, index, route) for index, route in enumerate(notify.routes))
    _check_production(context)
    heartbeat = notify.heartbeat
    inbox = "inbox" in stack.components
    return Notify(
        channels=channels,
        routes=routes,
        hours=hours,
        maintenance=maintenance,
        heartbeat=Heartbeat(heartbeat.url_file, heartbeat.every, context.where("notify", "heartbeat")) if heartbeat else None,
        group_wait=notify.group_wait,
        group_interval=notify.group_interval,
        inbox_http=_address(context, stack, "http") if inbox else "",
        inbox_smtp=_address(context, stack, "smtp") if inbox else "",
        inbox_path={one.name: _INBOX_PATHS[one.kind].format(name=one.name) for one in channels if one.kind in _INBOX_PATHS},
    )


def _address(context: Context, stack: StackPlan, port: str) -> str:
    inside, host = stack.components["inbox"].ports[port]
    return f"inbox:{inside}" if context.engine == "compose" else f"127.0.0.1:{host}"


def _channel(context: Context, name: str, channel: model.Channel) -> Channel | None:
    given = [(kind, part) for kind in _KINDS if (part := getattr(channel, kind)) is not None]
    where = context.where_key("notify", "channels", name)
    if len(given) != 1:
        what = f"channel '{name}' is of {len(given)} kinds; it must be of exactly one"
        context.fault("channel", where, what, f"Keep one of {', '.join(_KINDS)}.")
        return None
    kind, part = given[0]
    values = {key: value for key, value in part.model_dump(by_alias=True).items() if value is not None}
    secrets = {key: value for key, value in values.items() if key.endswith("_file")}
    for key, value in secrets.items():
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", value):
            what = f"{key} holds '{value[:12]}…', not the name of a secret file: a secret does not belong in the spec"
            fix = "Put the secret into a file of the secrets directory and write the file's name here."
            context.fault("secret", context.where("notify", "channels", name, kind, key), what, fix)
    return Channel(name, kind, {key: value for key, value in values.items() if key not in secrets}, secrets, where)


def days(text: str) -> tuple[str, ...] | None:
    """`mon-fri` or `sat,sun` as Alertmanager's weekdays; None when it is neither."""
    ranges = []
    for part in text.lower().split(","):
        ends = [_DAYS.get(day.strip()[:3]) for day in part.split("-")]
        if not 1 <= len(ends) <= 2 or None in ends:
            return None
        ranges.append(":".join(str(end) for end in ends))
    return tuple(ranges)


def _span(context: Context, place: tuple[str, ...], part: model.Hours | model.Maintenance) -> tuple[str, ...]:
    """The weekdays of hours or of maintenance, after a look at its times and zone."""
    for key, value in (("from", part.start), ("to", part.end)):
        if not _TIME.fullmatch(value):
            context.fault(
                "value", context.where(*place, key), f"'{value}' is no time of day", "Write it like '09:00', in quotes."
            )
    if part.start >= part.end:
        context.fault("value", context.where(*place, "to"), f"{part.start} to {part.end} is empty", "End after the beginning.")
    if not re.fullmatch(r"UTC|Local|[A-Z]\w+(/[\w+-]+)+", part.zone):
        fix = "Name it like Asia/Shanghai or UTC."
        context.fault("value", context.where(*place, "zone"), f"'{part.zone}' is no time zone", fix)
    weekdays = days(part.days) if part.days else ()
    if weekdays is None:
        context.fault("value", context.where(*place, "days"), f"'{part.days}' are no days", "Write them like mon-fri or sat,sun.")
    return weekdays or ()


def _hours(context: Context, name: str, hours: model.Hours) -> Hours:
    weekdays = _span(context, ("notify", "hours", name), hours)
    return Hours(name, weekdays, hours.start, hours.end, hours.zone, context.where_key("notify", "hours", name))


def _maintenance(context: Context, name: str, work: model.Maintenance) -> Maintenance:
    for index, service in enumerate(work.services):
        if service not in context.spec.services:
            context.unknown("service", service, context.spec.services, ("notify", "maintenance", name, "services", index))
    for index, date in enumerate(work.dates):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
            where = context.where("notify", "maintenance", name, "dates", index)
            context.fault("value", where, f"'{date}' is no date", "Write it like '2026-12-24', in quotes.")
    weekdays = _span(context, ("notify", "maintenance", name), work)
    where = context.where_key("notify", "maintenance", name)
    return Maintenance(name, tuple(work.services), weekdays, tuple(work.dates), work.start, work.end, work.zone, where)


def _route(context: Context, index: int, route: model.Route) -> NotifyRoute:
    place = ("notify", "routes", index)
    notify, services = context.spec.notify, context.spec.services
    for at, channel in enumerate(route.to):
        if channel not in notify.channels:
            context.unknown("channel", channel, notify.channels, (*place, "to", at))
    if route.hours and route.hours not in notify.hours:
        context.unknown("hours", route.hours, notify.hours, (*place, "hours"))
    for service in as_tuple(route.service):
        if service not in services:
            context.unknown("service", service, services, (*place, "service"))
    severities = as_tuple(route.severity)
    most_urgent = next((one for one in ("critical", "warning", "info") if not severities or one in severities), "info")
    return NotifyRoute(
        severities=severities,
        tiers=as_tuple(route.tier),
        signals=as_tuple(route.signal),
        services=as_tuple(route.service),
        owners=as_tuple(route.owner),
        to=tuple(one for one in route.to if one in notify.channels),
        hours=route.hours if route.hours and route.hours in notify.hours else "",
        repeat=route.repeat or _REPEAT[most_urgent],
        where=context.where(*place),
    )


def _check_production(context: Context) -> None:
    needed = ("prometheus", "alertmanager", "grafana", "runbooks", *(("jaeger",) if context.spec.tracing else ()))
    for name, environment in context.spec.environments.items():
        if not environment.production:
            continue
        missing = [one for one in needed if one not in environment.external_urls]
        if missing:
            what = f"production '{name}' has no external address of {', '.join(missing)}: links in messages would lead nowhere"
            fix = f"Add {', '.join(f'`{one}: https://…`' for one in missing)} under external_urls."
            context.fault("production-address", context.where_key("environments", name), what, fix)
        if context.spec.notify.heartbeat is None:
            what = f"production '{name}' has no heartbeat: nobody would notice when the monitoring itself falls silent"
            context.fault(
                "production-heartbeat", context.where_key("notify"), what, "Add `heartbeat: {url_file: heartbeat_url}`."
            )
        if environment.notify == "inbox":
            where = context.where("environments", name)
            context.fault("production-inbox", where, f"production '{name}' would tell only the inbox", "Say `notify: channels`.")
