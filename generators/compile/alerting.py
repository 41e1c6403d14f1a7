"""Who is told, where and when. In: the Plan. Out: the Alertmanager IR. One receiver a channel; below the root one route for each
channel and each region of alerts that it is told of, so that a channel hears of an alert once, however many routes people wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from generators import conventions as name
from generators.compile.echoes import states
from generators.compile.inhibition import compile_inhibition
from generators.compile.receivers import heartbeat_receiver, receiver
from generators.compile.regions import Region, Values, apart, muted
from generators.ir.alerting import Alerting, Links, Matcher, Receiver, Route, TimeInterval
from generators.plan import Hours, Maintenance, NotifyRoute, Plan

GROUP_BY = (name.SEVERITY, name.SERVICE)
"""One incident of a service is one message; a critical alert never waits behind a warning that was told already."""

URGENT_INTERVAL = 60
"""Seconds after which a critical group tells of a new member at the latest, whatever the group interval of the rest."""

WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""As Alertmanager counts: a span of days is in this order."""

CRITICAL = Values(frozenset({"critical"}))
REPEAT = 4 * 3600
SECRETS = {"compose": "/touchline/secrets", "local": "../../secrets"}
"""Where Alertmanager finds its secrets: in a container at the place of the mount, as a process from its own data directory."""


def compile_alerting(plan: Plan) -> Alerting:
    """The whole Alertmanager configuration of this environment."""
    channels = tuple(receiver(channel, plan) for channel in plan.notify.channels)
    own = (heartbeat_receiver(plan), Receiver(name.NOBODY_RECEIVER))
    zones = [*(one.zone for one in plan.notify.hours), *(one.zone for one in plan.notify.maintenance)]
    return Alerting(
        route=_root(plan),
        receivers=(*channels, *(one for one in own if one)),
        inhibit_rules=compile_inhibition(plan),
        time_intervals=tuple(_intervals(plan)),
        links=Links(**{one: plan.environment.external_urls.get(one, "") for one in Links.__dataclass_fields__}),
        locale=plan.project.locale,
        secrets_dir=SECRETS[plan.engine],
        project=plan.project.name,
        zone=next(iter(zones), "UTC"),
    )


def _root(plan: Plan) -> Route:
    """The root takes what no route matches (a foreign alert without our labels): the widest route's first channel hears of it,
    rather than nobody."""
    return Route(
        receiver=plan.notify.routes[-1].to[0],
        group_by=GROUP_BY,
        group_wait=plan.notify.group_wait,
        group_interval=plan.notify.group_interval,
        repeat_interval=REPEAT,
        routes=(
            _heartbeat(plan),
            *_echoes(plan),
            *(route for channel in plan.notify.channels for route in _channel(plan, channel.name)),
        ),
    )


