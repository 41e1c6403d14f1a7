"""Mutants of rules before the unit tests. In: compiled rules with their tests. Out: a verdict for each mutant.

Mutants of one rule are judged some at a time: the same few tests speak of them, and one call of promtool holds them, each in a
directory of its own. With them stands the rule as it is, which must pass. The quick tests come first; what they kill is not
shown to the slow ones."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from generators.emit import rules as emit_rules
from generators.emit import ruletests
from generators.ir.compiled import Compiled
from generators.ir.rules import Rule, RuleFile
from generators.mutants import Place, RuleMutant, rule_mutants
from operate.mutation import promtool
from operate.mutation.concern import Case, Rules, reading
from operate.mutation.verdict import Verdict

Progress = Callable[[Sequence[Verdict]], None]

STAGES = (0.1, 0.4, 1.0)
"""How much of the tests' cost has been paid after each stage."""

AT_ONCE = 10
"""Mutants in one call of promtool: enough to share its start, few enough to keep every core busy to the end."""

AS_IT_IS = "as-it-is"


class Unsound(Exception):  # noqa: N818 - what is raised is that the tests are unsound
    """The tests fail on the rules as they are; nothing can be said of mutants."""


@dataclass(frozen=True)
class Bench:
    """Everything that stays the same from mutant to mutant."""

    files: tuple[RuleFile, ...]
    rules: Rules
    cases: tuple[Case, ...]
    alive: Mapping[int, frozenset[Place]]
    tool: Path

    @classmethod
    def of(cls, compiled: Compiled, tool: Path) -> Bench:
        """The bench for a compiled spec."""
        rules = Rules.of(compiled.rule_files)
        cases = tuple(rules.case(file, test) for file in compiled.test_files for test in file.tests)
        alive = {number: rules.alive(case, {}) for number, case in enumerate(cases)}
        return cls(compiled.rule_files, rules, cases, alive, tool)

    def cost(self, place: Place) -> int:
        """How many rules promtool evaluates in all tests that the rule can reach."""
        return sum(self.price(number) for number, alive in self.alive.items() if place in alive)

    def price(self, number: int) -> int:
        """How many rules promtool evaluates in one test."""
        return self.cases[number].steps * max(len(self.alive[number]), 1)


