"""Tests of routes, from what people wrote. In: the Plan's alerts, objectives and `notify`. Out: label sets, each with the
receivers it must reach, for amtool. What is expected comes from the routes as written, never from the compiled tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product

from generators import conventions as name
from generators.ir.alerting import RouteTest
from generators.plan import NotifyRoute, Plan, Service
from generators.proof.failures import states

BURNS = (("page", "critical"), ("ticket", "warning"))
"""What the SRE workbook has the burn of an error budget do, and the severity that goes with it."""

SEVERITIES = ("critical", "warning", "info")

Labels = tuple[tuple[str, str], ...]


def prove_routes(plan: Plan) -> tuple[RouteTest, ...]:
    """One test for every different set of routing labels; the hours are not looked at, since amtool knows none."""
    cases = {**routed(plan), **_echoes(plan)}
    return tuple(RouteTest(title, labels, told(plan, dict(labels))) for labels, title in cases.items())


def routed(plan: Plan) -> Mapping[Labels, str]:
    """Every different set of routing labels that an alert of the plan can have, with the name of the first that has it; and of what
    is worked on some that it has not: whatever a route takes of it, planned work keeps silent."""
    cases: dict[Labels, str] = {}
    for title, labels in (*_alerts(plan), *_burns(plan)):
        cases.setdefault(_sorted(labels), f"{title}{_of(labels)}")
    known = {one: [dict(labels) for labels in cases if (name.SERVICE, one) in labels] for one in _worked_on(plan)}
    for service, route, severity in product(_worked_on(plan), plan.notify.routes, SEVERITIES):
        labels = {name.SEVERITY: severity, name.SIGNAL: next(iter(route.signals), "degradation"), **plan.service(service).labels}
        seen = any(route.takes(one) and one[name.SEVERITY] == severity for one in known[service])
        if route.takes(labels) and not seen:
            cases.setdefault(_sorted(labels), f"an undeclared {severity} alert ({labels[name.SIGNAL]}){_of(labels)}")
    return cases


def _worked_on(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(service for work in plan.notify.maintenance for service in work.services))


def _echoes(plan: Plan) -> Mapping[Labels, str]:
    """What remembers an outage is told to nobody, whatever its severity says and whichever routes would take it."""
    cases: dict[frozenset[int], tuple[Labels, str]] = {}
    for service, severity in product((one for one in plan.services if states(plan, one)), SEVERITIES):
        labels = {name.SEVERITY: severity, name.SIGNAL: name.ECHO, **service.labels}
        taken = frozenset(number for number, route in enumerate(plan.notify.routes) if route.takes(labels))
        cases.setdefault(taken, (_sorted(labels), f"what remembers an outage, were it {severity},{_of(labels)}"))
    return dict(cases.values())


def _sorted(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _alerts(plan: Plan) -> Iterable[tuple[str, dict[str, str]]]:
    for alert in plan.alerts:
        own = {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.labels}
        for service in alert.services or (None,):
            yield alert.name, {**own, **_identity(service)}


def _burns(plan: Plan) -> Iterable[tuple[str, dict[str, str]]]:
    for slo in plan.slos:
        for burn, severity in BURNS:
            labels = {name.SEVERITY: severity, name.SIGNAL: "burn", name.BURN: burn, name.SLO: slo.id}
            yield f"error budget of {slo.id}, {burn}", {**labels, **_identity(slo.service)}


def _identity(service: Service | None) -> Mapping[str, str]:
    return service.labels if service else {}


def _of(labels: Mapping[str, str]) -> str:
    return f" of {labels[name.SERVICE]}" if labels.get(name.SERVICE) else ""


def always(_: NotifyRoute) -> bool:
    """Every route, whatever the hour."""
    return True


def told(plan: Plan, labels: Mapping[str, str], open_now: Callable[[NotifyRoute], bool] = always) -> tuple[str, ...]:
    """The channels of every open route that takes the labels, each once, in the order in which the channels are written."""
    if labels.get(name.SIGNAL) == name.ECHO:
        return (name.NOBODY_RECEIVER,)
    if labels.get(name.SIGNAL) == "heartbeat":
        return (name.HEARTBEAT_RECEIVER if plan.notify.heartbeat else name.NOBODY_RECEIVER,)
    found = {channel for route in plan.notify.routes if open_now(route) and route.takes(labels) for channel in route.to}
    return tuple(channel.name for channel in plan.notify.channels if channel.name in found)
