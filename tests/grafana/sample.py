"""A Grafana IR made by hand, of no real system: every kind of panel, rows open and collapsed, variables, annotations, links."""

from __future__ import annotations

from decimal import Decimal

from generators.ir.dashboards import (
    Annotation,
    Column,
    Dashboard,
    ForeignDashboard,
    Grafana,
    GrafanaDatasource,
    Link,
    Panel,
    Query,
    Row,
    Threshold,
    Variable,
)

RED_FROM_2 = (Threshold(None, "green"), Threshold(Decimal("2"), "red"))

RATE = Panel(
    title="请求速率 / Request rate",
    kind="timeseries",
    description="Requests a second.",
    unit="reqps",
    queries=(Query('sum by (service) (rate(http_requests_total{service=~"$service"}[5m]))', "{{service}}"),),
    low=Decimal(0),
    data_links=(Link("The service", "/d/other?var-service=${__field.labels.service}"),),
)
LATENCY = Panel(
    title="P95",
    kind="timeseries",
    description="Ninety-five of a hundred requests are faster.",
    unit="s",
    width=24,
    queries=(Query("histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))", "P95", exemplars=True),),
    thresholds=RED_FROM_2,
    threshold_lines=True,
)
TABLE = Panel(
    title="Services",
    kind="table",
    description="Each service, worst first.",
    queries=(Query("sum by (service) (up)"), Query("sum by (service) (rate(http_requests_total[5m]))")),
    columns=(
        Column("service", "Service", data_links=(Link("Open", "/d/other?var-service=${__data.fields.Service}"),)),
        Column("Value #A", "Up", thresholds=RED_FROM_2),
        Column("Value #B", "Rate", unit="reqps", order="falling"),
    ),
)
REST = (
    Panel("Accuracy", "stat", (Query("avg(up)"),), "A share.", "percentunit", 4, 4, decimals=2, thresholds=RED_FROM_2),
    Panel("State", "stat", (Query("up", "{{job}}", instant=True),), "Up?", mappings={"1": ("up", "green"), "0": ("down", "red")}),
    Panel("Used", "gauge", (Query("avg(up)"),), "A share.", "percentunit", 6, 6, Decimal(0), Decimal(1)),
    Panel("Ranked", "bargauge", (Query("topk(5, up)", instant=True),), "The most.", thresholds=RED_FROM_2),
    Panel("Spread", "heatmap", (Query("sum by (le) (rate(http_request_duration_seconds_bucket[5m]))"),), "All requests.", "s"),
    Panel("History", "statetimeline", (Query("up", "{{job}}"),), "Up over time.", mappings={"0": ("down", "red")}),
    Panel("Firing", "alertlist", (), "What fires.", text="{service='shop'}"),
    Panel("Read me", "text", (), "About.", text="# Hello"),
    Panel("One trace", "traces", (Query("${trace}", datasource="jaeger"),), "One trace."),
    Panel("Traces", "table", (Query("shop", datasource="jaeger"),), "The newest traces."),
    Panel("Who calls whom", "nodegraph", (Query("", datasource="jaeger"),), "The dependency graph."),
)
DASHBOARD = Dashboard(
    uid="shop",
    title="Shop",
    description="The shop.",
    rows=(Row("", (RATE, TABLE, LATENCY)), Row("Closed", REST, collapsed=True), Row("After", (RATE,))),
    tags=("touchline",),
    variables=(
        Variable("service", "Service", "label_values(up, service)"),
        Variable("quantile", "Quantile", options=("0.5", "0.95"), multi=False, include_all=False),
        Variable("trace", "Trace", options=("0",), multi=False, include_all=False),
    ),
    annotations=(Annotation("Alerts", 'ALERTS{alertstate="firing"}', "red", "{{alertname}}", ("service",)),),
    links=(Link("Other", "/d/other"), Link("All", tags=("touchline",))),
)
OTHER = Dashboard(
    "other", "Other", "Another.", (Row("", (RATE,)),), variables=(Variable("service", "Service", "label_values(up, service)"),)
)

MIXIN_MODEL = {
    "title": "theirs",
    "schemaVersion": 39,
    "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
    "panels": [
        {
            "id": 1,
            "type": "timeseries",
            "datasource": {"uid": "${datasource}"},
            "targets": [{"expr": "up", "datasource": "$datasource"}],
        }
    ],
}

GRAFANA = Grafana(
    dashboards=(DASHBOARD, OTHER),
    foreign=(ForeignDashboard("theirs", "Theirs", MIXIN_MODEL),),
    datasources=(
        GrafanaDatasource(
            "prometheus",
            "Prometheus",
            "prometheus",
            "http://prometheus:9090",
            True,
            {"exemplarTraceIdDestinations": [{"name": "trace_id", "datasourceUid": "jaeger"}], "httpMethod": "POST"},
        ),
        GrafanaDatasource(
            "jaeger",
            "Jaeger",
            "jaeger",
            "http://jaeger:16686",
            json_data={"nodeGraph": {"enabled": True}, "tracesToMetrics": {"queries": [{"query": "sum(rate(x{$__tags}[5m]))"}]}},
        ),
        GrafanaDatasource("alertmanager", "Alertmanager", "alertmanager", "http://alertmanager:9093"),
    ),
    folder="Shop",
    home="shop",
)