def _heartbeat(plan: Plan) -> Route:
    """A dead man's switch: told at once and at every interval, to its own receiver alone. Alertmanager tells again only when more
    than the repeat interval has passed at the group's tick, so the repeat is shorter than the tick."""
    alive = Matcher(name.SIGNAL, "=", "heartbeat")
    if plan.notify.heartbeat is None:
        return Route(name.NOBODY_RECEIVER, (alive,))
    every = plan.notify.heartbeat.every
    return Route(
        name.HEARTBEAT_RECEIVER,
        (alive,),
        group_by=(),
        group_wait=0,
        group_interval=every,
        repeat_interval=max(every // 2, 1),
        where=plan.notify.heartbeat.where,
    )


def _echoes(plan: Plan) -> Iterable[Route]:
    """What only holds back others is told to nobody."""
    if states(plan):
        yield Route(name.NOBODY_RECEIVER, (Matcher(name.SIGNAL, "=", name.ECHO),))


def _channel(plan: Plan, channel: str) -> Iterable[Route]:
    regions = apart(one for route in plan.notify.routes if channel in route.to for one in _by_urgency(plan, route))
    for work in plan.notify.maintenance:
        regions = [part for region in regions for part in _under(plan, region, work)]
    for region in (_settled(plan, one) for one in regions):
        if region.empty:
            continue
        urgent = region.labels.get(name.SEVERITY) == CRITICAL
        yield Route(
            channel,
            region.matchers(),
            group_interval=min(plan.notify.group_interval, URGENT_INTERVAL) if urgent else None,
            repeat_interval=region.repeat,
            mute_time_intervals=region.mute,
            active_time_intervals=tuple(f"hours-{one}" for one in sorted(region.hours or ())),
            proceed=True,
            where=region.where,
        )


def _under(plan: Plan, region: Region, work: Maintenance) -> Iterable[Region]:
    """The region, without what planned work keeps silent; and that part, where the region has any and tells at such times."""
    services = frozenset(one.name for one in plan.services if one.name in work.services and region.takes(one.labels))
    meets = region.hours is None or any(_meet(one, work) for one in plan.notify.hours if one.name in region.hours)
    if not services or not meets:
        return [region]
    return muted(region, {name.SERVICE: Values(services)}, tuple(_maintenance_names(work)))


def _meet(hours: Hours, work: Maintenance) -> bool:
    """Whether planned work may fall into hours. In doubt, yes: dates, and clocks of two zones, are not compared."""
    if work.dates or hours.zone != work.zone:
        return True
    return bool(_days(hours) & _days(work)) and hours.start < work.end and work.start < hours.end


def _days(span: Hours | Maintenance) -> frozenset[str]:
    ends = [(first, last or first) for first, _, last in (part.partition(":") for part in span.days or WEEK)]
    return frozenset(day for first, last in ends for day in WEEK[WEEK.index(first) : WEEK.index(last) + 1])


def _settled(plan: Plan, region: Region) -> Region:
    """Where services are named, their tier and owner are not asked for: each service has one."""
    named = region.labels.get(name.SERVICE)
    if named is None or named.but:
        return region
    fits = frozenset(one.name for one in plan.services if region.takes(one.labels))
    kept = {label: values for label, values in region.labels.items() if label not in (name.TIER, name.OWNER)}
    return replace(region, labels={**kept, name.SERVICE: Values(fits)})


def _by_urgency(plan: Plan, route: NotifyRoute) -> Iterable[Region]:
    """A route of critical alerts and others is two: a critical group does not wait as long as the rest to tell of more."""
    whole = _region(route)
    severities = whole.labels.get(name.SEVERITY, Values(frozenset(), but=True))
    parts = (severities & CRITICAL, severities & Values(CRITICAL.names, but=True))
    if plan.notify.group_interval <= URGENT_INTERVAL or not all(part.but or part.names for part in parts):
        yield whole
    else:
        yield from (replace(whole, labels={**whole.labels, name.SEVERITY: part}) for part in parts)


def _region(route: NotifyRoute) -> Region:
    wanted = {
        name.SEVERITY: route.severities,
        name.TIER: route.tiers,
        name.SIGNAL: route.signals,
        name.SERVICE: route.services,
        name.OWNER: route.owners,
    }
    labels = {label: Values(frozenset(values)) for label, values in wanted.items() if values}
    return Region(labels, frozenset({route.hours}) if route.hours else None, route.repeat, where=route.where)


def _intervals(plan: Plan) -> Iterable[TimeInterval]:
    for hours in plan.notify.hours:
        yield TimeInterval(f"hours-{hours.name}", hours.days, _times(hours), zone=hours.zone, where=hours.where)
    for work in plan.notify.maintenance:
        if not work.dates:
            yield TimeInterval(_maintenance_names(work)[0], work.days, _times(work), zone=work.zone, where=work.where)
        for interval, (first, last) in zip(_maintenance_names(work), _spans(work), strict=False):
            yield TimeInterval(
                interval,
                work.days,
                _times(work),
                days_of_month=(f"{first.day}:{last.day}",),
                months=(str(first.month),),
                years=(str(first.year),),
                zone=work.zone,
                where=work.where,
            )


def _times(span: Hours | Maintenance) -> tuple[tuple[str, str], ...]:
    return () if (span.start, span.end) == ("00:00", "24:00") else ((span.start, span.end),)


def _maintenance_names(work: Maintenance) -> list[str]:
    base = f"maintenance-{work.name}"
    count = len(_spans(work))
    return [f"{base}-{index + 1}" for index in range(count)] if count > 1 else [base]


def _spans(work: Maintenance) -> list[tuple[date, date]]:
    """Two dates are the first and the last day; other dates are days by themselves. Alertmanager knows days only within a month,
    so a longer time is cut at the ends of months."""
    days = [date.fromisoformat(one) for one in work.dates]
    if len(days) != 2:
        return [(day, day) for day in days]
    first, last = min(days), max(days)
    spans = []
    while first <= last:
        month_end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        spans.append((first, min(month_end, last)))
        first = month_end + timedelta(days=1)
    return spans
