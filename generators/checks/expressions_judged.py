"""What the expressions of a repository mean. In: a repository. Out: the faults that `checks.expressions` finds in its rules and in the
queries of its dashboards, with what the repository and the catalogues tell of metrics, and with names where they tell nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from generators.checks.expressions import Settings, judge
from generators.checks.expressions_found import queries, tree_of
from generators.checks.references import own_files
from generators.fault import Fault
from generators.ir.contract import Contract
from generators.ir.found import Repository
from generators.ir.rules import RecordingRule, RuleFile, RuleGroup
from generators.promql import ParseFault, variables_in

Check = Callable[[Repository], Iterable[Fault]]

CHOSEN = frozenset({"short-range", "no-such-bucket", "out-of-range", "true-in-normal-state"})
"""Findings that depend on a value, which is somebody's choice where a query holds a variable."""

BESIDE = frozenset({"duplicate-condition", "contained-alert"})
"""Findings about two alerts: files that no Prometheus loads together may well be alternatives."""
_OTHER = re.compile(r"\(([^():]+):\d+:\d+\)")


def meaning(repository: Repository) -> Iterator[Fault]:
    """Every fault of meaning of rules and queries."""
    contract = Contract.of((*_defined(repository), *repository.catalogue))
    settings = _settings(repository)
    for fault in judge(repository.rule_files, contract, settings):
        if fault.id not in BESIDE or _loaded_together(repository, fault):
            yield fault
    # A query is judged as if a rule recorded it, beside the rules whose series it reads.
    asked, chosen = _as_rules(repository)
    if not asked.groups[0].rules:
        return
    known = {file.name for file in repository.rule_files}
    for fault in judge((*repository.rule_files, asked), contract, settings):
        if fault.where.file not in known and not (fault.id in CHOSEN and fault.where in chosen):
            yield fault


def _loaded_together(repository: Repository, fault: Fault) -> bool:
    other = _OTHER.search(fault.what)
    if other is None or other[1] == fault.where.file:
        return True
    pair = {fault.where.file, other[1]}
    return any(pair <= own_files(repository, one) for one in repository.prometheus)


def _defined(repository: Repository) -> Iterator:  # type: ignore[type-arg]
    """The metrics whose labels the application's code tells. Of an info metric each target has one series, whatever its labels."""
    return (one.metric for one in repository.metrics if one.labels_known and not one.metric.name.endswith("_info"))


def _settings(repository: Repository) -> Settings:
    """How often is scraped: the shortest interval there is, so that a range called too short is too short for any job."""
    intervals = [
        interval for one in repository.prometheus for interval in (one.interval, *(job.interval for job in one.jobs)) if interval
    ]
    return Settings(scrape_interval=min(intervals, default=None), some_targets=None, complete=False, by_names=True)


def _as_rules(repository: Repository) -> tuple[RuleFile, frozenset]:  # type: ignore[type-arg]
    rules: list[RecordingRule] = []
    chosen = set()
    for dashboard, query in queries(repository):
        found = tree_of(dashboard, query.expr.text)
        if isinstance(found, ParseFault):
            continue
        if variables_in(query.expr.text):
            chosen.add(query.expr.where)
        name = f"{query.who} of {dashboard.title}".replace("'", "")
        rules.append(RecordingRule(name, found.text, where=query.expr.where, written=query.expr))
    return RuleFile("dashboards", "dashboards", (RuleGroup("queries", 0, tuple(rules)),)), frozenset(chosen)


CHECKS: tuple[Check, ...] = (meaning,)
"""Each from a repository to faults."""
