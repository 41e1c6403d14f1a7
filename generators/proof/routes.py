"""Tests of routes, from what people wrote. In: the Plan's alerts, objectives and `notify`. Out: label sets, each with the
receivers it must reach, for amtool. What is expected comes from the routes as written, never from the compiled tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from generators import conventions as name
from generators.ir.alerting import RouteTest
from generators.plan import NotifyRoute, Plan, Service

BURNS = (("page", "critical"), ("ticket", "warning"))
"""What the SRE workbook has the burn of an error budget do, and the severity that goes with it."""

Labels = tuple[tuple[str, str], ...]


def prove_routes(plan: Plan) -> tuple[RouteTest, ...]:
    """One test for every different set of routing labels; the hours are not looked at, since amtool knows none."""
    return tuple(RouteTest(title, labels, told(plan, dict(labels))) for labels, title in routed(plan).items())


def routed(plan: Plan) -> Mapping[Labels, str]:
    """Every different set of routing labels that an alert of the plan can have, with the name of the first that has it."""
    cases: dict[Labels, str] = {}
    for title, labels in (*_alerts(plan), *_burns(plan)):
        cases.setdefault(tuple(sorted(labels.items())), f"{title}{_of(labels)}")
    return cases


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
    if labels.get(name.SIGNAL) == "heartbeat":
        return (name.HEARTBEAT_RECEIVER if plan.notify.heartbeat else name.NOBODY_RECEIVER,)
    found = {channel for route in plan.notify.routes if route.takes(labels) and open_now(route) for channel in route.to}
    return tuple(channel.name for channel in plan.notify.channels if channel.name in found)
