"""What the checks of expressions look at. In: rule files, a contract and settings. Out: `Facts`: every rule with its tree, its
types and its places, and the type of every series, those that rules record included.

A rule's type flows into its users, in whatever order the rules stand; rules that go in a circle are unknown to one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import field
from functools import cached_property

from generators.checks.expressions.conventional import by_convention
from generators.checks.expressions.exported import exported
from generators.fault import Fault, Where
from generators.ir.contract import Contract, Metric
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.promql import Expr, ParseFault, metric_names, parse
from generators.promql.syntax import Call, MatrixSelector
from generators.promql.types import UNKNOWN, Range, Type, Types, either, infer, unit_of
from generators.promql.types.calls import RATES
from generators.promql.walk import metric_of, walk
from generators.record import dataclass, replace

FEATURES = frozenset({"promql-experimental-functions", "promql-binop-fill-modifiers"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a rule alone does not tell. `scrape_interval` in seconds (None: unknown), `intervals` those of services that have their own;
    `target_labels` are the labels that every scraped series has and `some_targets` those that some have (None: not known, any may be
    there). `complete`: these are all the rules there are, so that what is missing is missing. `series_budget`: how many series one
    metric or rule may have for each target (None: no budget). `by_names`: metrics that nothing defines are known by their names."""

    scrape_interval: int | None = None
    intervals: Mapping[str, int] = field(default_factory=dict)
    target_labels: frozenset[str] = frozenset({"job", "instance"})
    some_targets: frozenset[str] | None = None
    complete: bool = True
    series_budget: int | None = None
    by_names: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule: its tree, and the types of all parts."""

    rule: Rule
    file: str
    interval: int
    tree: Expr
    types: Types

    @property
    def name(self) -> str:
        return self.rule.alert if isinstance(self.rule, AlertingRule) else self.rule.record

    @property
    def is_alert(self) -> bool:
        return isinstance(self.rule, AlertingRule)

    @property
    def severity(self) -> str:
        return self.rule.labels.get("severity", "")

    def at(self, offset: int) -> Where:
        """Where a character of the expression was written; the rule's own place where nobody wrote it."""
        written = self.rule.written
        if written is None:
            return self.rule.where
        inner = offset - self.rule.expr.find(written.text)
        return written.at(inner if 0 <= inner < len(written.text) and written.text in self.rule.expr else 0)

    def fault(self, id: str, node: Expr, what: str, fix: str) -> Fault:
        """A fault at a part of the expression."""
        return self.fault_at(id, node.span.start, what, fix)

    def fault_at(self, id: str, offset: int, what: str, fix: str) -> Fault:
        """A fault at a character of the expression."""
        return Fault(id, self.at(offset), f"'{self.name}': {what}", fix)


