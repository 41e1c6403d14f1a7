"""What holds an alert back, and what it holds back. In: the inhibition rules that were compiled, and the labels that the alert can have.
Out: `Muting`s in words: alerts, of which services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generators import conventions as name
from generators.ir.alerting import InhibitRule, Matcher
from operate.explain.told import takes

ANY = "any alert"
ITS_OWN = "the same service"


@dataclass(frozen=True, slots=True)
class Muting:
    """One rule of inhibition seen from one of its sides: the alerts and services on the other. `rule` is its name; `limit` is what
    else must hold, in Alertmanager's notation."""

    alerts: tuple[str, ...]
    services: tuple[str, ...]
    limit: tuple[str, ...]
    rule: str


def muted_by(rules: Iterable[InhibitRule], labels: Iterable[Mapping[str, str]]) -> tuple[Muting, ...]:
    """While one of these fires, the alert is told to nobody."""
    every = tuple(labels)
    return tuple(_other(one, one.source) for one in rules if _any_taken(one.target, every))


def mutes(rules: Iterable[InhibitRule], labels: Iterable[Mapping[str, str]]) -> tuple[Muting, ...]:
    """While the alert fires, these are told to nobody."""
    every = tuple(labels)
    return tuple(_other(one, one.target) for one in rules if _any_taken(one.source, every))


def _any_taken(matchers: tuple[Matcher, ...], labels: tuple[Mapping[str, str], ...]) -> bool:
    return any(all(takes(matcher, one) for matcher in matchers) for one in labels)


def _other(rule: InhibitRule, side: tuple[Matcher, ...]) -> Muting:
    alerts = tuple(_values(side, name.ALERTNAME)) or (ANY,)
    services = tuple(_values(side, name.SERVICE)) or ((ITS_OWN,) if name.SERVICE in rule.equal else ())
    rest = (one for one in side if one.label not in (name.ALERTNAME, name.SERVICE))
    return Muting(alerts, services, tuple(f'{one.label}{one.op}"{one.value}"' for one in rest), rule.name)


def _values(side: tuple[Matcher, ...], label: str) -> Iterator[str]:
    """The values that a matcher lists."""
    for one in side:
        if one.label == label and one.op in ("=", "=~"):
            yield from one.value.split("|")
