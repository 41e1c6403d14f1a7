"""What was found in somebody's repository, as its tools understand it: scrape jobs, services, dashboards, metric definitions. Out
of the readers, into the checks. What our own IR can say (rules, routes, metrics) is said in its types; here stands only what it
has no word for, since a foreign file holds less, or something else, than what we compile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from generators.fault import NOWHERE, Where, Written
from generators.ir.alerting import Alerting
from generators.ir.contract import Metric
from generators.ir.rules import RuleFile
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One scalar of a configuration: `key` as written (an environment variable's name, a field), `place` the whole path."""

    key: str
    value: Written
    kind: Literal["prometheus", "alertmanager", "compose", "grafana"]


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A scrape job. `targets` are its static addresses, after a relabelling that replaces them all; `labels` those that its
    targets bring, None where they can be any (service discovery, relabelling); `interval` in seconds, 0 for the global one."""

    name: str
    targets: tuple[Written, ...] = ()
    labels: frozenset[str] | None = frozenset()
    interval: int = 0
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundPrometheus:
    """A Prometheus configuration. `alertmanagers` are static addresses; `tells` whether alerts are sent anywhere at all; `interval`
    is that of scrapes, in seconds."""

    path: str
    jobs: tuple[FoundJob, ...]
    rule_files: tuple[Written, ...]
    alertmanagers: tuple[Written, ...]
    tells: bool
    external_labels: frozenset[str] = frozenset()
    interval: int = 60
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundAlerting:
    """An Alertmanager configuration: our own type, and its template globs."""

    path: str
    alerting: Alerting
    templates: tuple[Written, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundMount:
    """What a service sees at `target`. `path` is the source in the repository, None where it cannot be told (a named volume, a
    variable, a path of the host); `volume` where it is a named volume."""

    source: Written
    target: str
    path: str | None
    read_only: bool = False
    volume: bool = False


@dataclass(frozen=True, slots=True)
class FoundService:
    """One service of a compose file. `ports` are (host, container), 0 for a host port left to Docker; `names` all under which
    others reach it, `hosts` the names it has been given for others (extra_hosts)."""

    name: str
    names: frozenset[str]
    hosts: frozenset[str] = frozenset()
    image: Written | None = None
    builds: bool = False
    ports: tuple[tuple[int, int], ...] = ()
    expose: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[FoundMount, ...] = ()
    networks: frozenset[str] = frozenset({"default"})
    network_mode: str = ""
    needs: tuple[Written, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundCompose:
    """A compose file. `complete` is false where it includes or extends files that may define more."""

    path: str
    services: tuple[FoundService, ...]
    volumes: frozenset[str] = frozenset()
    complete: bool = True
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class DatasourceRef:
    """What a panel says of its datasource: a uid or a name (older dashboards), and a type where it says one."""

    name: str
    type: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundQuery:
    """One query of a dashboard, who asks it and whom."""

    expr: Written
    who: str
    source: DatasourceRef
    legend: str = ""


@dataclass(frozen=True, slots=True)
class FoundDashboard:
    """A dashboard. `variables` have an example value each; `choosers` are variables that choose a datasource, by its type;
    `inputs` what Grafana asks for on import."""

    path: str
    title: str
    queries: tuple[FoundQuery, ...] = ()
    sources: tuple[DatasourceRef, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    choosers: Mapping[str, str] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundDatasource:
    """A provisioned datasource; `url` is asked by Grafana itself unless the browser does."""

    name: str
    uid: str
    type: str
    url: Written
    by_browser: bool = False
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class FoundProvider:
    """Where Grafana looks for dashboards: a path in its container."""

    file: str
    path: Written


Use = Literal["changed", "constant", "never", "unclear"]


@dataclass(frozen=True, slots=True)
class FoundMetric:
    """A metric that Python code defines. `use`: how its value changes as far as the code tells; `constant` is the one value it
    is ever given; `labels_known` is false where its labels are computed."""

    metric: Metric
    module: str
    variable: str = ""
    use: Use = "unclear"
    constant: str = ""
    labels_known: bool = True


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A Python file that defines metrics, or would if it could be read. `broken` says why it does not parse."""

    path: str
    metrics: int = 0
    imported: bool = True
    broken: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Repository:
    """Everything found. `paths` are the files and directories that exist; below `closed` nobody looked. `ignored` are patterns
    of files that people make themselves. `names` are hosts that other files define (Kubernetes services). `mentioned` are the
    metric names that source files in any language hold as text, `catalogue` what is known of exporters' metrics."""

    paths: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    prometheus: tuple[FoundPrometheus, ...] = ()
    rule_files: tuple[RuleFile, ...] = ()
    alertings: tuple[FoundAlerting, ...] = ()
    composes: tuple[FoundCompose, ...] = ()
    dashboards: tuple[FoundDashboard, ...] = ()
    datasources: tuple[FoundDatasource, ...] = ()
    providers: tuple[FoundProvider, ...] = ()
    metrics: tuple[FoundMetric, ...] = ()
    modules: tuple[FoundModule, ...] = ()
    settings: tuple[Setting, ...] = ()
    names: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    catalogue: tuple[Metric, ...] = ()
