"""The Plan: the spec with every default applied and every name bound, for one environment and one engine. Out of resolve.py,
into compile/ and proof/. Nothing here can be wrong any more: compiling a Plan cannot fail. Expressions are PromQL text that
has been parsed and whose names are in the contract; durations are whole seconds; numbers people wrote are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Literal

from generators.fault import NOWHERE, Where, Written
from generators.ir.contract import Contract
from generators.ir.stack import EngineName
from generators.record import dataclass

Tier = Literal["critical", "standard", "best-effort"]
AlertSeverity = Literal["critical", "warning", "info"]
Signal = Literal["outage", "absence", "burn", "saturation", "degradation", "business", "heartbeat"]
Missing = Literal["quiet", "fire", "hold"]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]

Text = Mapping[str, str]
"""One text in several languages, by locale; every locale of the project is there."""


@dataclass(frozen=True, slots=True)
class Project:
    """Who this is for. `locales` begins with the project's own; the rest follow in every text people read."""

    name: str
    owner: str
    title: Text
    locale: str
    locales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A key operation of a service, as declared: `POST /orders`, or a gRPC method with method = "" ."""

    method: str
    route: str
    where: Where = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.route}".strip()


@dataclass(frozen=True, slots=True)
class Watched:
    """How the operations of a kind are watched: the two labels that name one, the counter of its calls, selectors of its errors (each is
    enough), its histogram of time; and the path of the application's own table of routes, "" where it has none."""

    by: tuple[str, str]
    rate: str
    errors: tuple[str, ...]
    latency: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Excluded:
    """An operation that need not be watched, and why."""

    operation: Operation
    because: str


@dataclass(frozen=True, slots=True)
class Service:
    """One thing that runs and is watched. Its series carry the target labels service, tier and owner.

    `application`: a program of the team's own, which owes its users objectives; `watched` says how its operations are seen. `flows` are
    what the trace of an operation must reach, where people said it; `spans` is what those who call it write into `db.system`.

    `targets` are the addresses scraped in this environment; `component` the part of the stack that exports for it ("" when the
    service exports itself); `telemetry` is the module that is written into it, "" for none; `dependents` are the services that
    need it, directly; `absent_because` says why this engine has no targets for it."""

    name: str
    kind: str
    title: Text
    tier: Tier
    owner: str
    depends_on: tuple[str, ...]
    dependents: tuple[str, ...]
    operations: tuple[Operation, ...]
    targets: tuple[str, ...]
    metrics_path: str
    component: str
    scrape_interval: int
    traced: bool
    exporter: str = ""
    absent_because: str = ""
    where: Where = NOWHERE
    telemetry: str = ""
    application: bool = False
    watched: Watched | None = None
    excluded: tuple[Excluded, ...] = ()
    flows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spans: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """The labels that identify the service on every series and alert."""
        return {"service": self.name, "tier": self.tier, "owner": self.owner}

    @property
    def target_labels(self) -> dict[str, str]:
        """The labels every series scraped for the service carries; `exporter` stands on those that an exporter speaks for."""
        return {**self.labels, "kind": self.kind} | ({"exporter": self.exporter} if self.exporter else {})


@dataclass(frozen=True, slots=True)
class RatioSli:
    """Events counted by counters: errors over total. Both are vector selectors of counters."""

    errors: str
    total: str


@dataclass(frozen=True, slots=True)
class LatencySli:
    """Requests slower than `bound` (in the histogram's unit, one of its buckets) over all requests. `histogram` is a selector
    over the metric's own name, without suffix."""

    histogram: str
    bound: Decimal


Sli = RatioSli | LatencySli


@dataclass(frozen=True, slots=True)
class Slo:
    """One objective. `id` is service-name; `objective` and `budget` are ratios and sum to one exactly."""

    id: str
    name: str
    service: Service
    title: Text
    objective: Decimal
    budget: Decimal
    window: int
    sli: Sli
    floor: Decimal
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Enough:
    """A guard against judging on too little: `increase(selector[over]) >= at_least`, summed by the labels that the condition and
    the counter share."""

    selector: str
    over: int
    at_least: Decimal
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An adaptive band: `expr` against its own mean and deviation over `history`, `deviations` wide and never narrower than
    `floor` (a share of the mean); silent until `warm_up` seconds of history exist."""

    expr: str
    deviations: Decimal
    floor: Decimal
    history: int
    warm_up: int


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs of a test that people wrote, where they cannot be derived: series notation -> promtool values, a sample each
    `every` seconds; looked at after `at` seconds."""

    series: Mapping[str, str]
    at: int
    every: int = 15


