"""Metrics that an application's code defines. In: a repository. Out: faults of metrics that never change or are only ever one
constant, of modules that nothing imports or that do not parse, and of rules and dashboards that name a metric or a label which
nothing in the repository defines. A metric that may come from elsewhere is unknown, and no fault."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator

from generators.checks.container_paths import services
from generators.checks.expressions_found import EXAMPLE, Asked, asked
from generators.checks.known_images import LISTENS, OWN_PREFIXES, repository_of
from generators.fault import Fault
from generators.ir.contract import Metric
from generators.ir.found import FoundMetric, Repository
from generators.ir.rules import RecordingRule
from generators.promql import selectors
from generators.promql.walk import metric_of

Check = Callable[[Repository], Iterable[Fault]]

OF_EVERY_SCRAPE = frozenset({"job", "instance", "__name__", "le", "quantile"})
_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "_info")


def unchanged(repository: Repository) -> Iterator[Fault]:
    """Every metric changes."""
    unused = {module.path for module in repository.modules if not module.imported}
    for found in repository.metrics:
        if found.module in unused:
            continue
        metric = found.metric
        if found.use == "never":
            what = f"the {metric.kind} '{metric.name}' is defined and never changed"
            yield Fault("metric-unchanged", metric.where, what, "Change it where what it counts happens, or take it out.")
        elif found.use == "constant" and not _says_that_it_is(found):
            what = f"the {metric.kind} '{metric.name}' is only ever set to {found.constant}"
            yield Fault("metric-constant", metric.where, what, "Set it to what is measured, or take it out.")


def _says_that_it_is(found: FoundMetric) -> bool:
    """Whether a constant is meant: an info metric, whose labels are what it says."""
    return found.constant in ("1", "1.0") and (bool(found.metric.labels) or found.metric.name.endswith("_info"))


def modules(repository: Repository) -> Iterator[Fault]:
    """Every module that defines metrics is read by Python, and by the program."""
    for module in repository.modules:
        if module.broken:
            what = f"the module does not parse ({module.broken}): its metrics do not exist"
            yield Fault("module-broken", module.where, what, "Mend the syntax.")
        elif not module.imported:
            what = f"nothing imports {module.path}: the {module.metrics} metrics that it defines do not exist"
            yield Fault("module-unused", module.where, what, "Import it where the program starts, or take it out.")


def unknown(repository: Repository) -> Iterator[Fault]:
    """Every metric and label that is asked for is defined, where the repository defines metrics."""
    if not repository.metrics:
        return
    known = _Known(repository)
    told: set[tuple[str, str, str]] = set()
    for one in asked(repository):
        for selector in selectors(one.tree):
            name = metric_of(selector)
            if not name:
                continue
            metric = known.series.get(name)
            if metric is None:
                if known.must_be_ours(name) and (one.where.file, name, "") not in told:
                    told.add((one.where.file, name, ""))
                    yield _no_metric(one, name, known, selector.span.start)
                continue
            for matcher in selector.matchers:
                if known.lacks(metric, name, matcher.name) and (one.where.file, name, matcher.name) not in told:
                    told.add((one.where.file, name, matcher.name))
                    what = f"{one.who} selects {name} by the label '{matcher.name}', which {metric.where} does not define"
                    labels = ", ".join(metric.labels) or "none"
                    yield Fault("label-unknown", one.at(matcher.span.start), what, f"It has: {labels}.")


def _no_metric(one: Asked, name: str, known: _Known, offset: int) -> Fault:
    near = difflib.get_close_matches(name, known.series, 1, 0.75)
    hint = f"Did you mean '{near[0]}', defined at {known.series[near[0]].where}?" if near else "Define it, or mend the name."
    what = f"{one.who} asks for the metric '{name}', which nothing in the repository defines"
    return Fault("metric-unknown", one.at(offset), what, hint)


class _Known:
    """What the repository defines: series of its Python code, recordings, words of its other sources."""

    def __init__(self, repository: Repository) -> None:
        rules = (rule for file in repository.rule_files for group in file.groups for rule in group.rules)
        self.recorded = frozenset(rule.record for rule in rules if isinstance(rule, RecordingRule))
        self.found = {found.metric.name: found for found in repository.metrics}
        self.series: dict[str, Metric] = {}
        for found in repository.metrics:
            for name in (*found.metric.series_names(), f"{found.metric.name.removesuffix('_total')}_created"):
                self.series.setdefault(name, found.metric)
        self._mentioned = repository.mentioned.union(*(metric.series_names() for metric in repository.catalogue))
        self._begins = tuple(word for word in self._mentioned if word.endswith("_") and word.count("_") > 1)
        self._closed = _all_targets_known(repository)
        self._brought = _brought(repository)
        self._spaces = {name.partition("_")[0] for name in self.found if "_" in name}

    def must_be_ours(self, name: str) -> bool:
        """Whether a metric that no code here defines should be one of the application's."""
        if name in self.recorded or ":" in name or name in self._mentioned or name.startswith(OWN_PREFIXES) or name == EXAMPLE:
            return False
        if name.startswith(self._begins) or any(part in self._mentioned for part in _parts(name)):
            return False
        return (
            self._closed or name.partition("_")[0] in self._spaces or bool(difflib.get_close_matches(name, self.series, 1, 0.85))
        )

    def lacks(self, metric: Metric, series: str, label: str) -> bool:
        """Whether a series surely does not have a label."""
        found = self.found.get(metric.name)
        if self._brought is None or found is None or not found.labels_known or label in OF_EVERY_SCRAPE | self._brought:
            return False
        return label not in metric.labels


def _parts(name: str) -> Iterator[str]:
    """What code may call a metric: without its suffix, and without the namespace that a registry puts before it."""
    for stem in {name, *(name.removesuffix(suffix) for suffix in _SUFFIXES)}:
        words = stem.split("_")
        yield from ("_".join(words[index:]) for index in range(len(words) - 1))


def _brought(repository: Repository) -> frozenset[str] | None:
    """The labels that scrapes add; None where they can be any, or where nobody says how it is scraped."""
    brought: set[str] = set()
    for prometheus in repository.prometheus:
        brought |= prometheus.external_labels
        for job in prometheus.jobs:
            if job.labels is None:
                return None
            brought |= job.labels
    return frozenset(brought) if repository.prometheus else None


def _all_targets_known(repository: Repository) -> bool:
    """Whether every scrape target is a service that is built here or an image whose metrics are known: then nothing else can bring
    a metric."""
    targets = [target.text for one in repository.prometheus for job in one.jobs for target in job.targets]
    discovers = any(not job.targets for one in repository.prometheus for job in one.jobs)
    if not targets or discovers:
        return False
    sure = {
        name
        for service in services(repository)
        for name in service.names
        if service.builds or (service.image and repository_of(service.image.text) in LISTENS)
    }
    return all(target.partition(":")[0] in sure | {"localhost"} for target in targets)


CHECKS: tuple[Check, ...] = (unchanged, modules, unknown)
"""Each from a repository to faults."""
