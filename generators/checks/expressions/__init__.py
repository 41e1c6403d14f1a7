"""Rules -> faults of meaning: what no server would refuse and what still cannot be right. In: rule files, a contract, settings.
Out: faults. One module a check, each with its ID, the name of its page in docs/checks, and `find`; OF_ANY and OF_RULES
together are the one table of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from generators.checks.expressions import (
    annotation_unit,
    bare_counter,
    contained_alert,
    declared_unit,
    divides_by_itself,
    division_by_zero,
    dropped_label,
    duplicate_condition,
    forgotten_rate,
    matching_many,
    matching_never,
    no_such_bucket,
    out_of_range,
    percent_bound,
    quantile_of_no_histogram,
    quantile_without_le,
    rate_of_aggregate,
    rate_of_gauge,
    short_range,
    sides_differ,
    silent_critical,
    too_many_series,
    true_in_normal_state,
    unit_mismatch,
)
from generators.checks.expressions.facts import Facts, Settings
from generators.fault import Fault
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract
from generators.ir.rules import RuleFile


class Check(Protocol):
    """What a module of this room offers. `find` yields every fault of its kind."""

    ID: str

    def find(self, facts: Facts) -> Iterator[Fault]: ...


OF_ANY: tuple[Check, ...] = (
    rate_of_gauge,
    rate_of_aggregate,
    bare_counter,
    quantile_without_le,
    quantile_of_no_histogram,
    no_such_bucket,
    matching_never,
    matching_many,
    sides_differ,
    divides_by_itself,
    unit_mismatch,
    percent_bound,
    out_of_range,
    short_range,
)
"""Those that judge any expression, a panel's query as well."""

OF_RULES: tuple[Check, ...] = (
    forgotten_rate,
    declared_unit,
    annotation_unit,
    true_in_normal_state,
    division_by_zero,
    duplicate_condition,
    contained_alert,
    dropped_label,
    silent_critical,
    too_many_series,
)
"""Those that ask what a rule or an alert makes of it."""

CHECKS = (*OF_ANY, *OF_RULES)


def judge(files: Iterable[RuleFile], contract: Contract, settings: Settings) -> Iterator[Fault]:
    """Every fault that every check finds in these rules. The contract may be partial: what it does not hold is not known, and what is
    not known is never a fault."""
    yield from judged(Facts(files, contract, settings))


def judged(facts: Facts) -> Iterator[Fault]:
    """The same of rules whose facts are known."""
    for check in CHECKS:
        yield from check.find(facts)


def facts_of(compiled: Compiled) -> Facts:
    """The facts of a compilation of our own, where everything is known: its metrics, its targets' labels, its intervals."""
    return Facts(compiled.rule_files, compiled.contract, settings_of(compiled))


def settings_of(compiled: Compiled) -> Settings:
    """What a compilation says beside its rules."""
    prometheus = compiled.prometheus
    carried = [{"job", "instance", *target.labels} for job in prometheus.jobs for target in job.targets]
    always = frozenset(set.intersection(*carried)) if carried else frozenset({"job", "instance"})
    return Settings(
        scrape_interval=prometheus.scrape_interval,
        intervals={job.name: job.interval for job in prometheus.jobs if job.interval},
        target_labels=always,
        some_targets=frozenset().union(*carried) | {"exporter"},
        series_budget=compiled.contract.series_budget,
    )


__all__ = ["CHECKS", "OF_ANY", "Check", "Facts", "Settings", "facts_of", "judge", "judged", "settings_of"]
