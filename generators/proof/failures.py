"""What a failure sets off, and when, at its most awkward. In: the Plan, and a service that fails for ten minutes, everything above
it failing too. Out: alerts with their first and last second: what fails itself is told as late and forgotten as early as
Prometheus may, what follows from it as early and remembered as long."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache

from generators import conventions as name
from generators.plan import Alert, Plan, Service, Slo
from generators.promql import parse, selectors
from generators.promql.syntax import Matcher
from generators.proof.sending import ticks
from generators.proof.slos.table import PAGE_SECONDS, TICKET_SECONDS, WORKBOOK, Tier
from generators.record import dataclass

LASTS = 600
"""Seconds of a failure, at least; see `awkward`."""
URGENT = 60
"""Seconds after which a critical group is looked at again, at the latest."""
CAUSES = ("outage", "absence")
FOLLOWS = ("outage", "absence", "degradation", "business")
"""The signals of what follows from a failure below; an error budget burns, too. What is merely full (saturation) does not, nor does
an alert without `for`: it counts events such as restarts."""

ECHOES = {
    "RecentOutage1m": 60,
    "RecentOutage5m": 300,
    "RecentOutage30m": 1800,
    "RecentOutage130m": 7800,
    "RecentOutage370m": 22200,
}
"""How long it is remembered after its end that a service was out, for what is judged over longer windows."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """An alert with all labels, and when it fires and ends, in seconds after the failure begins."""

    title: str
    labels: dict[str, str]
    fires: int
    ends: int


def labels_of(plan: Plan, alert: Alert, service: Service) -> dict[str, str]:
    """The labels that Alertmanager sees of an alert of a service."""
    own = {name.ALERTNAME: alert.name, name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.labels}
    return {**own, **service.labels, **plan.environment.labels}


def title_of(alert: str, service: Service) -> str:
    return f"{alert} of {service.name}"


def states(plan: Plan, service: Service) -> tuple[Alert, ...]:
    """The alerts that say that the service is gone."""
    return tuple(alert for alert in alerts_of(plan, service) if remembered(alert))


def remembered(alert: Alert) -> int:
    """For how many seconds it is remembered after its end: critical outages that are seen in one scrape, and nothing else."""
    gone = alert.signal == "outage" and alert.severity == "critical" and alert.window == 0
    return max(ECHOES.values()) if gone else 0


class _Watchers:
    """The alerts and objectives of each service, by its name. A system may have a thousand services: they are sorted out once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.alerts: dict[str, list[Alert]] = {}
        self.slos: dict[str, list[Slo]] = {}
        for alert in plan.alerts:
            for service in alert.services:
                if _can_fire(alert, service):
                    self.alerts.setdefault(service.name, []).append(alert)
        for slo in plan.slos:
            self.slos.setdefault(slo.service.name, []).append(slo)


_LATEST: list[_Watchers] = []


def _watchers(plan: Plan) -> _Watchers:
    if not _LATEST or _LATEST[0].plan is not plan:
        _LATEST[:] = [_Watchers(plan)]
    return _LATEST[0]


def alerts_of(plan: Plan, service: Service) -> list[Alert]:
    """The alerts that can fire on a service, in the order of the plan."""
    return _watchers(plan).alerts.get(service.name, [])


def slos_of(plan: Plan, service: Service) -> list[Slo]:
    """The objectives of a service."""
    return _watchers(plan).slos.get(service.name, [])


def _can_fire(alert: Alert, service: Service) -> bool:
    """Whether no selector of the alert's condition contradicts the labels of the service's series."""
    labels = {"exporter": "", **service.target_labels}
    return all((labels[one.name] == one.value) == (one.op == "=") for one in _matchers(alert.when) if one.name in labels)


@cache
def _matchers(when: str) -> tuple[Matcher, ...]:
    found = (one for node in (selectors(parse(when)) if when else ()) for one in node.matchers)
    return tuple(one for one in found if one.op in ("=", "!="))


def late(plan: Plan, alert: Alert, service: Service, lasts: int = LASTS) -> Reaction:
    """What fails itself: seen by the last scrape and evaluation that may see it; its end by the first."""
    fires = service.scrape_interval + plan.stack.evaluation_interval + alert.window + ticks(plan, alert.hold)
    return Reaction(title_of(alert.name, service), labels_of(plan, alert, service), fires, lasts + ticks(plan, alert.keep_firing))


