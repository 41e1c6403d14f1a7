"""Which tests speak of which rules. In: rule files and unit tests. Out: for a rule the tests whose assertions it can reach, and for
each test the rules that can make a sample in it. A rule that a test cannot reach need not be loaded for it: it could change no
answer, and loading all rules for every mutant would take days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile
from generators.ir.tests import TestFile, UnitTest
from generators.mutants import Place
from generators.promql import parse, selectors
from generators.promql.syntax import Call, VectorSelector
from generators.promql.walk import metric_of, walk

ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
"""The series that Prometheus itself writes of alerts."""

FROM_NOTHING = frozenset({"vector", "absent", "absent_over_time"}) | frozenset(
    {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year"}
)
"""Functions that give samples where there are no series."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression reads, and whether it can give something without any series."""

    selectors: tuple[VectorSelector, ...]
    from_nothing: bool


@cache
def reading(expr: str) -> Reading:
    """What the expression reads; the same few expressions come thousands of times."""
    tree = parse(expr)
    made = any(isinstance(node, Call) and node.function in FROM_NOTHING for node in walk(tree))
    return Reading(tuple(selectors(tree)), made)


@dataclass(frozen=True)
class Case:
    """One unit test of a file, with the rules that its assertions depend on, directly or through others."""

    file: TestFile
    test: UnitTest
    depends: frozenset[Place]

    @cached_property
    def given(self) -> tuple[VectorSelector, ...]:
        """The series that the test gives."""
        return tuple(one for series in self.test.inputs for one in selectors(parse(series.series)))

    @cached_property
    def steps(self) -> int:
        """How many times promtool evaluates the rules: what the test costs for each rule."""
        times = [*(case.at for case in self.test.alerts), *(case.at for case in self.test.exprs)]
        return max(times, default=0) // self.file.evaluation_interval + 1


@dataclass(frozen=True)
class Rules:
    """Rules by their places, and who reads whom."""

    by_place: Mapping[Place, Rule]
    _read: dict[str, frozenset[Place]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, files: Iterable[RuleFile]) -> Rules:
        """All rules of the files."""
        placed = (
            (Place(f, g, r), rule)
            for f, file in enumerate(files)
            for g, group in enumerate(file.groups)
            for r, rule in enumerate(group.rules)
        )
        return cls(dict(placed))

    def read(self, expr: str) -> frozenset[Place]:
        """The rules whose series an expression reads."""
        if expr not in self._read:
            self._read[expr] = frozenset(place for one in reading(expr).selectors for place in self._written(one))
        return self._read[expr]

    def _written(self, selector: VectorSelector) -> Iterator[Place]:
        for place, rule in self.by_place.items():
            if _writes(rule, selector):
                yield place

    def below(self, start: Iterable[Place], mutated: Mapping[Place, Rule | None]) -> frozenset[Place]:
        """The rules from which a test starts, and all they read; `mutated` stand in place of the real ones."""
        found: set[Place] = set()
        pending = list(start)
        while pending:
            place = pending.pop()
            if place not in found:
                found.add(place)
                rule = mutated.get(place, self.by_place[place])
                pending += self._sources(rule) if rule else ()
        return frozenset(found)

    def _sources(self, rule: Rule) -> frozenset[Place]:
        asked = rule.annotations.values() if isinstance(rule, AlertingRule) else ()
        texts = [text for text in asked if "query" in text]  # a template may ask for series of its own
        named = (place for place, each in self.by_place.items() for text in texts if _name(each) in text)
        return self.read(rule.expr).union(named)

    def case(self, file: TestFile, test: UnitTest) -> Case:
        """The test with what it depends on."""
        named = {case.alert for case in test.alerts}
        start = {place for place, rule in self.by_place.items() if isinstance(rule, AlertingRule) and rule.alert in named}
        start |= {place for case in test.exprs for place in self.read(case.expr)}
        return Case(file, test, self.below(start, {}))

    def alive(self, case: Case, mutated: Mapping[Place, Rule | None]) -> frozenset[Place]:
        """Of the rules that a test depends on, those that can make a sample in it."""
        depends = self.below(case.depends, mutated) if mutated else case.depends
        alive: set[Place] = set()
        grown = True
        while grown:
            grown = False
            for place in depends - alive:
                rule = mutated.get(place, self.by_place[place])
                if rule and (self._lives(rule, case) or self.read(rule.expr) & alive):
                    alive.add(place)
                    grown = True
        return frozenset(alive)

    def _lives(self, rule: Rule, case: Case) -> bool:
        read = reading(rule.expr)
        return read.from_nothing or any(_selects(one, given) for one in read.selectors for given in case.given)


def _name(rule: Rule) -> str:
    return rule.alert if isinstance(rule, AlertingRule) else rule.record


def _writes(rule: Rule, selector: VectorSelector) -> bool:
    """Can the selector take what the rule writes? In doubt, yes."""
    name = metric_of(selector)
    if isinstance(rule, RecordingRule):
        return name in (None, rule.record) and _fits(selector, rule.labels)
    return name is None or (name in ALERTS and _fits(selector, {"alertname": rule.alert}))


def _selects(selector: VectorSelector, given: VectorSelector) -> bool:
    """Can the selector take this series of a test?"""
    name = metric_of(selector)
    labels = {matcher.name: matcher.value for matcher in given.matchers}
    return name in (None, given.name) and _fits(selector, labels)


def _fits(selector: VectorSelector, labels: Mapping[str, str]) -> bool:
    """Do the plain matchers agree with the labels that are known?"""
    for matcher in selector.matchers:
        known = labels.get(matcher.name)
        if known is not None and matcher.op in ("=", "!=") and (known == matcher.value) != (matcher.op == "="):
            return False
    return True
