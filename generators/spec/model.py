"""The spec as types: what people may write, and nothing about what it means. Frozen pydantic models; unknown keys are
refused. The same models describe the catalogue's files and, through `schema`, the JSON Schema that editors read.

Annotations are no strings here, unlike elsewhere: pydantic would compile and evaluate each of them."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from generators.spec.scalars import Bounds, Cpus, Duration, Length, Memory, Name, Number, Port, Ratio, Seconds, Size, Text

Tier = Literal["critical", "standard", "best-effort"]
Severity = Literal["critical", "warning", "info"]
Signal = Literal["outage", "absence", "burn", "saturation", "degradation", "business", "heartbeat"]
Aspect = Literal["rate", "errors", "duration", "saturation", "business", "quality", "users", "models", "detail"]
PanelKind = Literal["timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "statetimeline"]


class Model(BaseModel):
    """The base of every part: frozen, closed. A part's validator is made within that of the whole it stands in, not twice; those
    that specs and catalogue share are made at once, so that both use them."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=False, defer_build=True)


class Project(Model):
    """Who this is for; `locale` is the language of runbooks and comes first in every text."""

    name: Name
    owner: Name
    title: Text = {}
    locale: str = "en"
    locales: list[str] = []


class Appears(Model):
    """When a metric has series at all, where it is not always: only under a fault, after a longer history, where containers run, in another
    environment. `labels` narrows it to what is selected by exactly these values of labels (`{status: 5..}`)."""

    model_config = ConfigDict(defer_build=False)  # in specs and in kinds

    only: Literal["fault", "history", "containers", "environment"]
    because: str = Field(min_length=1)
    labels: dict[str, str] = {}


class Metric(Model):
    """A metric of the contract: exported (`kind`), or computed by a recording rule under this name (`derived`).

    `from` names the services that export it; in a catalogue file, `client` says that those export it that depend on the kind.
    `workers` says how the values of a gauge in several processes of one service are joined. `appears` says what a running
    stack cannot be expected to show."""

    model_config = ConfigDict(defer_build=False)  # in specs and in kinds

    kind: Literal["counter", "gauge", "histogram", "native-histogram", "summary", "info"] | None = None
    derived: str | None = None
    labels: list[str] = []
    values: dict[str, list[str]] = {}
    help: Text | None = None
    unit: str = ""
    buckets: list[Number] = []
    range: Bounds = (None, None)
    normal: Bounds = (None, None)
    exported_by: list[str] = Field(default=[], alias="from")
    client: bool = False
    workers: Literal["sum", "max", "min", "latest"] | None = None
    appears: list[Appears] = []


class Sli(Model):
    """What counts as good: errors of a total, or requests of a histogram faster than a bucket bound."""

    errors: str | None = None
    total: str | None = None
    histogram: str | None = None
    faster_than: Seconds | None = None


class Slo(Model):
    """An objective over a window. `floor` is the number of events below which a window is not judged."""

    objective: Ratio
    over: Length = 30 * 86400
    sli: Sli
    title: Text | None = None
    floor: Number = Decimal(10)


class Service(Model):
    """One thing that runs: of a kind that the catalogue knows. `telemetry` is the Python module that is written into the application: what
    it exports, with types. `excluded` are operations that need not be watched, with the reason; `flows`
    says of an operation which services its trace must reach, where that is not its database."""

    kind: str
    title: Text | None = None
    tier: Tier = "standard"
    owner: Name | None = None
    depends_on: list[str] = []
    operations: list[str] = []
    excluded: dict[str, str] = {}
    flows: dict[str, list[str]] = {}
    slos: dict[str, Slo] = {}
    metrics_path: str = "/metrics"
    scrape_interval: Length | None = None
    traced: bool | None = None
    telemetry: str | None = None


class Enough(Model):
    """Judge only when this counter has risen by `at_least` over `over`."""

    increase: str
    over: Length
    at_least: Number


class Anomaly(Model):
    """An adaptive band around a metric's own past."""

    of: str
    method: Literal["adaptive"] = "adaptive"
    deviations: Number = Decimal(4)
    floor: Ratio = Decimal("0.2")
    history: Length = 86400
    warm_up: Duration = 4 * 3600


class Example(Model):
    """Input series of a test in promtool's notation, and when to look."""

    series: dict[str, str]
    at: Length
    every: Length = 15


class Examples(Model):
    """One example in which the alert fires, one in which it stays quiet."""

    fires: Example
    quiet: Example


class Step(Model):
    """A query to run at 3 a.m., and what its answer means."""

    query: str
    meaning: Text


