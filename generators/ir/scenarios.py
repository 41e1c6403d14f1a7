"""What happens to alerts, and who is told of it: scenarios for Alertmanager's own code in virtual time. Times are whole seconds
after the scenario's start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from generators.record import dataclass

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert of the file, from when to when it fires; without an end, for the whole scenario."""

    alert: str
    fires: int
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a receiver: the alerts in it that fire."""

    at: int
    receiver: str
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`starts` is RFC 3339. `told` are by receiver the alerts that it hears of: those and no others, and of the end of each that
    ends. In a file that says who is usually told, `quiet` are those that a receiver does not hear of this time. Of the receivers in
    `messages` each message is given: those and no others."""

    name: str
    starts: str
    lasts: int
    firings: tuple[Firing, ...]
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """`alertmanager/tests/<name>.yml`. `usually` are by receiver the alerts that it hears of at most times. `alerts` are the labels
    of the alerts by the names that the scenarios give them. Prometheus sends a firing alert again every `resend` seconds, and each
    time it holds for `valid` seconds."""

    name: str
    title: str
    alerts: Mapping[str, Labels]
    scenarios: tuple[Scenario, ...]
    resend: int
    valid: int
    usually: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
