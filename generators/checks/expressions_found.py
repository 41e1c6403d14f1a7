"""Every PromQL expression of a repository. In: a repository. Out: each expression's tree with who asks it and where; faults of those
that do not parse. Queries to other engines than Prometheus are none of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from generators.fault import Fault, Where, Written
from generators.ir.found import DatasourceRef, FoundDashboard, FoundQuery, Repository
from generators.ir.rules import AlertingRule, Rule
from generators.promql import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, Expr, ParseFault, parse, parse_query, variables_in
from generators.promql.grafana import interpolate
from generators.record import dataclass

Check = Callable[[Repository], Iterable[Fault]]

FEATURES = frozenset({EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS})
"""What a Prometheus may have been started with; who enabled it is not asked."""
EXAMPLE = "x"
VALUES = (EXAMPLE, "5m", "1", "", f",{EXAMPLE}")
"""What a variable may stand for; the last where it goes on with a list of labels."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed expression; spans of the tree are offsets into `written`."""

    who: str
    written: Written
    tree: Expr

    @property
    def where(self) -> Where:
        return self.written.where

    def at(self, offset: int) -> Where:
        return self.written.at(offset)


def rules(repository: Repository) -> Iterator[tuple[Rule, Written]]:
    """Every rule with its expression; a rule's place is that of its expression."""
    for file in repository.rule_files:
        for group in file.groups:
            for rule in group.rules:
                yield rule, rule.written or Written(rule.expr, rule.where)


def named(rule: Rule) -> str:
    """A rule in words."""
    return f"the alert '{rule.alert}'" if isinstance(rule, AlertingRule) else f"the recording rule '{rule.record}'"


def queries(repository: Repository) -> Iterator[tuple[FoundDashboard, FoundQuery]]:
    """Every query of a dashboard that goes to Prometheus, or may."""
    for dashboard in repository.dashboards:
        for query in dashboard.queries:
            if _engine(repository, dashboard, query.source) in ("prometheus", ""):
                yield dashboard, query


def _engine(repository: Repository, dashboard: FoundDashboard, source: DatasourceRef) -> str:
    """The type of a datasource, "" where it cannot be told."""
    if source.type:
        return source.type
    variable = source.name.strip("${}[]")
    if variable in dashboard.choosers:
        return dashboard.choosers[variable]
    return next((each.type for each in repository.datasources if source.name in (each.name, each.uid) and source.name), "")


def asked(repository: Repository) -> Iterator[Asked]:
    """Every expression that parses."""
    for rule, written in rules(repository):
        try:
            yield Asked(named(rule), written, parse(rule.expr, FEATURES))
        except ParseFault:
            continue
    for dashboard, query in queries(repository):
        found = tree_of(dashboard, query.expr.text)
        if isinstance(found, Chosen):
            yield Asked(_who(dashboard, query), query.expr, found.tree)


def _who(dashboard: FoundDashboard, query: FoundQuery) -> str:
    return f"{query.who} of '{dashboard.title}'"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A query with a value for each of its variables: the tree, and the text that was parsed."""

    tree: Expr
    text: str


@lru_cache(maxsize=8192)
def _tree(text: str, variables: tuple[tuple[str, str], ...]) -> Chosen | ParseFault:
    try:
        return Chosen(parse_query(text, dict(variables), FEATURES), interpolate(text, dict(variables)).text)
    except ParseFault as fault:
        return fault


def tree_of(dashboard: FoundDashboard, text: str) -> Chosen | ParseFault:
    """The tree of a query, or why it has none: with the values its variables have, and, since a variable may stand for a label, a
    duration, a number or nothing at all, with others. A variable that the dashboard does not have is said elsewhere."""
    names = [name for name in variables_in(text) if not name.startswith("__")]
    found = _tree(text, tuple((name, dashboard.variables.get(name, EXAMPLE)) for name in names))
    for value in VALUES if names and isinstance(found, ParseFault) else ():
        other = _tree(text, tuple((name, value) for name in names))
        if isinstance(other, Chosen):
            return other
    return found


def syntax(repository: Repository) -> Iterator[Fault]:
    """Every expression is PromQL."""
    for rule, written in rules(repository):
        try:
            parse(rule.expr, FEATURES)
        except ParseFault as fault:
            what = f"{named(rule)} is no PromQL: {fault.what}{_quoted(written.text, fault)}"
            yield Fault("expression-syntax", written.at(fault.offset), what, fault.fix)
    for dashboard, query in queries(repository):
        # Without a type nobody knows whose language the query speaks.
        if _engine(repository, dashboard, query.source) != "prometheus" and not _surely(repository):
            continue
        none = tree_of(dashboard, query.expr.text)
        if isinstance(none, ParseFault) and not none.what.startswith("unknown variable"):
            what = f"{_who(dashboard, query)} is no PromQL: {none.what}{_quoted(query.expr.text, none)}"
            yield Fault("expression-syntax", query.expr.at(none.offset), what, none.fix)


def _surely(repository: Repository) -> bool:
    """Whether every datasource that is provisioned is a Prometheus."""
    return bool(repository.datasources) and all(each.type == "prometheus" for each in repository.datasources)


def _quoted(text: str, fault: ParseFault) -> str:
    """The part that is wrong, where the place cannot point into it."""
    part = " ".join(text[fault.span.start : max(fault.span.end, fault.span.start + 20)].split())
    return f" at '{part[:50]}'" if part and "\n" in text else ""


CHECKS: tuple[Check, ...] = (syntax,)
"""Each from a repository to faults."""
