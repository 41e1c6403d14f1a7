"""Scenarios of inhibition, from who depends on whom. In: the Plan. Out: for each node of the dependency graph: it fails and recovers
with all above it, and it alone is told; what goes on afterwards is told; what is no outage hides nothing; a lesser outage hides no
critical alert."""

from __future__ import annotations

from collections.abc import Iterator

from generators import conventions as name
from generators.ir.scenarios import Firing, Scenario, ScenarioFile
from generators.plan import Plan, Service
from generators.proof.calendar import Calendar
from generators.proof.failures import (
    CAUSES,
    LASTS,
    Reaction,
    above,
    alerts_of,
    awkward,
    burning,
    early,
    echoes,
    following,
    late,
    slos_of,
    states,
)
from generators.proof.holding import Case, holding_cases
from generators.proof.hours import open_at, written
from generators.proof.routes import told
from generators.proof.sending import resend, valid


def inhibition_file(plan: Plan, calendar: Calendar) -> ScenarioFile:
    """alertmanager/tests/inhibition.yml."""
    title = "Of what fires together, these alerts and no others are told: to whom the routes say, and their end as well."
    return _file(plan, calendar, "inhibition", title, _cases(plan))


def holding_file(plan: Plan, calendar: Calendar) -> ScenarioFile:
    """alertmanager/tests/holding.yml."""
    return _file(plan, calendar, "holding", "What one cause alone holds back, and what it must not.", holding_cases(plan))


def _file(plan: Plan, calendar: Calendar, name: str, title: str, cases: Iterator[Case]) -> ScenarioFile:
    alerts: dict[str, dict[str, str]] = {}
    scenarios: list[Scenario] = []
    for what, reactions, heard in cases:
        alerts |= {one.title: one.labels for one in reactions}
        scenarios.append(_scenario(plan, calendar, what, reactions, heard))
    return ScenarioFile(name, title, alerts, tuple(scenarios), resend(plan), valid(plan))


def _cases(plan: Plan) -> Iterator[Case]:
    """Every node that others need; of those that nobody needs, one of each likeness: nothing above them could be told."""
    tops: dict[object, Service] = {}
    for service in plan.services:
        if service.depends_on and not service.dependents:
            tops.setdefault(_likeness(plan, service), service)
    for service in plan.services:
        if service.dependents or service in tops.values():
            yield from _fails(plan, service)
        if service.dependents:
            yield from _goes_on(plan, service)
            yield _hides_nothing(plan, service)
            yield from _too_light(plan, service)


def _likeness(plan: Plan, service: Service) -> tuple[str, str, tuple[str, ...]]:
    """What decides which alerts a service has, and who hears of them, but for its name."""
    return service.kind, service.tier, tuple(slo.name for slo in slos_of(plan, service))


def _fails(plan: Plan, service: Service) -> Iterator[Case]:
    """The service fails, and all above it too. Its own pages are told with it; everything else follows."""
    for cause in states(plan, service):
        lasts = awkward(plan, cause, service)
        root = late(plan, cause, service, lasts)
        own = [one for one in following(plan, service, lasts) if not _critical(one) or one.labels[name.SIGNAL] == "burn"]
        rest = [one for dependent in above(plan, service) for one in following(plan, dependent, lasts)]
        heard = [root, *(one for one in own if _critical(one))]
        # In one second what follows is sent first.
        yield (
            f"{service.name} fails ({cause.name}) for {lasts} s, and everything above it",
            [*rest, *own, root, *echoes(plan, root, service)],
            heard,
        )


def _goes_on(plan: Plan, service: Service) -> Iterator[Case]:
    """The service is well again; what stays broken above it is its own affair and is told."""
    for cause in states(plan, service)[:1]:
        root = late(plan, cause, service)
        remembered = [root, *echoes(plan, root, service)]
        for dependent in {_likeness(plan, one): one for one in reversed(above(plan, service))}.values():
            forever = [_endless(early(plan, one, dependent)) for one in states(plan, dependent)[:1]]
            yield f"{dependent.name} stays down when {service.name} is back", [*forever, *remembered], [root, *forever]
            budgets = [_endless(one) for slo in slos_of(plan, dependent) for one in burning(plan, slo)]
            if budgets:
                title = f"the budgets of {dependent.name} go on burning when {service.name} is back"
                yield title, [*budgets, *remembered], [root, *budgets]


def _hides_nothing(plan: Plan, service: Service) -> Case:
    """All that is no outage and no absence fires, an exporter that is down among it; nothing above is held back by it."""
    what = f"the exporter of {service.name} is down" if service.exporter else f"{service.name} is unwell"
    reactions = [
        early(plan, alert, one)
        for one in (service, *above(plan, service))
        for alert in alerts_of(plan, one)
        if alert.signal not in (*CAUSES, "heartbeat") and alert.hold < LASTS
    ]
    reactions += [one for dependent in above(plan, service) for slo in slos_of(plan, dependent) for one in burning(plan, slo)]
    return f"{what}, which is no outage: nothing is hidden", reactions, reactions


def _too_light(plan: Plan, service: Service) -> Iterator[Case]:
    """An outage that pages nobody fires first; what is critical above it is told all the same."""
    lesser = [one for one in alerts_of(plan, service) if one.signal in CAUSES and one.severity != "critical"]
    pages = [one for dependent in above(plan, service) for one in following(plan, dependent) if _critical(one)]
    for cause in lesser if pages else ():
        root = early(plan, cause, service)
        title = f"{cause.name} of {service.name} is no critical cause: no page is held back"
        yield title, [root, *pages], [root, *pages]


def _critical(one: Reaction) -> bool:
    return one.labels[name.SEVERITY] == "critical"


FOREVER = -1


def _endless(one: Reaction) -> Reaction:
    return Reaction(one.title, one.labels, one.fires, FOREVER)


def _scenario(plan: Plan, calendar: Calendar, title: str, reactions: list[Reaction], heard: list[Reaction]) -> Scenario:
    longest = max(plan.notify.group_interval, plan.notify.group_wait, 60)
    # What remembers an outage is told to nobody: its own end is waited for only where something goes on.
    goes_on = any(one.ends == FOREVER for one in reactions)
    lasts = max(one.ends for one in reactions if goes_on or one.labels[name.SIGNAL] != name.ECHO) + 2 * longest
    firings = tuple(Firing(one.title, one.fires, None if one.ends == FOREVER else one.ends) for one in reactions)
    starts = calendar.quietest(lasts)
    receivers: dict[str, list[str]] = {}
    for one in heard:
        for receiver in told(plan, one.labels, open_at(plan, starts)):
            receivers.setdefault(receiver, []).append(one.title)
    return Scenario(title, written(starts), lasts, firings, {receiver: tuple(all_of) for receiver, all_of in receivers.items()})
