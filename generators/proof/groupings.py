"""Scenarios of grouping: what stands in one message, how long a message waits, when more is told and when it is told again. In:
the Plan's `notify`. Out: for each route with a channel that no other route of the alert tells, every message to the second."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from generators import conventions as name
from generators.ir.scenarios import Firing, Message, Scenario, ScenarioFile
from generators.plan import NotifyRoute, Plan
from generators.proof.calendar import Calendar
from generators.proof.failures import URGENT
from generators.proof.hours import written
from generators.proof.routes import routed, told
from generators.proof.sending import resend, valid

MORE = 3
"""Seconds after the first message that one more alert fires."""

FEW = 60

Labels = dict[str, str]


def grouping_file(plan: Plan, calendar: Calendar) -> ScenarioFile:
    """alertmanager/tests/grouping.yml."""
    alerts: dict[str, Labels] = {}
    scenarios: list[Scenario] = []
    for index, route in enumerate(plan.notify.routes):
        # The example that shows most of how a route groups; among many alerts a few are asked.
        found = max(islice(_examples(plan, route), FEW), key=lambda one: len(list(_others(plan, *one))), default=None)
        if found:
            labels, channel = found
            mine = {f"{which} of route {index + 1}": {**labels, "alert": which} for which in ("first", "second", "third")}
            for which, other in _others(plan, labels, channel):
                mine[f"{which} of route {index + 1}"] = other
            alerts |= mine
            scenarios.append(_scenario(plan, calendar, route, channel, index + 1, mine))
    strangers = _strangers(plan)
    if strangers:
        alerts |= strangers
        scenarios.append(_untaken(plan, calendar, strangers))
    title = "One message for what concerns one service at one severity; when it is sent, and when again."
    return ScenarioFile("grouping", title, alerts, tuple(scenarios), resend(plan), valid(plan))


def _strangers(plan: Plan) -> dict[str, Labels]:
    """Alerts that no route takes, of rules that others wrote: of two severities, and of two services."""
    found = {
        f"{which}, no route's": {name.ALERTNAME: "Stranger", name.SEVERITY: severity, name.SERVICE: service}
        for which, severity, service in (
            ("a page", "page", "stranger"),
            ("a ticket", "ticket", "stranger"),
            ("a page of another service", "page", "neighbour"),
        )
    }
    return {} if any(told(plan, labels) for labels in found.values()) else found


def _untaken(plan: Plan, calendar: Calendar, alerts: dict[str, Labels]) -> Scenario:
    """Rather than nobody, the first channel of the last route hears of them, in a message for each severity and service."""
    wait, channel = plan.notify.group_wait, plan.notify.routes[-1].to[0]
    starts, _ = calendar.longest("")
    messages = tuple(Message(wait, channel, (one,)) for one in alerts)
    firings = tuple(Firing(one, 0) for one in alerts)
    return Scenario(f"what no route takes is told to {channel}", written(starts), wait + MORE, firings, messages=messages)


def _examples(plan: Plan, route: NotifyRoute) -> Iterator[tuple[Labels, str]]:
    """Labels that the route takes, and a channel that hears of them by this route alone."""
    for labels in map(dict, routed(plan)):
        if labels.get(name.SIGNAL) == "heartbeat" or not route.takes(labels):
            continue
        for channel in route.to:
            if _only(plan, labels, channel) == [route]:
                yield labels, channel


def _only(plan: Plan, labels: Labels, channel: str) -> list[NotifyRoute]:
    return [one for one in plan.notify.routes if channel in one.to and one.takes(labels)]


def _others(plan: Plan, labels: Labels, channel: str) -> Iterator[tuple[str, Labels]]:
    """Labels that are in no group with these, of which the channel hears by the same route: of another service, or severity."""
    same = _only(plan, labels, channel)
    services = ({**labels, **one.labels, "alert": "other"} for one in plan.services)
    severities = ({**labels, name.SEVERITY: one, "alert": "other"} for one in ("critical", "warning", "info"))
    for which, label, candidates in (
        ("another service", name.SERVICE, services),
        ("another severity", name.SEVERITY, severities),
    ):
        for other in candidates:
            if other[label] != labels.get(label) and _only(plan, other, channel) == same:
                yield which, other
                break


def _scenario(
    plan: Plan, calendar: Calendar, route: NotifyRoute, channel: str, number: int, alerts: dict[str, Labels]
) -> Scenario:
    wait, interval = plan.notify.group_wait, plan.notify.group_interval
    first, second, third, *others = alerts
    critical = alerts[first][name.SEVERITY] == "critical"
    step = min(interval, URGENT) if critical else interval
    # Told again at the first look after more than the repeat interval has passed (notify.go, needsUpdate).
    again = wait + step + (route.repeat // step + 1) * step
    starts, room = calendar.longest(route.hours)
    lasts = min(again + MORE, room)
    messages = [Message(wait, channel, (first, second)), Message(wait + step, channel, (first, second, third))]
    messages.append(Message(again, channel, (first, second, third)))
    for other in others:
        own = min(interval, URGENT) if alerts[other][name.SEVERITY] == "critical" else interval
        messages += [Message(wait, channel, (other,)), Message(wait + (route.repeat // own + 1) * own, channel, (other,))]
    firings = (
        Firing(first, 0),
        Firing(second, max(wait - 1, 0)),
        Firing(third, wait + MORE),
        *(Firing(one, 0) for one in others),
    )
    heard = tuple(sorted((one for one in messages if one.at <= lasts), key=lambda one: (one.at, one.alerts)))
    return Scenario(f"route {number} tells {channel}", written(starts), lasts, firings, messages=heard)
