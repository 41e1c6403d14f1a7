"""What is kept back while its cause is known, derived from who depends on whom. In: the Plan. Out: inhibition rules. A cause is an
outage or an absence. It mutes only what it can have told before (it fires no later than the target's first message) and what is
over when it ends (it keeps firing as long as the target's window remembers); a critical page only if it is critical itself; and
never its own service's outages, so that nothing mutes itself. An exporter that is down is no cause: it says nothing of the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generators import conventions as name
from generators.ir.alerting import InhibitRule, Matcher
from generators.plan import Alert, AlertSeverity, Plan, Service, Slo
from generators.slo import TIERS, BurnTier

CAUSES = ("outage", "absence")
MUTES: tuple[tuple[AlertSeverity, frozenset[str]], ...] = (
    ("critical", frozenset({"critical", "warning", "info"})),
    ("warning", frozenset({"warning", "info"})),
)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """An alert that a cause may mute: `earliest` and `memory` are the seconds from a fault's begin to its firing at the soonest,
    and from the fault's end to its last firing."""

    name: str
    severity: str
    cause: bool
    services: frozenset[str]
    earliest: int
    memory: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches a service: the causes and the targets among its alerts."""

    causes: list[Alert] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)


def compile_inhibition(plan: Plan) -> tuple[InhibitRule, ...]:
    """Inhibition within each service, then along the dependencies, in the order of the services."""
    targets = [*map(_target, (one for one in plan.alerts if one.signal != "heartbeat")), *_burn_targets(plan.slos)]
    causes = [alert for alert in plan.alerts if alert.signal in CAUSES]
    watches = {service.name: Watch() for service in plan.services}
    for cause in causes:
        for service in cause.services:
            watches[service.name].causes.append(cause)
    for target in targets:
        for name_of_service in target.services:
            watches[name_of_service].targets.append(target)
    known = {service.name: service for service in plan.services}
    rules = list(_within_service(plan, causes, targets))
    for service in plan.services:
        rules += _along_dependencies(plan, service, _dependents(known, service), watches)
    return tuple(rules)


def _target(alert: Alert) -> Target:
    services = frozenset(service.name for service in alert.services)
    return Target(alert.name, alert.severity, alert.signal in CAUSES, services, alert.hold, alert.window + alert.keep_firing)


def _burn_targets(slos: tuple[Slo, ...]) -> Iterable[Target]:
    """The burn alerts of the SLOs. A total outage crosses factor * budget of the long window first; afterwards the short window
    forgets first, and an alert needs both."""
    for tier in TIERS if slos else ():
        services = frozenset(slo.service.name for slo in slos)
        earliest = min(_crossing(tier, slo) for slo in slos)
        yield Target(tier.name, tier.severity, False, services, earliest, tier.short + tier.cadence)


def _crossing(tier: BurnTier, slo: Slo) -> int:
    return int(tier.factor * slo.budget * tier.long) + tier.hold


def _mutes(plan: Plan, cause: Alert, scraped: int, target: Target) -> bool:
    latest = scraped + plan.stack.evaluation_interval + cause.window + cause.hold
    return latest <= target.earliest + plan.notify.group_wait and cause.keep_firing >= target.memory


def _within_service(plan: Plan, causes: list[Alert], targets: list[Target]) -> Iterable[InhibitRule]:
    """A critical outage or absence says enough of its own service: lesser alerts of it are kept back."""
    groups: dict[tuple[str, ...], list[Alert]] = {}
    for cause in causes:
        if cause.severity == "critical":
            scraped = max((service.scrape_interval for service in cause.services), default=plan.stack.scrape_interval)
            watched = {service.name for service in cause.services}
            names = tuple(
                one.name
                for one in targets
                if not one.cause and one.severity != "critical" and one.services & watched and _mutes(plan, cause, scraped, one)
            )
            groups.setdefault(names, []).append(cause)
    for index, (names, together) in enumerate((names, found) for names, found in groups.items() if names):
        yield InhibitRule(
            name=f"own-service-{index + 1}",
            source=(_any(name.ALERTNAME, [one.name for one in together]),),
            target=(_any(name.ALERTNAME, names), Matcher(name.SEVERITY, "!=", "critical")),
            equal=(name.SERVICE, *sorted(plan.environment.labels)),
            where=together[0].where,
        )


def _along_dependencies(
    plan: Plan, service: Service, dependents: tuple[str, ...], watches: Mapping[str, Watch]
) -> Iterable[InhibitRule]:
    groups: dict[tuple[AlertSeverity, tuple[str, ...]], list[Alert]] = {}
    reached = dict.fromkeys(target for one in dependents for target in watches[one].targets)
    for severity, muted in MUTES:
        for cause in watches[service.name].causes if reached else ():
            if cause.severity == severity:
                found = [one for one in reached if one.severity in muted and _mutes(plan, cause, service.scrape_interval, one)]
                groups.setdefault((severity, tuple(one.name for one in found)), []).append(cause)
    for (severity, names), together in groups.items():
        if names:
            limit = () if severity == "critical" else (Matcher(name.SEVERITY, "!=", "critical"),)
            yield InhibitRule(
                name=f"{service.name}-{together[0].name}",
                source=(_any(name.ALERTNAME, [one.name for one in together]), Matcher(name.SERVICE, "=", service.name)),
                target=(_any(name.ALERTNAME, names), _any(name.SERVICE, dependents), *limit),
                equal=tuple(sorted(plan.environment.labels)),
                where=service.where,
            )


def _dependents(known: Mapping[str, Service], service: Service) -> tuple[str, ...]:
    """Everything that needs the service, directly or through others, itself left out."""
    found: dict[str, None] = {}
    waiting = list(service.dependents)
    while waiting:
        one = waiting.pop()
        if one not in found and one != service.name:
            found[one] = None
            waiting += known[one].dependents
    return tuple(sorted(found))


def _any(label: str, names: Iterable[str]) -> Matcher:
    each = list(dict.fromkeys(names))
    return Matcher(label, "=", each[0]) if len(each) == 1 else Matcher(label, "=~", "|".join(each))
