"""A small compilation made by hand, for tests of what happens after compiling: Prometheus, Alertmanager, Jaeger and the inbox with
three rules, two receivers and one dashboard. Its files come from the real emitters, Jaeger's from here."""

from __future__ import annotations

from decimal import Decimal

from generators.compile.stack import compile_stack
from generators.emit import alertmanager, prometheus, rules, supervisord
from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    InhibitRule,
    Matcher,
    Receiver,
    Route,
    SlackIntegration,
    TimeInterval,
    WebhookIntegration,
)
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract, Metric
from generators.ir.dashboards import Dashboard, Grafana, Panel, Query, Row, Threshold
from generators.ir.rules import AlertingRule, RecordingRule, RuleFile, RuleGroup
from generators.ir.scrape import Prometheus, ScrapeJob, Target
from generators.ir.stack import Stack
from generators.ir.tracing import Tracing
from tests.stack.plans import plan_of

NAMES = frozenset({"prometheus", "alertmanager", "jaeger", "inbox"})
QUICK = frozenset({"prometheus", "alertmanager"})

JAEGER = """\
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces: {{receivers: [otlp], processors: [tail_sampling], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}}}
extensions:
  healthcheckv2: {{use_v2: true, http: {{endpoint: '127.0.0.1:{health}', status: {{enabled: true, path: /status}}}}}}
  jaeger_storage: {{backends: {{main: {{memory: {{max_traces: 1000}}}}}}}}
  jaeger_query: {{storage: {{traces: main}}, http: {{endpoint: '127.0.0.1:{query}'}}, grpc: {{endpoint: '127.0.0.1:{query-grpc}'}}}}
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{otlp-grpc}'}}, http: {{endpoint: '127.0.0.1:{otlp-http}'}}}}}}
processors:
  tail_sampling:
    decision_wait: 1s
    policies:
      - {{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}
      - {{name: slow, type: latency, latency: {{threshold_ms: 2000}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: main}}
"""


def stack_of(names: frozenset[str]) -> Stack:
    """The stack of these components for the local engine, on free ports."""
    return compile_stack(plan_of("local", names))


def compiled(stack: Stack) -> Compiled:
    """The whole, for a stack."""
    ports = {c.name: {p.name: p.host_port for p in c.ports} for c in stack.components}
    inbox = f"http://127.0.0.1:{ports['inbox']['http']}" if "inbox" in ports else "http://127.0.0.1:9"
    mail = f"127.0.0.1:{ports['inbox']['smtp']}" if "inbox" in ports else "127.0.0.1:9"
    names = {c.name for c in stack.components}
    seconds = Metric("request_seconds", "histogram", ("endpoint",), "seconds", buckets=(Decimal(2),), source="api")
    return Compiled(
        project="sample",
        environment="test",
        engine="local",
        contract=Contract.of([seconds, Metric("up", "gauge", ("job",), "", source="prometheus")]),
        prometheus=Prometheus(
            scrape_interval=1,
            scrape_timeout=1,
            evaluation_interval=1,
            external_labels={"cluster": "test"},
            rule_files=("rules/*.yml",),
            jobs=(
                ScrapeJob("prometheus", (Target((f"127.0.0.1:{ports['prometheus']['http']}",), {"service": "prometheus"}),)),
                ScrapeJob(
                    "api", (Target(("127.0.0.1:9",), {"service": "api", "tier": "critical"}),), interval=2, sample_limit=5000
                ),
            ),
            alertmanagers=(f"127.0.0.1:{ports['alertmanager']['http']}",),
        ),
        rule_files=(_rules(),),
        alerting=_alerting(inbox, mail),
        grafana=Grafana((_dashboard(),), (), (), "Sample", "sample"),
        tracing=_tracing(ports["jaeger"]) if "jaeger" in names else None,
        stack=stack,
        runbooks=(),
    )


def files(whole: Compiled) -> dict[str, str]:
    """The files of a compilation."""
    found = {
        **prometheus.emit(whole.prometheus),
        **rules.emit(whole.rule_files),
        **alertmanager.emit(whole.alerting),
        **supervisord.emit(whole.stack),
    }
    for component in whole.stack.components:
        if component.name == "jaeger":
            found["jaeger/config.yaml"] = JAEGER.format(**{p.name: p.host_port for p in component.ports})
    return found


def _rules() -> RuleFile:
    p95 = "histogram_quantile(0.95, sum by (endpoint, le) (rate(request_seconds_bucket[5m]))) > 2"
    annotations = {"summary": "slow: {{ $labels.endpoint }}", "description": "{{ $value | humanizeDuration }}"}
    alerts = (
        RecordingRule("job:up:sum", 'sum by (job) (up{job!=""})', {"kind": "sum"}),
        AlertingRule("HighLatency", p95, 120, 60, {"severity": "critical", "service": "api"}, annotations),
        AlertingRule("TargetDown", "up == 0", 30, 0, {"severity": "warning"}, {"summary": "down"}),
    )
    return RuleFile("api", "API", (RuleGroup("api", 5, alerts), RuleGroup("self", 2, (RecordingRule("one", "vector(1)"),))))


def _alerting(inbox: str, mail: str) -> Alerting:
    critical = Route("oncall", (Matcher("severity", "=", "critical"),), group_wait=1, repeat_interval=3600, proceed=True)
    warning = Route("mail", (Matcher("severity", "=~", "warning|critical"),), ("alertname", "service"), group_wait=1)
    night = Route("night", (Matcher("severity", "=", "info"),), active_time_intervals=("never",), group_wait=1)
    return Alerting(
        route=Route("oncall", (), ("alertname",), 2, 60, 7200, routes=(critical, warning, night)),
        receivers=(
            Receiver("oncall", (SlackIntegration("#ops", url=f"{inbox}/slack/oncall"),)),
            Receiver("mail", (EmailIntegration("ops@example.com", "touchline@example.com", mail, require_tls=False),)),
            Receiver("night", (WebhookIntegration(url=f"{inbox}/webhook/night"),)),
        ),
        inhibit_rules=(
            InhibitRule(
                "down", (Matcher("alertname", "=", "TargetDown"),), (Matcher("severity", "=", "critical"),), ("service",)
            ),
        ),
        # The 29th of February of a year that is no leap year.
        time_intervals=(TimeInterval("never", days_of_month=("29",), months=("2",), years=("2001",)),),
        template_dir="templates",
    )


def _dashboard() -> Dashboard:
    query = Query("sum(rate(request_seconds_count[5m]))", "requests")
    panel = Panel("Requests", "timeseries", (query,), thresholds=(Threshold(None, "green"), Threshold(Decimal(2), "red")))
    return Dashboard("sample", "Sample", "", (Row("All", (panel,)),))


def _tracing(ports: dict[str, int]) -> Tracing:
    return Tracing(
        otlp_grpc=f"127.0.0.1:{ports['otlp-grpc']}",
        otlp_http=f"127.0.0.1:{ports['otlp-http']}",
        query_http=f"127.0.0.1:{ports['query']}",
        query_grpc=f"127.0.0.1:{ports['query-grpc']}",
        span_metrics=f"127.0.0.1:{ports['spans']}",
        telemetry_host="127.0.0.1",
        telemetry_port=ports["http"],
        health=f"127.0.0.1:{ports['health']}",
        prometheus_url="",
        storage_dir="",
        retention=3600,
        share=Decimal("0.1"),
        keep_errors=True,
        slower_than_ms=2000,
        keep_operations=(),
        decision_wait=1,
    )