class Runbook(Model):
    """What the runbook says beyond what the compiler knows."""

    meaning: Text
    impact: Text
    steps: list[Step] = []
    causes: list[Text] = []


class Alert(Model):
    """One alert: a PromQL condition, or an anomaly of a metric."""

    model_config = ConfigDict(defer_build=False)  # in specs and in kinds

    signal: Signal
    when: str | None = None
    anomaly: Anomaly | None = None
    enough: Enough | None = None
    hold: Duration = Field(default=0, alias="for")
    keep_firing_for: Duration = 0
    missing: Literal["quiet", "fire", "hold"] = "quiet"
    severity: Severity
    service: str | None = None
    unit: str | None = None
    summary: Text
    description: Text | None = None
    worst: str | None = None
    dashboard: str | None = None
    example: Examples | None = None
    slow_because: str | None = None
    runbook: Runbook


class Tune(Model):
    """A change to an alert that a catalogue brings along: other numbers, or `off` with the reason."""

    bound: Number | None = None
    hold: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    severity: Severity | None = None
    off: str | None = None


class SlackChannel(Model):
    """A Slack channel, through an incoming webhook whose URL stands in a secret file."""

    channel: str
    url_file: str


class PagerDutyChannel(Model):
    """A PagerDuty service; its routing key stands in a secret file."""

    routing_key_file: str


class EmailChannel(Model):
    """An e-mail address; with a user name the password stands in a secret file."""

    to: str
    sender: str | None = Field(default=None, alias="from")
    smarthost: str | None = None
    username: str | None = None
    password_file: str | None = None


class DingTalkChannel(Model):
    """A DingTalk group robot, reached over the bridge; its webhook and signing secret stand in secret files."""

    webhook_file: str
    secret_file: str | None = None
    at: str | None = None


class WebhookChannel(Model):
    """Any receiver of Alertmanager's webhook; its URL stands in a secret file."""

    url_file: str


class Channel(Model):
    """One way to tell people: exactly one of the kinds."""

    slack: SlackChannel | None = None
    pagerduty: PagerDutyChannel | None = None
    email: EmailChannel | None = None
    dingtalk: DingTalkChannel | None = None
    webhook: WebhookChannel | None = None


class Route(Model):
    """Alerts that meet every condition given are told to `to`; several routes may take one alert."""

    severity: Severity | list[Severity] = []
    tier: Tier | list[Tier] = []
    signal: Signal | list[Signal] = []
    service: str | list[str] = []
    owner: str | list[str] = []
    to: list[str] = Field(min_length=1)
    hours: str | None = None
    repeat: Length | None = None


class Hours(Model):
    """Times of the week: days like mon-fri, from and to like 09:00, in a time zone."""

    days: str
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    zone: str = "UTC"


class Maintenance(Model):
    """Planned work: on these days of the week, or from one date to another, these services notify nobody."""

    services: list[str] = Field(min_length=1)
    days: str | None = None
    dates: list[str] = []
    start: str = Field(default="00:00", alias="from")
    end: str = Field(default="24:00", alias="to")
    zone: str = "UTC"


class Heartbeat(Model):
    """Somebody outside who must notice when we fall silent."""

    url_file: str
    every: Length = 60


class Notify(Model):
    """Who is told, where, when."""

    channels: dict[Name, Channel]
    routes: list[Route] = Field(min_length=1)
    hours: dict[Name, Hours] = {}
    maintenance: dict[Name, Maintenance] = {}
    heartbeat: Heartbeat | None = None
    group_wait: Duration | None = None
    group_interval: Length = 300


class PanelQuery(Model):
    """One query of a panel."""

    query: str
    legend: str = ""
    exemplars: bool = False


class Panel(Model):
    """One panel: `query` (or `queries`), how it is drawn, and the alert whose bound is its threshold. `engine`: drawn only where that one
    runs the stack, for under the other nothing exports what it asks for."""

    model_config = ConfigDict(defer_build=False)  # in specs and in kinds

    title: Text
    description: Text
    kind: PanelKind = "timeseries"
    query: str | None = None
    legend: str = ""
    queries: list[PanelQuery] = []
    unit: str = "short"
    aspect: Aspect = "detail"
    alert: str = ""
    range: Bounds = (None, None)
    width: int = Field(default=0, ge=0, le=24)
    columns: dict[str, Text] = {}
    exemplars: bool = False
    engine: Literal["compose", "local"] | None = None


class DashboardRow(Model):
    """A titled row of panels."""

    title: Text
    panels: list[Panel]


