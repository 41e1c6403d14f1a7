"""Datasources that dashboards name. In: a repository. Out: faults of those that no provisioning file has, where there is one, and of
place-holders that only an import by hand would fill. Grafana finds a datasource by its uid or its name."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from generators.checks.container_paths import mounted
from generators.fault import Fault
from generators.ir.found import DatasourceRef, FoundDashboard, Repository

Check = Callable[[Repository], Iterable[Fault]]

_BUILT_IN = frozenset({"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "default", "__expr__", "-100", ""})
_VARIABLE = re.compile(r"^(?:\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\])$")


def made_uid(name: str) -> str:
    """The uid that Grafana gives a provisioned datasource that has none (safeUIDFromName in pkg/services/provisioning)."""
    return "P" + hashlib.sha256(name.encode()).hexdigest()[:16].upper()


def datasources(repository: Repository) -> Iterator[Fault]:
    """Every datasource that a dashboard names is provisioned, where any is."""
    if not repository.datasources:
        return
    known = {each.name for each in repository.datasources} | {each.uid or made_uid(each.name) for each in repository.datasources}
    for dashboard in repository.dashboards:
        provisioned = _is_provisioned(repository, dashboard)
        told: set[str] = set()
        for source in dashboard.sources:
            if source.name in told or source.name in known or source.name in _BUILT_IN:
                continue
            told.add(source.name)
            yield from _unknown(dashboard, source, provisioned, known)


def _unknown(dashboard: FoundDashboard, source: DatasourceRef, provisioned: bool, known: set[str]) -> Iterator[Fault]:
    variable = _VARIABLE.match(source.name)
    name = (variable[1] or variable[2] or variable[3]) if variable else ""
    there = f"Provisioned are: {', '.join(sorted(known))}."
    if name in dashboard.inputs or (name.startswith("DS_") and name not in dashboard.variables):
        if provisioned:
            what = f"'{dashboard.title}' asks the datasource {source.name}, which Grafana fills in on an import by hand alone"
            yield Fault("datasource-input", source.where, what, f"It is provisioned from a file: name a datasource. {there}")
    elif variable and name not in dashboard.variables:
        what = f"'{dashboard.title}' asks the datasource {source.name}, a variable that it does not have"
        yield Fault("datasource-unknown", source.where, what, "Add the variable, or name a datasource.")
    elif not variable:
        what = f"'{dashboard.title}' asks the datasource '{source.name}', which is not provisioned"
        yield Fault("datasource-unknown", source.where, what, there, "error" if provisioned else "warning")


def _is_provisioned(repository: Repository, dashboard: FoundDashboard) -> bool:
    """Whether a Grafana of a compose file reads the dashboard from a file."""
    folders = [posixpath.normpath(each.path.text) for each in repository.providers]
    seen_at = [path for _, path in mounted(repository, dashboard.path)]
    return any(path.startswith(f"{folder}/") for path in seen_at for folder in folders)


CHECKS: tuple[Check, ...] = (datasources,)
"""Each from a repository to faults."""
