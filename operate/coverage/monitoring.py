"""Monitoring coverage: services with alerts, objectives, a dashboard and runbooks. In: the Ground. Out: one item for each service and each
of what it owes. An alert counts when it runs, an objective when it is measured, a page when it was released."""

from __future__ import annotations

from collections.abc import Iterator

from generators import conventions as name
from generators.fault import Where
from generators.plan import Alert, Service
from operate.coverage.figure import Figure, Gap, Item, LeftOut
from operate.coverage.ground import Ground
from operate.live import queries

GONE = ("outage", "absence")
"""Signals of the alerts that say that a service is not there."""
DEPLOY = "`touchline deploy` brings back what the spec says."


def figure(ground: Ground) -> Figure:
    """The figure."""
    items: list[Item] = []
    left: list[LeftOut] = []
    measured = {one.labels.get(name.SLO, "") for one in queries.instant(ground.prometheus, name.SLI_TOTAL)}
    for service in ground.plan.services:
        if away := ground.away(service):
            left.append(LeftOut(service.name, "containers", away, service.where))
            continue
        alerts = tuple(alert for alert in ground.plan.alerts if any(one.name == service.name for one in alert.services))
        items.append(Item(f"alerts of {service.name}", tuple(_alerts(ground, service, alerts))))
        if service.application:
            items.append(Item(f"objectives of {service.name}", tuple(_objectives(ground, service, measured))))
        items.append(Item(f"dashboard of {service.name}", tuple(_dashboard(ground, service))))
        items.append(Item(f"runbooks of {service.name}", tuple(_runbooks(ground, service, alerts))))
    return Figure("monitoring", ground.plan.goals.monitoring_coverage, tuple(items), tuple(left))


def _alerts(ground: Ground, service: Service, alerts: tuple[Alert, ...]) -> Iterator[Gap]:
    """Somebody says that it is gone, and that what has a normal state has left it; and all of them run."""
    if not any(alert.signal in GONE for alert in alerts):
        yield Gap(f"no alert says that {service.name} is gone", service.where, "Write one with `signal: outage` or `absence`.")
    read = {metric for alert in ground.plan.alerts for metric in alert.metrics}
    for metric in ground.plan.contract.metrics.values():
        mine = metric.source == service.kind or service.name in metric.source.split(",")
        if mine and (metric.normal_low, metric.normal_high) != (None, None) and metric.name not in read:
            what = f"no alert says when {metric.name} of {service.name} leaves what is normal"
            yield Gap(what, metric.where, "Write an alert on it, or take its `normal` away.")
    for alert in alerts:
        yield from _runs(ground, alert.name, alert.where)


def _runs(ground: Ground, alert: str, where: Where) -> Iterator[Gap]:
    running = ground.running.get(alert, ())
    if not running:
        yield Gap(f"the alert {alert} does not run", where, DEPLOY)
    for one in running:
        if one.health == "err":
            yield Gap(f"the alert {alert} fails: {one.error}", where, "Mend its condition.")


def _objectives(ground: Ground, service: Service, measured: set[str]) -> Iterator[Gap]:
    mine = [slo for slo in ground.plan.slos if slo.service.name == service.name]
    if not mine:
        yield Gap(f"{service.name} has no objective", service.where, f"Write one under services.{service.name}.slos.")
    for slo in mine:
        if slo.id not in measured:
            what = f"the objective {slo.id} is not measured: {name.SLI_TOTAL} has no value of it"
            runs = name.SLI_TOTAL in ground.running
            yield Gap(what, slo.where, f"See that {service.name} runs, and is called." if runs else DEPLOY)


def _dashboard(ground: Ground, service: Service) -> Iterator[Gap]:
    kind = next((kind for kind in ground.plan.kind_panels if kind.kind == service.kind), None)
    if kind is None or not kind.panels:
        fix = f"Give it panels under `panels:` of generators/catalogue/{service.kind}.yaml."
        yield Gap(f"no panel is about {service.name}", service.where, fix)
        return
    file = f"grafana/dashboards/{kind.dashboard or kind.kind}.json"
    if file not in ground.files:
        yield Gap(f"the dashboard of {service.name} was not released ({file})", service.where, DEPLOY)


def _runbooks(ground: Ground, service: Service, alerts: tuple[Alert, ...]) -> Iterator[Gap]:
    if not alerts:
        yield Gap(f"{service.name} has no alert that could have a runbook", service.where, "Write an alert.")
    for alert in alerts:
        if f"docs/runbooks/{alert.name}.md" not in ground.files:
            yield Gap(f"the runbook of {alert.name} was not released", alert.where, DEPLOY)
