"""Scenarios of hours and of planned work: who is told one minute before and after every edge, in winter and in summer time. In: the
Plan's `notify`. Out: one scenario a moment, in which all alerts fire at once, each with the receivers that hear of it then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache

from generators import conventions as name
from generators.ir.scenarios import Firing, Scenario, ScenarioFile
from generators.plan import Hours, Maintenance, NotifyRoute, Plan
from generators.proof.routes import always, routed, told
from generators.proof.sending import resend, valid
from generators.zones import zone

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SEASONS = {"winter": date(2026, 1, 12), "summer": date(2026, 7, 13)}
"""Mondays: zones with daylight saving time stand differently in these two weeks, on both halves of the earth."""

MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
AFTER = 5
"""Seconds that a scenario goes on after the message; far less than any group interval."""

Span = Hours | Maintenance


def hours_file(plan: Plan) -> ScenarioFile:
    """alertmanager/tests/hours.yml."""
    alerts = {title: dict(labels) for labels, title in routed(plan).items()}
    moments: dict[datetime, str] = {}
    for title, moment in _moments(plan):
        moments.setdefault(moment, title)
    firings = tuple(Firing(title, 0) for title in alerts)
    wait = plan.notify.group_wait
    usually = _told(plan, alerts, None)
    scenarios = []
    for moment, title in moments.items():
        now = _told(plan, alerts, moment)
        heard = {one: frozenset(names) for one, names in now.items()}
        quiet = {one: tuple(n for n in names if n not in heard.get(one, ())) for one, names in usually.items()}
        quiet = {one: names for one, names in quiet.items() if names}
        scenarios.append(Scenario(title, written(moment - timedelta(seconds=wait)), wait + AFTER, firings, quiet=quiet))
    title = "Who hears of what: usually, and who of what not at which time. All alerts fire; the time is that of the message."
    return ScenarioFile("hours", title, alerts, tuple(scenarios), resend(plan), valid(plan), usually)


def written(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return moment.astimezone(zone("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(plan: Plan, alerts: dict[str, dict[str, str]], moment: datetime | None) -> dict[str, tuple[str, ...]]:
    """By receiver what it hears of at a moment; without one, when all hours are open and nothing is being worked on."""
    open_now = open_at(plan, moment) if moment else always
    working = [work for work in plan.notify.maintenance if moment and within(work, moment)]
    found: dict[str, list[str]] = {}
    for title, labels in alerts.items():
        worked_on = any(labels.get(name.SERVICE) in work.services for work in working)
        receivers = () if worked_on and labels.get(name.SIGNAL) != "heartbeat" else told(plan, labels, open_now)
        for receiver in receivers:
            if receiver != name.NOBODY_RECEIVER:
                found.setdefault(receiver, []).append(title)
    return {receiver: tuple(titles) for receiver, titles in found.items()}


class open_at:  # noqa: N801 - it is called as a function
    """Whether a route tells at a moment."""

    def __init__(self, plan: Plan, moment: datetime) -> None:
        self.open = {hours.name for hours in plan.notify.hours if within(hours, moment)} | {""}

    def __call__(self, route: NotifyRoute) -> bool:
        return route.hours in self.open


def within(span: Span, moment: datetime) -> bool:
    """Whether a moment lies in hours or in planned work: from the beginning on, up to the end, not at it."""
    local = moment.astimezone(zone(span.zone))
    clock = f"{local.hour:02}:{local.minute:02}"
    return _on(span, local.date()) and span.start <= clock < span.end


def _on(span: Span, day: date) -> bool:
    listed = _weekdays(span.days)
    dates = _dates(span)
    return (not listed or WEEK[day.weekday()] in listed) and (not dates or day in dates)


@cache
def _weekdays(parts: tuple[str, ...]) -> frozenset[str]:
    ends = [(first, last or first) for first, _, last in (part.partition(":") for part in parts)]
    return frozenset(day for first, last in ends for day in WEEK[WEEK.index(first) : WEEK.index(last) + 1])


def _dates(span: Span) -> frozenset[date]:
    """Two dates are the first and the last day of planned work; more or fewer are days by themselves."""
    return _days(span.dates) if isinstance(span, Maintenance) else frozenset()


@cache
def _days(dates: tuple[str, ...]) -> frozenset[date]:
    days = sorted(date.fromisoformat(one) for one in dates)
    if len(days) == 2:
        return frozenset(days[0] + timedelta(days=count) for count in range((days[1] - days[0]).days + 1))
    return frozenset(days)


def _moments(plan: Plan) -> Iterator[tuple[str, datetime]]:
    """The edges of everything that has any, and a time in the middle of a week."""
    yield "in the middle of the week", datetime.combine(SEASONS["winter"] + timedelta(days=2), time(12), zone("UTC"))
    for hours in plan.notify.hours:
        yield from _edges(f"hours '{hours.name}'", hours)
    for work in plan.notify.maintenance:
        yield from _edges(f"maintenance '{work.name}'", work)
        for hours in plan.notify.hours:
            yield from _during(work, hours)


def _during(work: Maintenance, hours: Hours) -> Iterator[tuple[str, datetime]]:
    """The first quarter of an hour that lies in both, of each month that is worked in."""
    for season, days in _seasons(work):
        found: dict[int, datetime] = {}
        for day in days:
            times = (_at(day, "00:00", work) + count * QUARTER for count in range(4 * 24))
            both = next((one for one in times if within(work, one) and within(hours, one)), None)
            if both:
                found.setdefault(day.month, both)
        for moment in found.values():
            yield f"during maintenance '{work.name}', in hours '{hours.name}', {season}, month {moment.month}", moment + MINUTE


def _edges(title: str, span: Span) -> Iterator[tuple[str, datetime]]:
    for season, days in _seasons(span):
        on = [day for day in days if _on(span, day)]
        for day in dict.fromkeys((on[0], on[-1])) if on else ():
            for edge, at in (("begin", span.start), ("end", span.end)):
                moment = _at(day, at, span)
                for side, step in (("before", -MINUTE), ("after", MINUTE)):
                    yield f"a minute {side} {title} {edge}, {season} {WEEK[day.weekday()]}", moment + step
        for day in [day for day in days if not _on(span, day)][:1]:
            yield f"{season} {WEEK[day.weekday()]}, no day of {title}", _at(day, span.start, span) + MINUTE


def _seasons(span: Span) -> Iterable[tuple[str, list[date]]]:
    dates = sorted(_dates(span))
    if dates:
        around = [dates[0] - timedelta(days=1), *dates, dates[-1] + timedelta(days=1)]
        return [(f"{dates[0]:%Y}", around)]
    return [(season, [monday + timedelta(days=count) for count in range(7)]) for season, monday in SEASONS.items()]


def _at(day: date, clock: str, span: Span) -> datetime:
    """A time of a day in the zone of the span; 24:00 is the next day's midnight."""
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute), zone(span.zone))
