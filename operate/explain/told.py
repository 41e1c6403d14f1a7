"""Who is told of an alert, and at which time of the week. In: the Alertmanager configuration that was compiled, the Plan's hours, and
the labels of an alert. Out: `Told`: every receiver with how it is grouped and repeated, and the week in `Spell`s. What is shown here
is held against the promises in `proof.routes`, and those against Alertmanager's own code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from generators.ir.alerting import Alerting, EmailIntegration, Integration, Matcher, PagerDutyIntegration, Route, SlackIntegration
from generators.plan import Hours, Maintenance, Plan
from generators.proof.calendar import BEGIN
from generators.proof.hours import within
from generators.zones import zone

WEEK = timedelta(days=7)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Teller:
    """One receiver of an alert. Times are seconds; `hours` are names of the Plan's hours in which alone it is told ("" always),
    `mute` names of planned work in which it is not."""

    receiver: str
    group_by: tuple[str, ...]
    wait: int
    interval: int
    repeat: int
    hours: tuple[str, ...]
    mute: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spell:
    """From when to when in a week of winter the same receivers are told."""

    begins: datetime
    ends: datetime
    receivers: tuple[str, ...]


def tellers(alerting: Alerting, labels: Mapping[str, str]) -> tuple[Teller, ...]:
    """The receivers of an alert with these labels, in the order of the routes."""
    return tuple(dict.fromkeys(_matching(alerting.route, labels, Teller("", (), 30, 300, 14400, (), ()))))


def _matching(route: Route, labels: Mapping[str, str], above: Teller) -> Iterator[Teller]:
    """A route's own receiver where none of the routes below it takes the alert
    (https://prometheus.io/docs/alerting/latest/configuration/#route-related-settings)."""
    if not all(takes(one, labels) for one in route.matchers):
        return
    here = Teller(
        route.receiver,
        above.group_by if route.group_by is None else route.group_by,
        above.wait if route.group_wait is None else route.group_wait,
        above.interval if route.group_interval is None else route.group_interval,
        above.repeat if route.repeat_interval is None else route.repeat_interval,
        tuple(one.removeprefix("hours-") for one in route.active_time_intervals),
        route.mute_time_intervals,
    )
    taken = False
    for inner in route.routes:
        found = tuple(_matching(inner, labels, here))
        yield from found
        taken = taken or bool(found)
        if found and not inner.proceed:
            break
    if not taken:
        yield here


def takes(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Whether a matcher holds; a label that is not there is empty."""
    value = labels.get(matcher.label, "")
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")


def spells(plan: Plan, found: Iterable[Teller]) -> tuple[Spell, ...]:
    """The week from Monday on, in the zone of the first hours that matter; one spell where none does."""
    told = tuple(found)
    named = {one.name: one for one in plan.notify.hours}
    used = [named[name] for name in dict.fromkeys(name for one in told for name in one.hours) if name in named]
    here = zone(used[0].zone) if used else zone("UTC")
    begins = datetime.combine(BEGIN.date(), time(0), here)
    edges = sorted({begins, *(edge for hours in used for edge in _edges(hours, begins))})
    result: list[Spell] = []
    for start, end in zip(edges, [*edges[1:], begins + WEEK], strict=True):
        open_now = {hours.name for hours in used if within(hours, start)}
        receivers = tuple(dict.fromkeys(one.receiver for one in told if not one.hours or open_now & set(one.hours)))
        if result and result[-1].receivers == receivers:
            result[-1] = Spell(result[-1].begins, end, receivers)
        else:
            result.append(Spell(start, end, receivers))
    return tuple(result)


def _edges(hours: Hours, begins: datetime) -> Iterator[datetime]:
    """Every moment of the week at which the hours may open or close."""
    first = begins.astimezone(zone(hours.zone)).date()
    for count in range(-1, 9):
        for clock in (hours.start, hours.end):
            hour, minute = (int(part) for part in clock.split(":"))
            day = first + timedelta(days=count + hour // 24)
            edge = datetime.combine(day, time(hour % 24, minute), zone(hours.zone)).astimezone(begins.tzinfo)
            if begins <= edge < begins + WEEK:
                yield edge


def longest_silence(week: tuple[Spell, ...]) -> Spell | None:
    """The longest time in which nobody is told, over the week's end as well; None where somebody always is."""
    if len(week) > 1 and not week[0].receivers and not week[-1].receivers:
        week = (*week[1:-1], Spell(week[-1].begins, week[0].ends + WEEK, ()))
    return max((one for one in week if not one.receivers), key=lambda one: one.ends - one.begins, default=None)


def written(week: tuple[Spell, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The week for people: times like "Mon-Fri 09:00-19:00", those that last longest in all as "otherwise", with their receivers."""
    if len({one.receivers for one in week}) == 1:
        return (("at any time", week[0].receivers),)
    spans: dict[tuple[str, ...], dict[int, list[str]]] = {}
    lengths: dict[tuple[str, ...], timedelta] = {}
    for spell in week:
        lengths[spell.receivers] = lengths.get(spell.receivers, timedelta()) + (spell.ends - spell.begins)
        for day, span in _by_day(spell):
            spans.setdefault(spell.receivers, {}).setdefault(day, []).append(span)
    usual = max(lengths, key=lambda receivers: lengths[receivers])
    named = f" ({week[0].begins.tzinfo})"
    rows = [(f"{'; '.join(_joined(days))}{named}", receivers) for receivers, days in spans.items() if receivers != usual]
    return (*rows, ("otherwise", usual))


def _by_day(spell: Spell) -> Iterator[tuple[int, str]]:
    """A spell cut at midnights: the number of the day from Monday, and from when to when."""
    start = spell.begins
    while start < spell.ends:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(0), start.tzinfo)
        end = min(midnight, spell.ends)
        yield start.weekday(), f"{start:%H:%M}-{'24:00' if end == midnight else f'{end:%H:%M}'}"
        start = end


def _joined(days: Mapping[int, list[str]]) -> Iterator[str]:
    """Days that follow each other with the same times, as one: Mon-Fri 09:00-19:00."""
    first: int | None = None
    for day in range(8):
        if first is not None and days.get(day) != days[first]:
            name = DAYS[first] if day - 1 == first else f"{DAYS[first]}-{DAYS[day - 1]}"
            yield f"{name} {', '.join(days[first])}"
            first = None
        if first is None and day in days:
            first = day


def planned(work: Maintenance) -> str:
    """Planned work in words."""
    when = ", ".join((*work.days, *work.dates)) or "every day"
    return f"{when} {work.start}-{work.end} ({work.zone})"


def addressed(integration: Integration, inbox: str) -> str:
    """Where an integration tells, in words. `inbox` is the address of the inbox where every channel of an environment ends, ""
    where there is none."""
    if inbox:
        return "inbox"
    if isinstance(integration, SlackIntegration):
        return f"Slack {integration.channel}"
    if isinstance(integration, PagerDutyIntegration):
        return "PagerDuty"
    if isinstance(integration, EmailIntegration):
        return f"mail to {integration.to}"
    return f"webhook {integration.url or f'(address in secret {integration.url_file})'}"
