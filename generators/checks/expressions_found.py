"""Every PromQL expression of a repository. In: a repository. Out: each expression's tree with who asks it and where; faults of those
that do not parse. Queries to other engines than Prometheus are none of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from generators.fault import Fault, Where, Written
from generators.ir.found import DatasourceRef, FoundDashboard, FoundQuery, Repository
from generators.ir.rules import AlertingRule, Rule
from generators.promql import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, Expr, ParseFault, parse, parse_query, variables_in

Check = Callable[[Repository], Iterable[Fault]]

FEATURES = frozenset({EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS})
"""What a Prometheus may have been started with; who enabled it is not asked."""
EXAMPLE = "x"


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
        try:
            yield Asked(
                _who(dashboard, query), query.expr, parse_query(query.expr.text, values(dashboard, query.expr.text), FEATURES)
            )
        except ParseFault:
            continue


def _who(dashboard: FoundDashboard, query: FoundQuery) -> str:
    return f"{query.who} of '{dashboard.title}'"


def values(dashboard: FoundDashboard, text: str) -> dict[str, str]:
    """A value for every variable of a query; one that the dashboard does not have is said elsewhere."""
    unset = (name for name in variables_in(text) if not name.startswith("__"))
    return {**dict.fromkeys(unset, EXAMPLE), **dashboard.variables}


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
        try:
            parse_query(query.expr.text, values(dashboard, query.expr.text), FEATURES)
        except ParseFault as fault:
            if fault.what.startswith("unknown variable"):
                continue
            what = f"{_who(dashboard, query)} is no PromQL: {fault.what}{_quoted(query.expr.text, fault)}"
            yield Fault("expression-syntax", query.expr.at(fault.offset), what, fault.fix)


def _surely(repository: Repository) -> bool:
    """Whether every datasource that is provisioned is a Prometheus."""
    return bool(repository.datasources) and all(each.type == "prometheus" for each in repository.datasources)


def _quoted(text: str, fault: ParseFault) -> str:
    """The part that is wrong, where the place cannot point into it."""
    part = " ".join(text[fault.span.start : max(fault.span.end, fault.span.start + 20)].split())
    return f" at '{part[:50]}'" if part and "\n" in text else ""


CHECKS: tuple[Check, ...] = (syntax,)
"""Each from a repository to faults."""
