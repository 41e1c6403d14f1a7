"""Plays the generated scenarios of a release and says what is not as they promise. In: the directory of a release and the harness.
Out: one line for each scenario that goes otherwise: who is told what he should not be, or not told what he should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from operate.clock import Answer, Message, Played, Sent, ask

CONFIG = "alertmanager/alertmanager.yml"
FILES = "alertmanager/tests"
SHOWN = 6
"""Differences named for one scenario; more are counted."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One scenario of a file, and what must come of it. `ends` are the alerts that end."""

    played: Played
    names: Mapping[frozenset[tuple[str, str]], str]
    told: Mapping[str, frozenset[str]] | None
    messages: tuple[tuple[float, str, tuple[str, ...]], ...]
    ends: frozenset[str]


def promises(file: Path) -> tuple[Promise, ...]:
    """The scenarios of one file; none when it holds tests of another kind."""
    content = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    if not isinstance(content, dict) or "scenarios" not in content:
        return ()
    return tuple(_promise(content, scenario) for scenario in content["scenarios"])


def play(place: Path, files: tuple[str, ...], harness: Path) -> list[str]:
    """Every complaint about the scenarios of these files, below `place`."""
    known = [promise for name in files for promise in promises(place / name)]
    answers = ask(harness, place / CONFIG, [promise.played for promise in known])
    complaints = []
    for promise, answer in zip(known, answers, strict=True):
        wrong = list(differences(promise, answer))
        if wrong:
            more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
            complaints.append(f"{promise.played.name}: {'; '.join(wrong[:SHOWN])}{more}")
    return complaints


def _promise(file: dict[str, Any], scenario: dict[str, Any]) -> Promise:
    resend, valid = _seconds(file["resend"]), _seconds(file["valid"])
    sent: list[Sent] = []
    ended: set[str] = set()
    named: dict[frozenset[tuple[str, str]], str] = {}
    for span, names in scenario["fires"].items():
        fires, _, ends = span.partition("..")
        last = _seconds(ends) if ends else None
        chosen = list(file["alerts"]) if names == "all" else names
        sent += [Sent(file["alerts"][name], _seconds(fires), last, resend, valid) for name in chosen]
        named |= {frozenset(file["alerts"][name].items()): name for name in chosen}
        ended |= set(chosen) if ends else set()
    played = Played(scenario["name"], str(scenario["starts"]), _seconds(scenario["lasts"]), tuple(sent))
    messages = tuple((_seconds(m["at"]), m["receiver"], tuple(m["alerts"])) for m in scenario.get("messages", ()))
    return Promise(played, named, _told(file, scenario), messages, frozenset(ended))


def _told(file: dict[str, Any], scenario: dict[str, Any]) -> dict[str, frozenset[str]] | None:
    if "messages" in scenario:
        return None
    quiet = scenario.get("quiet", {})
    told = scenario["told"] if "told" in scenario else file["usually"]
    return {receiver: frozenset(names) - frozenset(quiet.get(receiver, ())) for receiver, names in told.items()}


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def differences(promise: Promise, answer: Answer) -> Iterator[str]:
    """What is not as promised, in words."""
    names = promise.names
    if promise.told is None:
        yield from _messages(promise, answer)
        return
    for receiver in sorted({*promise.told, *(one.receiver for one in answer.messages)}):
        wanted = promise.told.get(receiver, frozenset())
        fired = {_name(names, one) for message in answer.messages if message.receiver == receiver for one in message.firing}
        ended = {_name(names, one) for message in answer.messages if message.receiver == receiver for one in message.resolved}
        yield from (f"{receiver} is told of {name}" for name in sorted(fired - wanted))
        yield from (f"{receiver} is not told of {name}" for name in sorted(wanted - fired))
        yield from (f"{receiver} is not told that {name} is over" for name in sorted((wanted & promise.ends) - ended))
        yield from (f"{receiver} is told that {name} is over" for name in sorted(ended - (wanted & promise.ends)))


def _messages(promise: Promise, answer: Answer) -> Iterator[str]:
    receivers = {receiver for _, receiver, _ in promise.messages}
    wanted = sorted((at, receiver, tuple(sorted(alerts))) for at, receiver, alerts in promise.messages)
    found = sorted(_heard(promise, one) for one in answer.messages if one.receiver in receivers)
    for at, receiver, alerts in [one for one in wanted if one not in found]:
        yield f"no message to {receiver} after {at:g} s of {', '.join(alerts)}"
    for at, receiver, alerts in [one for one in found if one not in wanted]:
        yield f"a message to {receiver} after {at:g} s of {', '.join(alerts)}"


def _heard(promise: Promise, message: Message) -> tuple[float, str, tuple[str, ...]]:
    return message.at, message.receiver, tuple(sorted(_name(promise.names, one) for one in message.firing))


def _name(names: Mapping[frozenset[tuple[str, str]], str], labels: Mapping[str, str]) -> str:
    return names[frozenset(labels.items())]
