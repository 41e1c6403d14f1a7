"""Who is told. In: the spec's `notify`. Out: a Notify whose channels, hours and names all exist; faults for those that do not
and for secrets written where a file's name belongs."""

from __future__ import annotations

import re
from datetime import date

from generators.plan import Channel, ChannelKind, Heartbeat, Hours, Maintenance, Notify, NotifyRoute, StackPlan
from generators.resolve.context import Context, as_tuple
from generators.resolve.delays import group_wait
from generators.resolve.secrets import kind_of_secret
from generators.spec import model
from generators.zones import zone

_DAYS = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}
_WEEK = ("sunday", *_DAYS.values())
"""Alertmanager's week begins on Sunday, and no range of its days may go beyond the end of the week."""

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
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
    heartbeat = notify.heartbeat
    if heartbeat:
        _check_secret_name(context, heartbeat.url_file, ("notify", "heartbeat", "url_file"))
    inbox = "inbox" in stack.components
    return Notify(
        channels=channels,
        routes=routes,
        hours=hours,
        maintenance=maintenance,
        heartbeat=Heartbeat(heartbeat.url_file, heartbeat.every, context.where("notify", "heartbeat")) if heartbeat else None,
        group_wait=group_wait(context),
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
        _check_secret_name(context, value, ("notify", "channels", name, kind, key))
    return Channel(name, kind, {key: value for key, value in values.items() if key not in secrets}, secrets, where)


def _check_secret_name(context: Context, value: str, place: tuple[str, ...]) -> None:
    """Where a file's name belongs stands no secret; what looks like a known kind of secret is reported as that already."""
    if not _FILE.fullmatch(value) and not kind_of_secret(value):
        what = f"'{place[-1]}' holds no name of a file: a secret does not belong in the spec"
        fix = "Put the secret into a file of the secrets directory and write the file's name here."
        context.fault("secret", context.where(*place), what, fix)


def days(text: str) -> tuple[str, ...] | None:
    """`mon-fri` or `sat,sun` as Alertmanager's weekdays; None when it is neither."""
    ranges: list[str] = []
    for part in text.lower().split(","):
        ends = [_DAYS.get(day.strip()[:3], "") for day in part.split("-")]
        if not 1 <= len(ends) <= 2 or "" in ends:
            return None
        first, last = ends[0], ends[-1]
        if len(ends) == 2 and _WEEK.index(first) > _WEEK.index(last):
            ranges += [_range(first, "saturday"), _range("sunday", last)]
        else:
            ranges.append(_range(first, last))
    return tuple(ranges)


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}:{last}"


def _span(context: Context, place: tuple[str, ...], part: model.Hours | model.Maintenance) -> tuple[str, ...]:
    """The weekdays of hours or of maintenance, after a look at its times and zone."""
    for key, value in (("from", part.start), ("to", part.end)):
        if not _TIME.fullmatch(value):
            context.fault(
                "value", context.where(*place, key), f"'{value}' is no time of day", "Write it like '09:00', in quotes."
            )
    if part.start >= part.end and _TIME.fullmatch(part.start) and _TIME.fullmatch(part.end):
        context.fault("value", context.where(*place, "to"), f"{part.start} to {part.end} is empty", "End after the beginning.")
    if zone(part.zone) is None:
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
    for index, day in enumerate(work.dates):
        if not _is_date(day):
            where = context.where("notify", "maintenance", name, "dates", index)
            context.fault("value", where, f"'{day}' is no date", "Write it like '2026-12-24', in quotes.")
    weekdays = _span(context, ("notify", "maintenance", name), work)
    where = context.where_key("notify", "maintenance", name)
    return Maintenance(name, tuple(work.services), weekdays, tuple(work.dates), work.start, work.end, work.zone, where)


def _is_date(text: str) -> bool:
    try:
        return len(text) == len("2026-12-24") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _route(context: Context, index: int, route: model.Route) -> NotifyRoute:
    place = ("notify", "routes", index)
    notify, services = context.spec.notify, context.spec.services
    for at, channel in enumerate(route.to):
        if channel not in notify.channels:
            context.unknown("channel", channel, notify.channels, (*place, "to", at))
    if route.hours and route.hours not in notify.hours:
        context.unknown("hours", route.hours, notify.hours, (*place, "hours"))
    for at, service in enumerate(as_tuple(route.service)):
        if service not in services:
            inner = (at,) if isinstance(route.service, list) else ()
            context.unknown("service", service, services, (*place, "service", *inner))
    severities = as_tuple(route.severity)
    most_urgent = next((one for one in ("critical", "warning", "info") if not severities or one in severities), "info")
    return NotifyRoute(
        severities=severities,
        tiers=as_tuple(route.tier),
        signals=as_tuple(route.signal),
        # Of a service that is not there nothing is told; as if it were not asked for, no other fault follows from it.
        services=as_tuple(route.service) if all(service in services for service in as_tuple(route.service)) else (),
        owners=as_tuple(route.owner),
        to=tuple(one for one in route.to if one in notify.channels),
        hours=route.hours if route.hours and route.hours in notify.hours else "",
        repeat=route.repeat or _REPEAT[most_urgent],
        where=context.where(*place),
    )
