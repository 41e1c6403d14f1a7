"""Asks Alertmanager's own code what it would do, in virtual time. In: an alertmanager.yml and scenarios. Out: for each scenario every
message and when which alert was held back (tools/alertmanager-clock says how). One process plays them all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operate.calls import NoAnswer, called

Labels = Mapping[str, str]
LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Sent:
    """An alert as Prometheus sends it: it fires from `fires` to `ends` (None: to the last), again each `resend` seconds, and each
    time holds for `valid` seconds."""

    labels: Labels
    fires: float
    ends: float | None
    resend: float
    valid: float


@dataclass(frozen=True, slots=True)
class Played:
    """What happens: alerts from `starts` (RFC 3339) on, for `lasts` seconds."""

    name: str
    starts: str
    lasts: float
    alerts: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One notification of one integration, `at` seconds after the start."""

    at: float
    receiver: str
    integration: str
    group: Labels
    firing: tuple[Labels, ...]
    resolved: tuple[Labels, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """From `at` seconds on an alert is held back by another (None: no more)."""

    at: float
    alert: Labels
    by: Labels | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a scenario, in the order of time."""

    name: str
    messages: tuple[Message, ...]
    held: tuple[Held, ...]


def ask(harness: Path, config: Path, scenarios: Sequence[Played]) -> tuple[Answer, ...]:
    """An answer for each scenario, in order. Raises NoAnswer."""
    question = {"config": str(config.absolute()), "scenarios": [_written(one) for one in scenarios]}
    # Intervals in the zone "Local" mean UTC, as in Alertmanager's image.
    ran = called([str(harness)], None, LIMIT, json.dumps(question), {"TZ": "UTC"})
    if ran.returncode:
        raise NoAnswer(f"{harness.name} ended with {ran.returncode}: {ran.stderr.strip()}")
    return tuple(_answer(one) for one in json.loads(ran.stdout)["answers"])


def _written(one: Played) -> dict[str, Any]:
    alerts = [
        {"labels": dict(a.labels), "fires": a.fires, "ends": a.ends, "resend": a.resend, "valid": a.valid} for a in one.alerts
    ]
    return {"name": one.name, "starts": one.starts, "lasts": one.lasts, "alerts": alerts}


def _answer(value: dict[str, Any]) -> Answer:
    messages = tuple(
        Message(m["at"], m["receiver"], m["integration"], m["group"], tuple(m["firing"]), tuple(m["resolved"]))
        for m in value["messages"]
    )
    held = tuple(Held(h["at"], h["alert"], h.get("by")) for h in value["held"] if h.get("alert"))
    return Answer(value["name"], messages, held)
