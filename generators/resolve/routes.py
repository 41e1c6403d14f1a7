"""Alerts against routes. In: resolved alerts and the spec's routes. Out: faults for an alert that no route takes and for a route
that no alert reaches."""

from __future__ import annotations

from generators.plan import Alert, Notify, NotifyRoute, Slo
from generators.resolve.context import Context
from generators.slo import TIERS


def check_routes(context: Context, notify: Notify, alerts: tuple[Alert, ...], slos: tuple[Slo, ...]) -> None:
    """Report every alert that nobody is told of, and every route that nothing reaches.

    An alert with a fault of its own counts as reaching every route that its severity and signal allow: no echo of its fault."""
    seen = [(alert.name, alert.where, labels) for alert in alerts if alert.signal != "heartbeat" for labels in label_sets(alert)]
    burns = [
        (tier.name, slo.where, {"severity": tier.severity, "signal": "burn", **slo.service.labels})
        for slo in slos
        for tier in TIERS
    ]
    lost: set[str] = set()
    for name, where, labels in (*seen, *burns):
        if name not in lost and not any(route.takes(labels) for route in notify.routes):
            lost.add(name)
            told = ", ".join(f"{label} {labels[label]}" for label in ("severity", "tier", "signal", "service") if label in labels)
            context.fault(
                "unrouted-alert", where, f"no route takes '{name}' ({told}): nobody would be told", "Add a route for it."
            )
    names = {alert.name for alert in alerts}
    missing = any(place[0] in ("alerts", "services") for place in context.broken)
    broken = [alert for name, alert in context.spec.alerts.items() if name not in names]
    for index, route in enumerate(notify.routes):
        if missing or any(_could_take(route, alert.severity, alert.signal) for alert in broken):
            continue
        if not any(route.takes(labels) for _, _, labels in (*seen, *burns)):
            where = context.where("notify", "routes", index)
            context.fault("dead-route", where, f"no alert ever reaches this route ({_said(route)})", "Widen it or take it out.")


def _could_take(route: NotifyRoute, severity: str, signal: str) -> bool:
    return (not route.severities or severity in route.severities) and (not route.signals or signal in route.signals)


def label_sets(alert: Alert) -> list[dict[str, str]]:
    """The labels that routing sees of an alert, for each service it watches."""
    own = {"alertname": alert.name, "severity": alert.severity, "signal": alert.signal, **alert.labels}
    return [{**own, **service.labels} for service in alert.services] or [own]


def _said(route: NotifyRoute) -> str:
    parts = [*route.severities, *route.tiers, *route.signals, *route.services, *route.owners]
    return ", ".join(parts) or "everything"