class Facts:
    """All rules that were given, and what is known of the series they read."""

    def __init__(self, files: Iterable[RuleFile], contract: Contract, settings: Settings) -> None:
        self.contract = contract
        self.settings = settings
        self._written: list[tuple[str, RuleGroup, Rule, Expr]] = []
        for file in files:
            for group in file.groups:
                for rule in group.rules:
                    tree = _tree(rule.expr)
                    if tree is not None:
                        self._written.append((file.name, group, rule, tree))
        self._recorders: dict[str, list[tuple[RecordingRule, Expr]]] = defaultdict(list)
        for _, _, rule, tree in self._written:
            if isinstance(rule, RecordingRule):
                self._recorders[rule.record].append((rule, tree))
        self._names = frozenset(name for _, _, _, tree in self._written for name in metric_names(tree))
        self.rated = frozenset(name for _, _, _, tree in self._written for name in _rated(tree))
        self._series: dict[str, Type | None] = {}
        self._trees: dict[int, Types] = {}
        self._reads: dict[str, tuple[str, ...]] = {}

    def asked(self, queries: tuple[Judged, ...]) -> Facts:
        """The same knowledge, with other expressions to judge: queries that nobody records, beside the rules they read."""
        other = copy(self)
        other.rules, other.alerts, other.recorded_every = queries, (), self.recorded_every
        return other

    @cached_property
    def rules(self) -> tuple[Judged, ...]:
        """Every rule that parses; one that does not is told elsewhere."""
        return tuple(Judged(rule, file, group.interval, tree, self.types(tree)) for file, group, rule, tree in self._written)

    @cached_property
    def alerts(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.rules if one.is_alert)

    @cached_property
    def recorded_every(self) -> Mapping[str, int]:
        """How often each recorded series gets a sample, at the slowest."""
        found: dict[str, int] = {}
        for one in self.rules:
            if isinstance(one.rule, RecordingRule):
                found[one.rule.record] = max(one.interval, found.get(one.rule.record, 0))
        return found

    def exported(self, tree: Expr) -> frozenset[str]:
        """The exported metrics behind an expression, through recording rules."""
        found: set[str] = set()
        seen: set[str] = set()
        pending = list(metric_names(tree))
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                read = self._read_by(name)
                pending.extend(read)
                found |= {name} if name not in self._recorders else set()
        return frozenset(found)

    def _read_by(self, name: str) -> tuple[str, ...]:
        """The names that the rules of a name read, each once."""
        if name not in self._reads:
            trees = (tree for _, tree in self._recorders.get(name, ()))
            self._reads[name] = tuple(dict.fromkeys(inner for tree in trees for inner in metric_names(tree)))
        return self._reads[name]

    def types(self, tree: Expr) -> Types:
        """The types of a tree's nodes, inferred once."""
        known = self._trees.get(id(tree))
        if known is None:
            known = self._trees[id(tree)] = infer(tree, self.series)
        return known

    def series(self, name: str) -> Type | None:
        """What is known of the series of a name: recorded here, in the contract, or known by its name."""
        if name not in self._series:
            self._series[name] = None  # what a circle sees of itself
            self._series[name] = self._recorded(name) if name in self._recorders else self._read(name)
        return self._series[name]

    def _read(self, name: str) -> Type | None:
        metric = self.contract.by_series.get(name)
        if metric is not None:
            return exported(name, metric, self.settings.target_labels, self.settings.some_targets)
        return by_convention(name, self._names, self.rated) if self.settings.by_names else None

    def _recorded(self, name: str) -> Type:
        found: Type | None = None
        for rule, tree in self._recorders[name]:
            one = _labelled(self.types(tree).result.nameless(), rule.labels)
            found = one if found is None else either(found, one)
        return _declared(found or UNKNOWN, self.contract.by_series.get(name))


def _rated(tree: Expr) -> Iterator[str]:
    """The metrics whose rate an expression takes."""
    for node in walk(tree):
        if isinstance(node, Call) and node.function in RATES and isinstance(node.args[0], MatrixSelector):
            yield metric_of(node.args[0].selector) or ""


def _tree(expr: str) -> Expr | None:
    try:
        return parse(expr, FEATURES)
    except ParseFault:
        return None


def _labelled(found: Type, labels: Mapping[str, str]) -> Type:
    """A rule's own labels stand on every result; one that is empty takes the label away."""
    given = {name: value for name, value in labels.items() if value}
    gone = frozenset(labels) - given.keys()
    fixed = {name: value for name, value in found.fixed.items() if name not in gone} | given
    kept = found.labels.without(*gone).joined(*given)
    # Rules of one name are told apart by the labels they add.
    key = None if found.key is None else (found.key - gone) | given.keys()
    kind = "gauge" if found.kind == "scalar" else found.kind
    return replace(found, kind=kind, labels=kept, sure=(found.sure | given.keys()) - gone, fixed=fixed, key=key)


def _declared(found: Type, metric: Metric | None) -> Type:
    """What people say of a metric that a rule computes holds, where the rule does not say it."""
    if metric is None or (not metric.unit and metric.low is None and metric.high is None and metric.normal_low is None):
        return found
    low = found.range.low if metric.low is None else max(found.range.low, float(metric.low))
    high = found.range.high if metric.high is None else min(found.range.high, float(metric.high))
    values = Range(low, high) if low <= high else found.range
    normal = Range(
        values.low if metric.normal_low is None else float(metric.normal_low),
        values.high if metric.normal_high is None else float(metric.normal_high),
    )
    normal = normal if normal.low <= normal.high else found.normal
    return replace(found, unit=unit_of(metric.unit) or found.unit, range=values, normal=normal)