@dataclass(frozen=True, slots=True)
class RunbookWords:
    """What people wrote for the runbook of an alert."""

    meaning: Text
    impact: Text
    steps: tuple[tuple[str, Text], ...] = ()
    causes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `when` is the whole condition as written; where it is a comparison with a number, `value`, `op` and `bound`
    are its parts (bound None otherwise) and `unit` what the value is measured in.

    `services` are those it watches: one rule serves all, the target labels say which one it is. `window` is the longest range
    the condition looks back over. `description` may use {{ $value }} and {{ $labels.x }}. `worst` is a query whose first rows
    name the worst offenders in the description. `fires` and `quiet` are examples by hand. `written` is the condition with its place,
    `declared_unit` the unit where people said it themselves."""

    name: str
    signal: Signal
    severity: AlertSeverity
    when: str
    value: str
    op: Comparison | Literal[""]
    bound: Decimal | None
    unit: str
    window: int
    hold: int
    keep_firing: int
    missing: Missing
    services: tuple[Service, ...]
    summary: Text
    description: Text
    runbook: RunbookWords
    dashboard: str
    origin: str
    enough: Enough | None = None
    anomaly: Anomaly | None = None
    worst: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fires: Example | None = None
    quiet: Example | None = None
    slow_because: str = ""
    metrics: tuple[str, ...] = ()
    where: Where = NOWHERE
    written: Written | None = None
    declared_unit: str = ""

    @property
    def service(self) -> Service | None:
        """The one service it watches, or None when it watches several."""
        return self.services[0] if len(self.services) == 1 else None


@dataclass(frozen=True, slots=True)
class Derived:
    """A recording rule under a name people gave: `name = expr`."""

    name: str
    expr: str
    where: Where = NOWHERE
    written: Written | None = None
    unit: str = ""


ChannelKind = Literal["slack", "pagerduty", "email", "dingtalk", "webhook"]


@dataclass(frozen=True, slots=True)
class Channel:
    """Where people are told. Secrets are names of files; `settings` are the plain values (channel, to, from, smarthost, at)."""

    name: str
    kind: ChannelKind
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class NotifyRoute:
    """Alerts that match all of the given conditions (empty: any) go to `to`. `hours` "" means always."""

    severities: tuple[AlertSeverity, ...]
    tiers: tuple[Tier, ...]
    signals: tuple[Signal, ...]
    services: tuple[str, ...]
    owners: tuple[str, ...]
    to: tuple[str, ...]
    hours: str
    repeat: int
    where: Where = NOWHERE

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is told along this route, whatever the hour."""
        return (
            (not self.severities or labels.get("severity") in self.severities)
            and (not self.tiers or labels.get("tier") in self.tiers)
            and (not self.signals or labels.get("signal") in self.signals)
            and (not self.services or labels.get("service") in self.services)
            and (not self.owners or labels.get("owner") in self.owners)
        )