def early(plan: Plan, alert: Alert, service: Service, lasts: int = LASTS) -> Reaction:
    """What follows: seen at once; its end as late as windows, scrapes and evaluations allow."""
    slow = service.scrape_interval + plan.stack.evaluation_interval + alert.window + ticks(plan, alert.keep_firing)
    return Reaction(title_of(alert.name, service), labels_of(plan, alert, service), ticks(plan, alert.hold), lasts + slow)


def awkward(plan: Plan, cause: Alert, service: Service) -> int:
    """Ten minutes, and as much longer as it takes for Alertmanager to look at what follows just when the cause is over and what
    keeps firing as long is not yet: between the two lie a scrape and an evaluation."""
    firsts = [one.fires for dependent in above(plan, service) for one in following(plan, dependent)]
    look = min(plan.notify.group_interval, URGENT)
    between = (service.scrape_interval + plan.stack.evaluation_interval) // 2
    over = LASTS + ticks(plan, cause.keep_firing) + between
    return LASTS + (min(firsts, default=0) + plan.notify.group_wait - over) % look


def following(plan: Plan, service: Service, lasts: int = LASTS) -> Iterator[Reaction]:
    """What a failure sets off on a service that fails because of it."""
    for alert in alerts_of(plan, service):
        if alert.signal in FOLLOWS and 0 < alert.hold < LASTS:
            yield early(plan, alert, service, lasts)
    for slo in slos_of(plan, service):
        yield from burning(plan, slo, lasts)


def burning(plan: Plan, slo: Slo, lasts: int = LASTS) -> Iterator[Reaction]:
    """The tiers that a total failure of these minutes sets off."""
    return (one for one in tiers(plan, slo, lasts) if one.fires < LASTS)


def tiers(plan: Plan, slo: Slo, lasts: int) -> Iterator[Reaction]:
    """The tiers that a total failure can set off: the long window crosses its pace; the short one forgets last."""
    for tier in WORKBOOK:
        if tier.factor * slo.budget < 1:
            crossing = int(tier.factor * slo.budget * tier.long)
            yield Reaction(f"{tier.alert} of {slo.id}", _burn_labels(plan, tier, slo), crossing, lasts + _memory(plan, tier))


def _memory(plan: Plan, tier: Tier) -> int:
    """What a recording averages over (four scrapes, and no less than its cadence), what a ticket's recording sums up, the short
    window, and the time to the next judgement."""
    recorded = max(4 * plan.stack.scrape_interval, PAGE_SECONDS)
    return recorded + tier.short + (PAGE_SECONDS if tier.burn == "page" else 2 * TICKET_SECONDS)


def _burn_labels(plan: Plan, tier: Tier, slo: Slo) -> dict[str, str]:
    own = {name.ALERTNAME: tier.alert, name.SEVERITY: tier.severity, name.SIGNAL: "burn", name.BURN: tier.burn, name.SLO: slo.id}
    return {**own, **slo.service.labels, **plan.environment.labels}


def echoes(plan: Plan, root: Reaction, service: Service) -> Iterator[Reaction]:
    """What is remembered of an outage: an evaluation later, and for its time after the outage is no more told."""
    for echo, keep in ECHOES.items():
        labels = {name.ALERTNAME: echo, name.SEVERITY: "none", name.SIGNAL: name.ECHO}
        labels |= {**service.labels, **plan.environment.labels}
        fires = root.fires + plan.stack.evaluation_interval
        yield Reaction(title_of(echo, service), labels, fires, root.ends + ticks(plan, keep))


def above(plan: Plan, service: Service) -> tuple[Service, ...]:
    """Everything that needs the service, directly or through others."""
    known = {one.name: one for one in plan.services} if service.dependents else {}
    found: dict[str, Service] = {}
    waiting = deque(service.dependents)
    while waiting:
        one = waiting.popleft()
        if one not in found and one != service.name:
            found[one] = known[one]
            waiting += found[one].dependents
    return tuple(found.values())


def below(plan: Plan, services: Iterable[Service]) -> set[str]:
    """The names of everything that these need, directly or through others."""
    known = {one.name: one for one in plan.services}
    found: set[str] = set()
    waiting = [name_of for one in services for name_of in one.depends_on]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += known[one].depends_on
    return found
