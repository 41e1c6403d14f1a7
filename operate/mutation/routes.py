"""Mutants of the Alertmanager configuration. In: a compiled spec with its scenarios and route tests. Out: a verdict for each mutant.

amtool accepts or refuses the mutant, and holds it to its route tests. What survives them is shown to Alertmanager's own code, which
plays the generated scenarios (operate/scenarios.py): a receiver that is told otherwise than promised kills it. The mutants of one
route or inhibition are judged one after the other: what has killed one of them is tried first on the next."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

from generators.emit import alertmanager
from generators.ir.alerting import Alerting, RouteTest
from generators.ir.compiled import Compiled
from generators.mutants import RoutingMutant, routing_mutants
from operate.calls import NoAnswer, called
from operate.clock import ask
from operate.mutation.muting import telling
from operate.mutation.rules import Progress, Unsound
from operate.mutation.verdict import Outcome, Verdict
from operate.scenarios import CONFIG, FILES, Promise, differences, promises

LIMIT = 60.0
AT_ONCE = 2
"""Scenarios played in one call: few, because the first that goes otherwise ends the matter."""

MISMATCH = "WARNING: Expected receivers did not match resolved receivers."
"""What amtool says of a failed assertion, and of nothing else
(https://github.com/prometheus/alertmanager/blob/v0.31.1/cli/test_routing.go)."""


@dataclass(frozen=True, slots=True)
class Judges:
    """What all mutants are shown to."""

    amtool: Path
    clock: Path
    real: Alerting
    scenarios: tuple[Promise, ...]
    tests: tuple[RouteTest, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended with a configuration, what was said, and the scenario that went otherwise."""

    outcome: Outcome
    said: str = ""
    promise: Promise | None = None


def judge_routes(
    compiled: Compiled, amtool: Path, clock: Path, operators: Collection[str], progress: Progress
) -> Iterator[Verdict]:
    """A verdict for each mutant of routes and inhibitions. Raises Unsound, NoAnswer."""
    mutants = list(routing_mutants(compiled.alerting, operators))
    judges = Judges(amtool, clock, compiled.alerting, _scenarios(compiled), compiled.route_tests)
    if mutants and (said := _ended(judges, compiled.alerting, judges.scenarios).said):
        raise Unsound(f"the tests of routes and inhibition fail on the configuration as it is: {said}")
    ordered = sorted(range(len(mutants)), key=lambda number: mutants[number].of)
    batches = [list(batch) for _, batch in groupby(ordered, key=lambda number: mutants[number].of)]
    verdicts: dict[int, Verdict] = {}
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        runs = {pool.submit(_judged, judges, [mutants[number] for number in batch]): batch for batch in batches}
        try:
            for ended in as_completed(runs):
                verdicts |= zip(runs[ended], ended.result(), strict=True)
                progress(ended.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    yield from (verdicts[number] for number in range(len(mutants)))


def _scenarios(compiled: Compiled) -> tuple[Promise, ...]:
    """The scenarios as they are played: read back from what is emitted."""
    with tempfile.TemporaryDirectory(prefix="touchline-mutants-") as folder:
        _write(Path(folder), alertmanager.emit(compiled.alerting, (), compiled.scenarios))
        found = [one for file in compiled.scenarios for one in promises(Path(folder) / FILES / f"{file.name}.yml")]
        # What is soon played is tried first: most mistakes show in it.
        return tuple(sorted(found, key=lambda one: one.played.lasts * len(one.played.alerts)))


def _judged(judges: Judges, mutants: Sequence[RoutingMutant]) -> list[Verdict]:
    """Verdicts for the mutants of one route or inhibition."""
    verdicts = []
    order = list(judges.scenarios)
    for mutant in mutants:
        told_apart = telling(judges.real, mutant.becomes, order)
        ended = _ended(judges, mutant.becomes, told_apart)
        if ended == Ended("survived") and not told_apart:
            ended = Ended("survived", "no scenario speaks of it")
        if ended.promise:
            order.remove(ended.promise)
            order.insert(0, ended.promise)
        verdicts.append(Verdict(mutant.id, mutant.operator, mutant.of, mutant.was, mutant.now, ended.outcome, ended.said))
    return verdicts


def _ended(judges: Judges, alerting: Alerting, scenarios: Sequence[Promise]) -> Ended:
    """The first assertion that fails ends it; errors alone do not."""
    with tempfile.TemporaryDirectory(prefix="touchline-mutants-") as folder:
        place = Path(folder)
        _write(place, alertmanager.emit(alerting))
        code, words = _amtool(judges.amtool, place, "check-config", CONFIG)
        if code:
            return Ended("refused", words)
        error = Ended("survived")
        routed = () if alerting.route == judges.real.route and alerting != judges.real else _routed(judges, place)
        for ended in chain(routed, _played(judges, place, scenarios)):
            if ended.outcome == "killed":
                return ended
            error = ended
        return error


def _played(judges: Judges, place: Path, scenarios: Sequence[Promise]) -> Iterator[Ended]:
    """What does not go as promised, and what does not go at all; a few scenarios at a time."""
    for begin in range(0, len(scenarios), AT_ONCE):
        some = scenarios[begin : begin + AT_ONCE]
        try:
            answers = ask(judges.clock, place / CONFIG, [promise.played for promise in some])
        except NoAnswer as error:
            yield Ended("survived", f"only errors: {error}")
            continue
        for promise, answer in zip(some, answers, strict=True):
            for difference in differences(promise, answer):
                yield Ended("killed", f"{promise.played.name}: {difference}", promise)
                return


def _routed(judges: Judges, place: Path) -> Iterator[Ended]:
    for test in judges.tests:
        labels = [f"{name}={value}" for name, value in test.labels]
        wanted = f"--verify.receivers={','.join(test.receivers)}"
        try:
            code, words = _amtool(judges.amtool, place, "config", "routes", "test", f"--config.file={CONFIG}", wanted, *labels)
        except NoAnswer as error:
            yield Ended("survived", f"only errors: {error}")
            return
        if code and MISMATCH in words:
            yield Ended("killed", test.name)
            return
        if code:
            yield Ended("survived", f"only errors: {words}")


def _write(place: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _amtool(tool: Path, place: Path, *arguments: str) -> tuple[int, str]:
    run = called([str(tool), *arguments], place, LIMIT)
    return run.returncode, (run.stdout + run.stderr).strip()
