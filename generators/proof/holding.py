"""Scenarios of one cause alone, and of bystanders. In: the Plan. Out: for each outage and absence what it surely holds back, on its own
service and above it; and what it must not hold back: the same alerts of a service that does not need it, in another cluster or
environment, of what is merely unwell, and alerts that nobody declared, whose cause nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generators import conventions as name
from generators.plan import Alert, Plan, Service
from generators.proof.failures import (
    CAUSES,
    LASTS,
    Reaction,
    above,
    alerts_of,
    below,
    early,
    echoes,
    late,
    remembered,
    slos_of,
    tiers,
    title_of,
)
from generators.proof.routes import SEVERITIES, told
from generators.proof.sending import ticks
from generators.record import dataclass

LONGEST = 3600
"""Seconds: what takes longer to fire, such as a budget that burns for hours, is left out."""

Case = tuple[str, list[Reaction], list[Reaction]]
"""What happens, in words; everything that fires; and what is told of it."""


def holding_cases(plan: Plan) -> Iterator[Case]:
    """Every service that others need; of the rest, the first with a cause that was not seen yet."""
    bounds = _Bounds(plan)
    seen: set[str] = set()
    for service in plan.services:
        causes = [one for one in alerts_of(plan, service) if one.signal in CAUSES]
        names = {one.name for one in causes}
        if service.dependents or not names <= seen:
            seen |= names
            yield from _cases(plan, bounds, service, causes)


def _cases(plan: Plan, bounds: _Bounds, service: Service, causes: list[Alert]) -> Iterator[Case]:
    reach = (service, *_unlike(plan, above(plan, service)))
    held = {cause.name: [one for at in reach for one in bounds.held(cause, service, at)] for cause in causes}
    for cause in causes:
        for what, targets in _apart(held[cause.name]):
            yield _alone(plan, service, cause, targets, what)
    gone = _Gone.of(plan, reach, [cause for cause in causes if held[cause.name]])
    every = _once(one for some in held.values() for one in some)
    for what, targets in _apart(every):
        other = _bystander(plan, reach, targets)
        yield _elsewhere(plan, gone, targets, other, what)
        yield _no_cause(plan, gone, targets, other, what)


def _unlike(plan: Plan, services: Iterable[Service]) -> Iterable[Service]:
    """One of those whose alerts have the same names and severities: a system may have a thousand services."""
    found: dict[object, Service] = {}
    for one in services:
        alerts = tuple(alert.name for alert in alerts_of(plan, one))
        found.setdefault((one.tier, alerts, tuple(slo.name for slo in slos_of(plan, one))), one)
    return found.values()


def _apart(held: list[Reaction]) -> Iterator[tuple[str, list[Reaction]]]:
    """What mutes others itself is played apart from what it would mute: the outages of one service after the other, as services need
    each other, until each is played once."""
    if quiet := [one for one in held if not _mutes(one)]:
        yield "", quiet
    seen: set[str] = set()
    for service in dict.fromkeys(one.labels[name.SERVICE] for one in held if _mutes(one)):
        outages = [one for one in held if _mutes(one) and one.labels[name.SERVICE] == service]
        names = {one.labels[name.ALERTNAME] for one in outages}
        if not names <= seen:
            seen |= names
            yield f": the outages of {service}", outages


@dataclass(frozen=True, slots=True)
class _Gone:
    """A service with all its causes, so long that for ten minutes none is missing: in that time, from `begins` to `ends`, what
    remembers them fires as well. `reach` is the service itself and one of each likeness of those that need it."""

    service: Service
    reach: tuple[Service, ...]
    roots: list[Reaction]
    memory: list[Reaction]
    begins: int
    ends: int

    @classmethod
    def of(cls, plan: Plan, reach: tuple[Service, ...], causes: list[Alert]) -> _Gone:
        service = reach[0]
        lasts = LASTS + max((late(plan, cause, service, 0).fires for cause in causes), default=0)
        roots = [late(plan, cause, service, lasts) for cause in causes]
        known = [root for root, cause in zip(roots, causes, strict=True) if remembered(cause)]
        memory = [_between(one, one.fires, lasts) for root in known[:1] for one in echoes(plan, root, service)]
        begins = max((one.fires for one in roots), default=0) + 2 * plan.stack.evaluation_interval
        return cls(service, reach, roots, memory, begins, lasts - 1)


class _Bounds:
    """When an alert may fire first and end last, on whichever service: Alertmanager's inhibitions name alerts. Of causes they name the
    service as well, but for those of the same service."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.latest: dict[str, int] = {}
        for alert in plan.alerts:
            for service in alert.services:
                self._widen(early(plan, alert, service, 0))
                self.latest[alert.name] = max(self.latest.get(alert.name, 0), late(plan, alert, service, 0).fires)
        for slo in plan.slos:
            for one in tiers(plan, slo, 0):
                self._widen(one)

    def _widen(self, one: Reaction) -> None:
        alert = one.labels[name.ALERTNAME]
        self.first[alert] = min(self.first.get(alert, one.fires), one.fires)
        self.last[alert] = max(self.last.get(alert, 0), one.ends)

    def held(self, cause: Alert, service: Service, at: Service) -> Iterator[Reaction]:
        """The alerts of a service that the cause surely holds back: it is known before they are told, and until they are over; it
        is no less severe; and it is no outage of the same service, of which each is told."""
        for one in _alerts(self.plan, at):
            severity, signal = one.labels[name.SEVERITY], one.labels[name.SIGNAL]
            lesser = cause.severity == "critical" or (cause.severity == "warning" and severity != "critical")
            known = late(self.plan, cause, service, 0).fires
            if at == service:
                known = self.latest[cause.name]
                lesser = cause.severity == "critical" and severity != "critical" and signal not in CAUSES
            if lesser and one.fires < LONGEST and self._covers(cause, known, one):
                yield one

    def _covers(self, cause: Alert, known: int, one: Reaction) -> bool:
        alert = one.labels[name.ALERTNAME]
        # What runs full does not follow from an outage; it only may be seen in one, and is not remembered with it.
        memory = remembered(cause) if one.labels[name.SIGNAL] != "saturation" else 0
        in_time = known < self.first[alert] + self.plan.notify.group_wait
        return in_time and self.last[alert] <= ticks(self.plan, cause.keep_firing) + memory