class Dashboard(Model):
    """A dashboard the spec adds to the core ones."""

    title: Text
    description: Text
    rows: list[DashboardRow]


class Keep(Model):
    """Which traces are stored: a share of all, and always errors, slow ones ("slower than 2s") and key operations."""

    share: Ratio = Decimal("0.1")
    always: list[str] = ["errors"]


class Tracing(Model):
    """What Jaeger keeps, and for how long."""

    keep: Keep = Keep()
    retention: Length = 72 * 3600


class Resources(Model):
    """What a component may use at most."""

    cpus: Cpus
    memory: Memory


class Stack(Model):
    """Releases, ports, intervals, retention and resources of what we run."""

    versions: dict[str, str]
    images: dict[str, str] = {}
    ports: dict[str, Port] = {}
    scrape_interval: Length = 15
    scrape_timeout: Length | None = None
    evaluation_interval: Length = 15
    retention: Length = 35 * 86400
    retention_size: Size = "20GB"
    resources: dict[str, Resources] = {}


class Environment(Model):
    """What differs in one place: never rules. `notify: inbox` sends every channel to the inbox."""

    targets: dict[str, str | list[str]] = {}
    notify: Literal["channels", "inbox"] = "inbox"
    production: bool = False
    external_urls: dict[str, str] = {}
    labels: dict[str, str] = {}
    retention: Length | None = None
    port_offset: int = Field(default=0, ge=0, le=40000)
    listen: str = "127.0.0.1"


class Targets(Model):
    """What the monitoring must reach, and what it may cost: `series_per_metric` is the budget of series of one metric for each target. What
    each coverage counts is in docs/guides/coverage.md."""

    detect_within: Length = 60
    alert_precision: Ratio = Decimal("0.95")
    api_coverage: Ratio = Decimal("0.95")
    trace_coverage: Ratio = Decimal("0.9")
    business_coverage: Ratio = Decimal("0.8")
    monitoring_coverage: Ratio = Decimal("0.95")
    dashboard_coverage: Ratio = Decimal(1)
    series_per_metric: int | None = Field(default=None, ge=1)


class Spec(Model):
    """The whole spec, includes merged."""

    include: list[str] = []
    project: Project
    metrics: dict[str, Metric] = {}
    services: dict[Name, Service]
    alerts: dict[str, Alert] = {}
    tune: dict[str, Tune] = {}
    notify: Notify
    dashboards: dict[Name, Dashboard] = {}
    panels: list[Panel] = []
    tracing: Tracing | None = None
    stack: Stack
    environments: dict[Name, Environment]
    targets: Targets = Targets()
    mixins: list[str] = []


class Part(Model):
    """A part of the stack: its image (`{version}` is stack.versions' entry of `release`), its ports, what it may use, and the
    tool that runs it without containers, or why none can; `packaged` is a tool that the machine's distribution has, and runs at the
    release that the machine has. `secrets` maps an environment variable to the secret file it names."""

    image: str
    release: str
    ports: dict[str, Port]
    arguments: list[str] = []
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}
    cpus: Cpus = "0.25"
    memory: Memory = "128m"
    binary: str = ""
    packaged: str = ""
    absent_because: str = ""


class Exporter(Part):
    """The part of the stack that exports for a kind, under the name `component`; `{target}` in its environment and arguments is
    the address of what it looks at."""

    component: str


class Parts(Model):
    """The catalogue's table of the stack's own parts."""

    parts: dict[str, Part]


class Watched(Model):
    """How the operations of a kind are watched: the two labels that name one, the counter of its calls, selectors of its errors (each is
    enough), its histogram of time, and the path of the application's own table of routes (OpenAPI), "" where it has none."""

    by: list[str] = Field(min_length=2, max_length=2)
    rate: str
    errors: list[str] = Field(min_length=1)
    latency: str
    table: str = ""


class Kind(Model):
    """One file of the catalogue: what every service of the kind needs. `release` names the exporter's release it holds for; `spans` is
    what the spans of those who call it say of it (`db.system`)."""

    kind: str
    title: Text
    release: str
    exporter: Exporter | None = None
    component: str | None = None
    metrics_ports: list[str] = ["http"]
    dashboard: str = ""
    application: bool = False
    traced: bool = False
    watched: Watched | None = None
    spans: list[str] = []
    metrics: dict[str, Metric] = {}
    alerts: dict[str, Alert] = {}
    panels: list[Panel] = []


def schema() -> dict[str, Any]:
    """The JSON Schema of the spec, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Touchline spec", **Spec.model_json_schema()}
