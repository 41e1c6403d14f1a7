"""How many planted faults an audit finds. In: a `Corpus`. Out: what it finds in the good rules, and of every planted fault whether it
finds something that it did not find before.

A planted fault is judged with the rules that can matter to it alone: those that share a metric with it, and all that record what
these read. A test holds that to a judgement of everything."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bench.planted.corpus import Corpus
from bench.planted.operators import Planted, planted
from generators.checks.expressions_judged import meaning
from generators.fault import Fault
from generators.ir.found import Repository
from generators.ir.rules import RecordingRule, Rule, RuleFile
from generators.mutants.mutant import Place, put
from generators.promql import ParseFault, metric_names, parse

_PART = re.compile(r"_(bucket|sum|count)$")


@dataclass(frozen=True, slots=True)
class Trial:
    """One planted fault, the rule it stands in, and the findings it brought."""

    planted: Planted
    place: Place
    brought: tuple[Fault, ...]


def findings(corpus: Corpus) -> tuple[Fault, ...]:
    """What an audit finds in the rules as they are, each once; how often is scraped is not known."""
    return tuple(dict.fromkeys(meaning(replace(corpus.repository, prometheus=()))))


def trials(corpus: Corpus) -> Iterator[Trial]:
    """Every fault planted, one at a time."""
    near = Neighbours(corpus.repository)
    for place, rule in near.rules.items():
        before = {(fault.id, fault.what) for fault in near.judged(place, rule)}
        for one in planted(rule):
            after = near.judged(place, one.becomes)
            yield Trial(one, place, tuple(fault for fault in after if (fault.id, fault.what) not in before))


class Neighbours:
    """The rules of a repository, and which of them can matter to one."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.rules: dict[Place, Rule] = {}
        self._about: dict[Place, frozenset[str]] = {}
        self._near: Mapping[str, set[Place]] = defaultdict(set)
        for f, file in enumerate(repository.rule_files):
            for g, group in enumerate(file.groups):
                for r, rule in enumerate(group.rules):
                    self._add(Place(f, g, r), rule)

    def _add(self, place: Place, rule: Rule) -> None:
        try:
            read = metric_names(parse(rule.expr))
        except ParseFault:
            return
        self.rules[place] = rule
        record = (rule.record,) if isinstance(rule, RecordingRule) else ()
        self._about[place] = frozenset(_PART.sub("", name) for name in (*read, *record))
        for name in self._about[place]:
            self._near[name].add(place)

    def judged(self, place: Place, rule: Rule) -> tuple[Fault, ...]:
        """What is found in the rules around a place with this rule there."""
        chosen = {place}.union(*(self._near[name] for name in self._about[place]))
        pending = list(chosen)
        while pending:
            for name in self._about[pending.pop()]:
                more = {one for one in self._near[name] if _records(self.rules[one], name)} - chosen
                chosen |= more
                pending += more
        return tuple(meaning(replace(self.repository, rule_files=self._files(chosen, place, rule))))

    def _files(self, chosen: set[Place], place: Place, rule: Rule) -> tuple[RuleFile, ...]:
        files: tuple[RuleFile, ...] = self.repository.rule_files
        for f in range(len(files)):
            here = {one for one in chosen if one.file == f}
            groups = tuple(
                replace(group, rules=tuple(rule if one == place else self.rules[one] for one in sorted(here) if one.group == g))
                for g, group in enumerate(files[f].groups)
                if any(one.group == g for one in here)
            )
            files = put(files, f, replace(files[f], groups=groups))
        return tuple(file for file in files if file.groups)


def _records(rule: Rule, name: str) -> bool:
    return isinstance(rule, RecordingRule) and rule.record == name