def _alerts(plan: Plan, service: Service) -> Iterator[Reaction]:
    """Every alert of a service as early and as long as it may be told of a failure that ends at 0."""
    for alert in alerts_of(plan, service):
        if alert.signal != "heartbeat":
            yield early(plan, alert, service, 0)
    for slo in slos_of(plan, service):
        yield from tiers(plan, slo, 0)


def _mutes(one: Reaction) -> bool:
    return one.labels[name.SIGNAL] in CAUSES


def _alone(plan: Plan, service: Service, cause: Alert, held: list[Reaction], what: str) -> Case:
    """The cause as late and as soon over as it may be, what it holds back as early and as long."""
    lasts = LASTS + max(one.fires for one in held)
    root = late(plan, cause, service, lasts)
    known = tuple(echoes(plan, root, service)) if remembered(cause) else ()
    followers = [_between(one, one.fires, lasts + one.ends) for one in held]
    return f"{cause.name} of {service.name} for {lasts} s; what follows is held back{what}", [*followers, root, *known], [root]


def _events(plan: Plan, service: Service, known: int) -> Iterator[Reaction]:
    """Alerts without `for`, such as restarts: they may be told before anything that takes so long is known."""
    for alert in alerts_of(plan, service):
        if not alert.hold and alert.signal not in (*CAUSES, "heartbeat") and plan.notify.group_wait <= known:
            yield early(plan, alert, service, 0)


def _stranger(plan: Plan, service: Service) -> Iterator[Reaction]:
    """An alert of the service that the spec does not know: of rules written by hand, or of a mixin."""
    for severity in reversed(SEVERITIES):
        labels = {name.ALERTNAME: "Undeclared", name.SEVERITY: severity, name.SIGNAL: "degradation"}
        labels |= {**service.labels, **plan.environment.labels}
        if told(plan, labels):
            yield Reaction(title_of("Undeclared", service), labels, 0, 0)
            return


def _bystander(plan: Plan, reach: tuple[Service, ...], targets: list[Reaction]) -> dict[str, str]:
    """The labels of a service that has nothing to do with these, all of whose alerts somebody hears of; else of one made up."""
    service = reach[0]
    related = {one.name for one in (service, *above(plan, service))} | below(plan, reach)
    for other in plan.services:
        if other.name not in related and all(told(plan, {**one.labels, **other.labels}) for one in targets):
            return other.labels
    return {name.SERVICE: "bystander"}


def _elsewhere(plan: Plan, gone: _Gone, targets: list[Reaction], other: dict[str, str], what: str) -> Case:
    """The service is gone. What would follow is of a service that does not need it; events and strangers are of all that do."""
    known = min(one.fires for one in gone.roots)
    own = [one for at in gone.reach for one in (*_events(plan, at, known), *_stranger(plan, at))]
    innocent = _once(_between(one, gone.begins, gone.ends) for one in (*(_moved(one, other) for one in targets), *own))
    heard = [*gone.roots, *innocent]
    title = f"{gone.service.name} is gone; {other[name.SERVICE]} does not need it, events and what nobody declared do not follow"
    return f"{title}{what}", [*heard, *gone.memory], heard


def _no_cause(plan: Plan, gone: _Gone, targets: list[Reaction], other: dict[str, str], what: str) -> Case:
    """All that would follow from the service, and it is well here: another is gone, and it is gone elsewhere, and here unwell."""
    places = [other, *({label: f"not-{value}"} for label, value in plan.environment.labels.items())]
    wrong = [_moved(one, place) for place in places for one in gone.roots]
    memory = [_moved(one, place) for place in places for one in gone.memory]
    unwell = [_between(one, 0, gone.ends) for one in _stranger(plan, gone.service)]
    heard = [*unwell, *wrong, *(_between(one, gone.begins, gone.ends) for one in targets)]
    places_told = "".join(f", {gone.service.name} in another {label}" for label in plan.environment.labels)
    title = f"{other[name.SERVICE]} is gone{places_told}; {gone.service.name} is only unwell{what}"
    return title, [*heard, *memory], heard


def _between(one: Reaction, fires: int, ends: int) -> Reaction:
    return Reaction(one.title, one.labels, fires, ends)


def _moved(one: Reaction, labels: dict[str, str]) -> Reaction:
    """The same alert of another service, or in another place."""
    if name.SERVICE in labels and name.SLO not in one.labels:
        title = f"{one.labels[name.ALERTNAME]} of {labels[name.SERVICE]}"
    else:
        title = f"{one.title}, but {', '.join(labels.values())}"
    return Reaction(title, {**one.labels, **labels}, one.fires, one.ends)


def _once(reactions: Iterable[Reaction]) -> list[Reaction]:
    return list({one.title: one for one in reactions}.values())
