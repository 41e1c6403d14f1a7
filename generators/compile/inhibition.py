"""What is kept back while its cause is known, derived from who depends on whom. In: the Plan. Out: inhibition rules. A cause is an
outage or an absence. It mutes only what it can have told before (it fires before the target's first message) and what is over when
it ends: it, or an echo of it, is remembered as long as the target's window remembers. It mutes a critical page only if it is critical
itself; and never its own service's outages, so that nothing mutes itself. Targets are named, and an alert has one severity: none is
asked for. An exporter that is down is no cause: it says nothing of the service. What is told and muted later would never be told as
over, so in doubt nothing is muted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generators import conventions as name
from generators.compile.echoes import ECHOES, LONGEST, echo, states
from generators.ir.alerting import InhibitRule, Matcher
from generators.plan import Alert, AlertSeverity, Plan, Service, Slo
from generators.slo import TICKET_CADENCE, TIERS, BurnTier, rate_window

CAUSES = ("outage", "absence")
MUTES: tuple[tuple[AlertSeverity, frozenset[str]], ...] = (
    ("critical", frozenset({"critical", "warning", "info"})),
    ("warning", frozenset({"warning", "info"})),
)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """An alert that a cause may mute: `earliest` and `memory` are the seconds from a fault's begin to its firing at the soonest,
    and from the fault's end to its own end at the latest."""

    name: str
    severity: str
    signal: str
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
    targets = [*(_target(plan, one) for one in plan.alerts if one.signal != "heartbeat"), *_burn_targets(plan)]
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


def _ticks(plan: Plan, seconds: int) -> int:
    """What has to last so long is seen to have lasted at the next evaluation."""
    step = plan.stack.evaluation_interval
    return -(-seconds // step) * step


def _target(plan: Plan, alert: Alert) -> Target:
    services = frozenset(service.name for service in alert.services)
    scraped = max((service.scrape_interval for service in alert.services), default=plan.stack.scrape_interval)
    memory = scraped + plan.stack.evaluation_interval + alert.window + _ticks(plan, alert.keep_firing)
    return Target(alert.name, alert.severity, alert.signal, services, _ticks(plan, alert.hold), memory)


def _burn_targets(plan: Plan) -> Iterable[Target]:
    """The burn alerts of the SLOs. A total outage crosses factor * budget of the long window first; afterwards the short window
    forgets first, and an alert needs both. What it reads remembers, too: a rate, and for a ticket a sum of rates."""
    recorded = rate_window(plan.stack.scrape_interval)
    for tier in TIERS if plan.slos else ():
        services = frozenset(slo.service.name for slo in plan.slos)
        earliest = min(_crossing(tier, slo) for slo in plan.slos)
        summed = TICKET_CADENCE if tier.burn == "ticket" else 0
        yield Target(tier.name, tier.severity, "burn", services, earliest, recorded + summed + tier.short + tier.cadence)


def _crossing(tier: BurnTier, slo: Slo) -> int:
    return int(tier.factor * slo.budget * tier.long) + tier.hold


def _mutes(plan: Plan, cause: Alert, scraped: int, target: Target) -> bool:
    """Whether the cause fires before the target is told, and is remembered until the target is over. Equal is too late: what is
    sent in the same second may arrive after the message has gone."""
    latest = scraped + plan.stack.evaluation_interval + cause.window + _ticks(plan, cause.hold)
    # What runs full is not remembered: it does not follow from an outage, it only may be seen in one.
    remembered = LONGEST if cause in states(plan) and target.signal != "saturation" else 0
    return latest < target.earliest + plan.notify.group_wait and _beyond(plan, cause, target) <= remembered


def _beyond(plan: Plan, cause: Alert, target: Target) -> int:
    """The seconds for which the target outlives its cause."""
    return target.memory - _ticks(plan, cause.keep_firing)


def _within_service(plan: Plan, causes: list[Alert], targets: list[Target]) -> Iterable[InhibitRule]:
    """A critical outage or absence says enough of its own service: lesser alerts of it are kept back."""
    groups: dict[tuple[str, ...], list[Alert]] = {}
    equal = (name.SERVICE, *sorted(plan.environment.labels))
    outlived: dict[str, list[str]] = {}
    for cause in causes:
        if cause.severity == "critical":
            scraped = max((service.scrape_interval for service in cause.services), default=plan.stack.scrape_interval)
            watched = {service.name for service in cause.services}
            lesser = [
                one for one in targets if one.signal not in CAUSES and one.severity != "critical" and one.services & watched
            ]
            muted = [one for one in lesser if _mutes(plan, cause, scraped, one)]
            groups.setdefault(tuple(one.name for one in muted), []).append(cause)
            for one in muted:
                if (beyond := _beyond(plan, cause, one)) > 0:
                    outlived.setdefault(echo(beyond), []).append(one.name)
    for index, (names, together) in enumerate((names, found) for names, found in groups.items() if names):
        source = (_any(name.ALERTNAME, [one.name for one in together]),)
        yield InhibitRule(f"own-service-{index + 1}", source, (_any(name.ALERTNAME, names),), equal, together[0].where)
    for memory in (known for known in ECHOES if known in outlived):
        source, target = (Matcher(name.ALERTNAME, "=", memory),), (_any(name.ALERTNAME, outlived[memory]),)
        yield InhibitRule(f"own-service-{memory}", source, target, equal, states(plan)[0].where)


def _along_dependencies(
    plan: Plan, service: Service, dependents: tuple[str, ...], watches: Mapping[str, Watch]
) -> Iterable[InhibitRule]:
    groups: dict[tuple[AlertSeverity, tuple[str, ...]], list[Alert]] = {}
    reached = dict.fromkeys(target for one in dependents for target in watches[one].targets)
    equal = tuple(sorted(plan.environment.labels))
    for severity, muted in MUTES:
        for cause in watches[service.name].causes if reached else ():
            if cause.severity == severity:
                found = [one for one in reached if one.severity in muted and _mutes(plan, cause, service.scrape_interval, one)]
                groups.setdefault((severity, tuple(one.name for one in found)), []).append(cause)
    for (_, names), together in groups.items():
        if names:
            yield InhibitRule(
                name=f"{service.name}-{together[0].name}",
                source=(_any(name.ALERTNAME, [one.name for one in together]), Matcher(name.SERVICE, "=", service.name)),
                target=(_any(name.ALERTNAME, names), _any(name.SERVICE, dependents)),
                equal=equal,
                where=service.where,
            )
    for memory, outlived in _outlived(plan, service, list(reached), watches[service.name].causes).items():
        yield InhibitRule(
            name=f"{service.name}-{memory}",
            source=(Matcher(name.ALERTNAME, "=", memory), Matcher(name.SERVICE, "=", service.name)),
            target=(_any(name.ALERTNAME, outlived), _any(name.SERVICE, dependents)),
            equal=equal,
            where=service.where,
        )


def _outlived(plan: Plan, service: Service, reached: list[Target], causes: list[Alert]) -> dict[str, list[str]]:
    """By echo what it has to hold back: what each outage that the echo remembers mutes in time, and what outlives one of them."""
    remembered = [one for one in causes if one in states(plan)]
    found: dict[str, list[str]] = {}
    for target in reached if remembered else ():
        beyond = max(_beyond(plan, cause, target) for cause in remembered)
        if beyond > 0 and all(_mutes(plan, cause, service.scrape_interval, target) for cause in remembered):
            found.setdefault(echo(beyond), []).append(target.name)
    return {one: found[one] for one in ECHOES if one in found}


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