def judge_rules(compiled: Compiled, tool: Path, operators: Collection[str], only: str, progress: Progress) -> Iterator[Verdict]:
    """A verdict for each mutant of the rules; `only` narrows them to one alert or record. Raises Unsound, NoAnswer."""
    bench = Bench.of(compiled, tool)
    mutants = [m for m in rule_mutants(compiled.rule_files, compiled.contract, operators) if only in ("", m.name)]
    whole = [tuple(batch) for _, batch in groupby(mutants, key=lambda mutant: mutant.place)]
    batches = [batch[begun : begun + AT_ONCE] for batch in whole for begun in range(0, len(batch), AT_ONCE)]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        # The longest first, so that no core waits for the last one.
        ordered = sorted(batches, key=lambda batch: -bench.cost(batch[0].place) * len(batch))
        runs = {batch[0].id: pool.submit(_judged, bench, batch) for batch in ordered}
        try:
            for ended in as_completed(runs.values()):
                progress(ended.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        for batch in batches:
            yield from runs[batch[0].id].result()


def _judged(bench: Bench, mutants: Sequence[RuleMutant]) -> list[Verdict]:
    """Verdicts for the mutants of one rule."""
    with tempfile.TemporaryDirectory(prefix="touchline-mutants-") as folder:
        trial = _Trial(bench, Path(folder), mutants)
        return trial.verdicts()


class _Trial:
    """The mutants of one rule in a directory: `<number>/rules/*.yml` and links to the test files of each stage."""

    def __init__(self, bench: Bench, place: Path, mutants: Sequence[RuleMutant]) -> None:
        self.bench, self.place = bench, place
        self.mutants = {str(number): mutant for number, mutant in enumerate(mutants)}
        self.concerned = {name: self._concerned(mutant) for name, mutant in self.mutants.items()}
        self.concerned[AS_IT_IS] = frozenset().union(*self.concerned.values())

    def verdicts(self) -> list[Verdict]:
        for name in self.concerned:
            self._write_rules(name)
        refused = promtool.refused(self.bench.tool, self.place, list(self.mutants))
        answers: dict[str, promtool.Answer] = {}
        for stage, numbers in enumerate(self._stages()):
            left = [name for name in self.concerned if name not in refused and not answers.get(name, promtool.Answer()).killed_by]
            for name, answer in self._ask(stage, numbers, left).items():
                known = answers.get(name, promtool.Answer())
                answers[name] = promtool.Answer(answer.killed_by, known.error or answer.error)
            sound = answers.get(AS_IT_IS, promtool.Answer())
            if sound.killed_by or sound.error:
                raise Unsound(f"the tests fail on the rules as they are: {sound.killed_by or sound.error}")
        return [self._verdict(name, refused.get(name, ""), answers.get(name)) for name in self.mutants]

    def _concerned(self, mutant: RuleMutant) -> frozenset[int]:
        """The tests that the mutant, or the rule as it is, can reach and make a sample in."""
        mutated = {mutant.place: mutant.becomes}
        rereads = mutant.becomes is not None and self._rereads(mutant.place, mutant.becomes)
        return frozenset(
            number
            for number, case in enumerate(self.bench.cases)
            if mutant.place in case.depends
            and (mutant.place in self.bench.alive[number] or (rereads and mutant.place in self.bench.rules.alive(case, mutated)))
        )

    def _rereads(self, place: Place, becomes: Rule) -> bool:
        return reading(becomes.expr) != reading(self.bench.rules.by_place[place].expr)

    def _write_rules(self, name: str) -> None:
        """The rules that the mutant's tests can tell apart, with the mutant among them."""
        mutant = self.mutants.get(name)
        needed: set[Place] = set()
        for number in self.concerned[name]:
            needed |= self.bench.alive[number]
            if mutant and mutant.becomes and self._rereads(mutant.place, mutant.becomes):
                needed |= self.bench.rules.alive(self.bench.cases[number], {mutant.place: mutant.becomes})
        files = self.bench.files
        kept = tuple(_kept(file, index, needed, mutant) for index, file in enumerate(files))
        folder = self.place / name / "rules"
        folder.mkdir(parents=True)
        for file in kept:
            if file.groups:
                (text,) = emit_rules.emit([file]).values()
                (folder / f"{file.name}.yml").write_text(text, encoding="utf-8")

    def _stages(self) -> Iterator[tuple[int, ...]]:
        """The tests by what they cost, cheap ones first, cut where the next share of the whole cost is reached."""
        cost = {number: self.bench.price(number) for number in self.concerned[AS_IT_IS]}
        ordered = sorted(cost, key=lambda number: (cost[number], number))
        whole, paid, begun = sum(cost.values()), 0, 0
        shares = iter(STAGES)
        share = next(shares)
        for end, number in enumerate(ordered, start=1):
            paid += cost[number]
            if paid >= share * whole:
                yield tuple(ordered[begun:end])
                begun = end
                while share < 1 and paid >= share * whole:
                    share = next(shares)

    def _ask(self, stage: int, numbers: Sequence[int], names: Sequence[str]) -> dict[str, promtool.Answer]:
        """What the tests of one stage say of these mutants."""
        by_file: dict[str, list[Case]] = {}
        for number in sorted(numbers):
            case = self.bench.cases[number]
            by_file.setdefault(case.file.name, []).append(case)
        links: list[str] = []
        for file, cases in by_file.items():
            link = f"{stage}-{file}.yml"
            tests = replace(cases[0].file, rule_files=("rules/*.yml",), tests=tuple(case.test for case in cases))
            (text,) = ruletests.emit([tests]).values()
            (self.place / link).write_text(text, encoding="utf-8")
            links.append(link)
        for name in names:
            for link in links:
                (self.place / name / link).symlink_to(self.place / link)
        return promtool.judged(self.bench.tool, self.place, dict.fromkeys(names, links))

    def _verdict(self, name: str, refused: str, answer: promtool.Answer | None) -> Verdict:
        mutant = self.mutants[name]
        mutated = mutant.becomes.expr if mutant.becomes else ""
        said = (mutant.id, mutant.operator, mutant.of, mutant.was, mutant.now)
        if refused:
            return Verdict(*said, "refused", refused, mutated)
        if answer and answer.killed_by:
            return Verdict(*said, "killed", answer.killed_by, mutated)
        why = (
            "no test speaks of it"
            if not self.concerned[name]
            else f"only errors: {answer.error}"
            if answer and answer.error
            else ""
        )
        return Verdict(*said, "survived", why, mutated)


def _kept(file: RuleFile, index: int, needed: Collection[Place], mutant: RuleMutant | None) -> RuleFile:
    """The file with the rules that are needed, in their order; the mutant, where it is here, in its place."""
    groups = []
    for g, group in enumerate(file.groups):
        rules = []
        for r, rule in enumerate(group.rules):
            place = Place(index, g, r)
            here = mutant is not None and mutant.place == place
            if place in needed or here:
                kept = mutant.becomes if mutant is not None and here else rule
                rules += [kept] if kept is not None else []
        if rules:
            groups.append(replace(group, rules=tuple(rules)))
    return replace(file, groups=tuple(groups))