@dataclass(frozen=True, slots=True)
class Hours:
    """A named set of times of the week in a time zone; days like "monday:friday", times "HH:MM"."""

    name: str
    days: tuple[str, ...]
    start: str
    end: str
    zone: str
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work on services: on these days, between these times, they notify nobody."""

    name: str
    services: tuple[str, ...]
    days: tuple[str, ...]
    dates: tuple[str, ...]
    start: str
    end: str
    zone: str
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The outside receiver that must notice when we fall silent."""

    url_file: str
    every: int
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told, where and when. Every matching route tells (they are not exclusive). `inbox` is the address of the inbox
    ("host:port") where every channel ends in this environment, with the SMTP address beside; "" in production."""

    channels: tuple[Channel, ...]
    routes: tuple[NotifyRoute, ...]
    hours: tuple[Hours, ...]
    maintenance: tuple[Maintenance, ...]
    heartbeat: Heartbeat | None
    group_wait: int
    group_interval: int
    inbox_http: str = ""
    inbox_smtp: str = ""
    inbox_path: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A query of a panel, with its legend; `written` is `expr` with its place."""

    expr: str
    legend: str = ""
    exemplars: bool = False
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel that the catalogue or the spec asks for. `alert` names the alert whose bound is its threshold; `aspect` decides
    where it stands (rate, errors, duration, saturation, business, quality, users, models, detail)."""

    title: Text
    description: Text
    kind: str
    queries: tuple[PanelQuery, ...]
    unit: str
    aspect: str
    alert: str = ""
    dashboard: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    width: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class KindPanels:
    """The panels that every service of a kind brings along; their queries select the service by the variable $service.

    `dashboard` is the uid of the dashboard they stand on; kinds that share it share the dashboard."""

    kind: str
    title: Text
    panels: tuple[Panel, ...]
    dashboard: str = ""


@dataclass(frozen=True, slots=True)
class DashboardPlan:
    """A dashboard the spec adds: rows of panels of its own."""

    uid: str
    title: Text
    description: Text
    rows: tuple[tuple[Text, tuple[Panel, ...]], ...]
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class TracingPlan:
    """What Jaeger keeps. `share` is a ratio; `slower_than` seconds or None."""

    share: Decimal
    keep_errors: bool
    slower_than: Decimal | None
    operations: tuple[Operation, ...]
    retention: int
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class ComponentPlan:
    """What the spec and the catalogue say of one part of the stack. `image` is repository:tag; `ports` by name are
    (container port, host port). `binary` is the tool the local engine runs, "" where it cannot, and `absent_because` says why.
    `target` is what an exporter looks at (host:port), `serves` the service it exports for; `release` is what runs, by the name
    its version has under `stack.versions` (several components may run the same). `version` is "" for a program that the local
    engine runs at the release that the machine has."""

    name: str
    image: str
    version: str
    ports: Mapping[str, tuple[int, int]]
    cpus: str
    memory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    target: str = ""
    serves: str = ""
    binary: str = ""
    absent_because: str = ""
    release: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class StackPlan:
    """The stack's own numbers; times in seconds. A scrape is given up after `scrape_timeout`, or its own interval if that is shorter."""

    components: Mapping[str, ComponentPlan]
    scrape_interval: int
    scrape_timeout: int
    evaluation_interval: int
    retention: int
    retention_size: str

    def version(self, name: str) -> str:
        """The pinned release of a component."""
        return self.components[name].version


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """Where this is built for. `external_urls` by component name and "runbooks"."""

    name: str
    production: bool
    labels: Mapping[str, str]
    external_urls: Mapping[str, str]
    listen: str = "127.0.0.1"
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Goals:
    """What it must reach: seconds and ratios."""

    detect_within: int
    alert_precision: Decimal
    api_coverage: Decimal
    trace_coverage: Decimal
    business_coverage: Decimal
    monitoring_coverage: Decimal = Decimal("0.95")
    dashboard_coverage: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class MixinPlan:
    """A community mixin after evaluation: groups of alerts and rules as JSON values, and dashboards' models by uid."""

    path: str
    alerts: Mapping[str, object]
    rules: Mapping[str, object]
    dashboards: Mapping[str, object]
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it."""

    project: Project
    environment: EnvironmentPlan
    engine: EngineName
    contract: Contract
    services: tuple[Service, ...]
    slos: tuple[Slo, ...]
    alerts: tuple[Alert, ...]
    derived: tuple[Derived, ...]
    notify: Notify
    kind_panels: tuple[KindPanels, ...]
    dashboards: tuple[DashboardPlan, ...]
    tracing: TracingPlan | None
    stack: StackPlan
    goals: Goals
    mixins: tuple[MixinPlan, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    def address(self, component: str, port: str = "http") -> str:
        """host:port at which the other parts of the stack reach a component under this plan's engine.

        Raises KeyError for a component or port that the stack does not have; resolve has checked every name people wrote."""
        container, host = self.stack.components[component].ports[port]
        return f"{component}:{container}" if self.engine == "compose" else f"127.0.0.1:{host}"

    def service(self, name: str) -> Service:
        """The service of that name."""
        return next(service for service in self.services if service.name == name)
