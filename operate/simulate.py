"""What a fault would set off: which alerts fire and when, which are held back by what, how they are grouped, and who gets how many
messages. In: a Plan, its compiled configuration and faults in words. Out: what Alertmanager's own code makes of the first minutes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generators import conventions as name
from generators.plan import Alert, Plan, Service
from generators.proof.failures import ECHOES, Reaction, above, early, echoes, following, late, states
from generators.proof.sending import resend, valid
from generators.slo import TIERS
from operate.clock import Answer, Labels, Message, Played, Sent, ask

MINUTES = 10
SECONDS = MINUTES * 60


class UnknownFault(Exception):  # noqa: N818 - the house's word is fault
    """A fault names nothing of the plan; the text says what it may have meant."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fires (in the order of time), and what Alertmanager made of it."""

    reactions: tuple[Reaction, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert: when it fires, what holds it back ("" nothing), and who hears of it."""

    alert: str
    service: str
    severity: str
    after: int
    held_by: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """One message to one receiver."""

    after: float
    receiver: str
    integration: str
    group: str
    alerts: tuple[str, ...]


def reactions(plan: Plan, faults: list[str]) -> tuple[Reaction, ...]:
    """Everything that the faults set off: each alert once, as early as one of them has it fire. Raises `UnknownFault`."""
    found: dict[str, Reaction] = {}
    for fault in faults:
        for one in _reactions(plan, fault):
            if one.fires < SECONDS and (one.title not in found or one.fires < found[one.title].fires):
                found[one.title] = one
    return tuple(sorted(found.values(), key=lambda one: (one.fires, one.title)))


def _reactions(plan: Plan, fault: str) -> Iterator[Reaction]:
    """A service that is down, with everything above it; or one alert, on one service or on all that it watches."""
    services = {one.name: one for one in plan.services}
    alerts = {one.name: one for one in plan.alerts if one.signal != "heartbeat"}
    first, _, second = fault.partition(":")
    if first in services and not second:
        yield from _down(plan, services[first])
        return
    if first in services and first not in alerts:
        raise UnknownFault(f"{fault}: '{first}' is a service; only an alert is followed by one. Say {first}, or ALERT:{first}.")
    if first not in alerts and (why := _follows(plan, first)):
        raise UnknownFault(f"{fault}: {why}.")
    if first not in alerts:
        raise UnknownFault(_said(fault, first, [*services, *alerts], "there is no service and no alert"))
    watched = {one.name: one for one in alerts[first].services}
    if second and second not in watched:
        raise UnknownFault(_said(fault, second, list(watched), f"'{first}' watches no service"))
    for service in [watched[second]] if second else watched.values():
        yield from _alert(plan, alerts[first], service)


def _down(plan: Plan, service: Service) -> Iterator[Reaction]:
    """As late as Prometheus may see it, and what follows as early: the most messages that there can be."""
    found = states(plan, service)
    for cause in found:
        root = late(plan, cause, service)
        yield root
        yield from echoes(plan, root, service)
    for one in (service, *above(plan, service)):
        yield from (reaction for reaction in following(plan, one) if one != service or reaction.labels[name.SIGNAL] != "outage")


def _alert(plan: Plan, alert: Alert, service: Service) -> Iterator[Reaction]:
    if alert in states(plan, service):
        root = late(plan, alert, service)
        yield from (root, *echoes(plan, root, service))
    else:
        yield early(plan, alert, service)


def _follows(plan: Plan, alert: str) -> str:
    """Why an alert that there is is no fault; "" where there is none of this name."""
    if any(one.name == alert for one in plan.alerts):
        return f"'{alert}' always fires, and nothing sets it off"
    if alert in ECHOES:
        return f"'{alert}' remembers an outage; name the service that is out"
    if any(one.name == alert for one in TIERS):
        return f"'{alert}' follows from what burns an error budget; name the service that fails"
    return ""


def _said(fault: str, wrong: str, known: list[str], what: str) -> str:
    near = difflib.get_close_matches(wrong, known, 1, 0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(sorted(known))}."
    return f"{fault}: {what} called '{wrong}'. {hint}"


def simulate(plan: Plan, found: tuple[Reaction, ...], config: Path, harness: Path, starts: str) -> Outcome:
    """Play the first minutes. Raises NoAnswer."""
    # Nothing is over before the last minute, so that every message is one of a begin.
    sent = tuple(Sent(one.labels, one.fires, None, resend(plan), valid(plan)) for one in found)
    (answer,) = ask(harness, config, [Played("simulation", starts, SECONDS, sent)])
    return Outcome(found, answer)


def fired(outcome: Outcome) -> Iterator[Fired]:
    """Each alert that somebody may hear of."""
    held: dict[Key, Labels] = {}
    for change in outcome.answer.held:
        held.pop(_key(change.alert), None)
        if change.by:
            held[_key(change.alert)] = change.by
    for one in outcome.reactions:
        if one.labels[name.SIGNAL] != name.ECHO:
            by = held.get(_key(one.labels))
            told = {message.receiver for message in outcome.answer.messages if one.labels in message.firing}
            yield Fired(
                one.labels[name.ALERTNAME],
                one.labels.get(name.SERVICE, ""),
                one.labels[name.SEVERITY],
                one.fires,
                f"{by[name.ALERTNAME]} of {by.get(name.SERVICE, '')}" if by else "",
                tuple(sorted(told)),
            )


Key = frozenset[tuple[str, str]]


def _key(labels: Labels) -> Key:
    return frozenset(labels.items())


def grouped(outcome: Outcome) -> Iterator[Grouped]:
    """Each message, in the order of time."""
    for message in outcome.answer.messages:
        group = ", ".join(f"{label} {value}" for label, value in sorted(message.group.items()))
        yield Grouped(message.at, message.receiver, message.integration, group, _alerts(message))


def _alerts(message: Message) -> tuple[str, ...]:
    return tuple(sorted({f"{one[name.ALERTNAME]} of {one.get(name.SERVICE, '')}" for one in message.firing}))


def counted(outcome: Outcome) -> Mapping[str, int]:
    """How many messages each receiver gets."""
    totals: dict[str, int] = {}
    for message in outcome.answer.messages:
        totals[message.receiver] = totals.get(message.receiver, 0) + 1
    return dict(sorted(totals.items(), key=lambda one: (-one[1], one[0])))
