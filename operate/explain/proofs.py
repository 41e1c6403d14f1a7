"""The generated tests that speak of an alert. In: what was compiled. Out: `Proof`s: each test by its name, what it shows, its file and
the command that runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generators import conventions as name
from generators.ir.compiled import Compiled
from generators.ir.scenarios import Scenario, ScenarioFile
from generators.ir.tests import UnitTest
from generators.slo import text_of
from operate.scenarios import CONFIG

_ALERT = re.compile(r'alertname="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: `shows` is what must come of it, "2m: fires" for each moment that is looked at."""

    name: str
    shows: str
    file: str
    command: str


def proofs(compiled: Compiled, alert: str, labels: Iterable[Mapping[str, str]]) -> tuple[Proof, ...]:
    """Unit tests, route tests, and the scenarios in which it fires."""
    every = tuple(labels)
    return (*_units(compiled, alert), *_routes(compiled, every), *_scenarios(compiled, alert, every))


def _units(compiled: Compiled, alert: str) -> Iterator[Proof]:
    for file in compiled.test_files:
        path = f"prometheus/tests/{file.name}.yml"
        for test in file.tests:
            shown = _shown(test, alert)
            if shown:
                command = f"promtool test rules --run {shlex.quote(f'^{re.escape(test.name)}$')} {path}"
                yield Proof(test.name, shown, path, command)


def _shown(test: UnitTest, alert: str) -> str:
    """What a test says of the alert, moment by moment; "" where it does not speak of it."""
    cases = [(case.at, bool(case.expected)) for case in test.alerts if case.alert == alert]
    cases += [(case.at, bool(case.samples)) for case in test.exprs if alert in _ALERT.findall(case.expr)]
    return ", ".join(f"{text_of(at) if at else '0s'}: {'fires' if fires else 'quiet'}" for at, fires in cases)


def _routes(compiled: Compiled, labels: tuple[Mapping[str, str], ...]) -> Iterator[Proof]:
    """The route tests with the routing labels of the alert; several alerts share one where they are told alike."""
    for test in compiled.route_tests:
        wanted = dict(test.labels)
        if any(all(one.get(label) == value for label, value in wanted.items()) for one in labels):
            pairs = " ".join(shlex.quote(f"{label}={value}") for label, value in test.labels)
            command = f"amtool config routes test --config.file={CONFIG} --verify.receivers={','.join(test.receivers)} {pairs}"
            yield Proof(test.name, f"reaches {', '.join(test.receivers) or 'nobody'}", "alertmanager/tests/routes.yml", command)


def _scenarios(compiled: Compiled, alert: str, labels: tuple[Mapping[str, str], ...]) -> Iterator[Proof]:
    for file in compiled.scenarios:
        mine = frozenset(title for title, own in file.alerts.items() if _is(own, alert, labels))
        for scenario in file.scenarios:
            if any(firing.alert in mine for firing in scenario.firings):
                yield Proof(scenario.name, _told(file, scenario, mine), f"alertmanager/tests/{file.name}.yml", "touchline deploy")


def _is(own: Mapping[str, str], alert: str, labels: tuple[Mapping[str, str], ...]) -> bool:
    """Whether a scenario's alert is this one. Scenarios of hours name no alerts: routing labels stand for all that share them."""
    if name.ALERTNAME in own:
        return own[name.ALERTNAME] == alert
    return any(all(one.get(label) == value for label, value in own.items()) for one in labels)


def _told(file: ScenarioFile, scenario: Scenario, mine: frozenset[str]) -> str:
    """Who hears of it in a scenario."""
    if scenario.messages:
        heard = {one.receiver for one in scenario.messages if mine & set(one.alerts)}
    elif file.usually:
        heard = {
            receiver for receiver, titles in file.usually.items() if mine & (set(titles) - set(scenario.quiet.get(receiver, ())))
        }
    else:
        heard = {receiver for receiver, titles in scenario.told.items() if mine & set(titles)}
    return f"told to {', '.join(sorted(heard))}" if heard else "told to nobody"
