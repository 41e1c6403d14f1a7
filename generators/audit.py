"""What people already have, judged. In: a repository's texts by path, and which paths exist. Out: an `Audit`: every fault, the worst
first, what was read, and what was passed over. It reads no file: who walks the repository is `operate`'s affair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace

from generators.catalogue import catalogue
from generators.checks import (
    datasources,
    expressions_found,
    expressions_judged,
    images,
    inhibitions,
    metrics,
    references,
    secrets,
    targets,
)
from generators.fault import Fault, in_reading_order
from generators.ir.contract import Metric
from generators.ir.found import Repository
from generators.read.document import Document
from generators.read.repository import read_repository
from generators.record import dataclass
from generators.spec.model import Kind

FAMILIES = (secrets, expressions_found, expressions_judged, references, targets, datasources, inhibitions, metrics, images)
"""Every family of checks of a repository; each has a tuple CHECKS."""

WORST_FIRST = (
    # What anybody can use against us, then what makes everything silent, then what never fires, what is wrong, what is loose.
    ("secret-leaked",),
    (
        "yaml",
        "json",
        "duplicate-name",
        "mixin",
        "jsonnet",
        "expression-syntax",
        "rule-form",
        "alertmanager-form",
        "unknown-receiver",
    ),
    (
        "rule-files",
        "alerts-unsent",
        "target-loopback",
        "target-unknown",
        "target-port",
        "target-no-metrics",
        "target-network",
        "mount-missing",
    ),
    ("module-broken", "module-unused", "metric-unchanged", "metric-constant", "metric-unknown", "label-unknown"),
)
"""Faults in the order in which they hurt; those that are not named come after. Errors come before warnings whatever they are."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. `counts` says how much of each kind was read; `skipped` why a file was not judged."""

    faults: tuple[Fault, ...]
    counts: Mapping[str, int]
    skipped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tree:
    """A repository as it lies on a disk: texts by path, all paths, directories that nobody looked into, and why files were left
    out. Paths are relative, with slashes. `documents` are what programs in the repository gave: evaluated mixins."""

    texts: Mapping[str, str]
    paths: frozenset[str]
    closed: frozenset[str] = frozenset()
    skipped: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()


def audit(tree: Tree, progress: Callable[[str], None] = lambda path: None) -> Audit:
    """Read and judge a whole repository. `progress` is told what is being read."""
    repository, reading = read_repository(tree.texts, tree.documents, tree.paths, tree.closed, progress)
    repository = replace(repository, catalogue=exporters())
    faults = [*reading.faults]
    for family in FAMILIES:
        progress(f"checks of {family.__name__.rpartition('.')[2]}")
        for check in family.CHECKS:
            faults += check(repository)
    return Audit(worst_first(faults), _counts(repository), {**tree.skipped, **reading.skipped})


def worst_first(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Each fault once: errors before warnings, then by how much they hurt, then as one reads."""
    ranks = {id: rank for rank, ids in enumerate(WORST_FIRST) for id in ids}
    return tuple(
        sorted(
            in_reading_order(faults),
            key=lambda fault: (fault.severity != "error", ranks.get(fault.id, len(WORST_FIRST)), fault.id),
        )
    )


def exporters() -> tuple[Metric, ...]:
    """What the catalogue's exporters export; what an application exports is for its own code to define."""
    kinds = (entry.kind for entry in catalogue().kinds.values())
    return tuple(metric for kind in kinds if not kind.application for metric in _series(kind))


def _series(kind: Kind) -> Iterator[Metric]:
    for name, metric in kind.metrics.items():
        if metric.kind and not metric.client:
            (low, high), (normal_low, normal_high) = metric.range, metric.normal
            yield Metric(
                name,
                metric.kind,
                tuple(metric.labels),
                metric.unit,
                buckets=tuple(metric.buckets),
                low=low,
                high=high,
                normal_low=normal_low,
                normal_high=normal_high,
                source=kind.kind,
            )


def _counts(repository: Repository) -> Mapping[str, int]:
    rules = sum(len(group.rules) for file in repository.rule_files for group in file.groups)
    queries = sum(len(dashboard.queries) for dashboard in repository.dashboards)
    return {
        "prometheus configurations": len(repository.prometheus),
        "alertmanager configurations": len(repository.alertings),
        "rule files": len(repository.rule_files),
        "rules": rules,
        "dashboards": len(repository.dashboards),
        "queries": queries,
        "compose files": len(repository.composes),
        "metric definitions": len(repository.metrics),
    }
