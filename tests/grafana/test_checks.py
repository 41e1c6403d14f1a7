"""Each check of dashboards has a bad dashboard that it refuses, with words that name the thing, and the good one beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

import pytest

from generators.checks import dashboard_links, dashboard_queries, dashboards
from generators.fault import Fault, Where, Written
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract, Metric
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
from generators.ir.rules import AlertingRule, RuleFile, RuleGroup
from generators.ir.scrape import Prometheus, ScrapeJob, Target

HERE = Where("spec.yaml", 7, 12)
CONTRACT = Contract.of(
    (
        Metric("up", "gauge"),
        Metric("jobs_total", "counter", ("queue",)),
        Metric("wait_seconds", "histogram", ("queue",), buckets=(Decimal(1), Decimal(2))),
    )
)
SCRAPES = Prometheus(15, 10, 15, {}, (), (ScrapeJob("q", (Target(("q:1",), {"service": "q", "kind": "queue"}),)),), ())
PANEL = Panel(
    "Rate",
    "timeseries",
    (Query('sum by (queue) (rate(jobs_total{service=~"$service"}[$__rate_interval]))', "{{queue}}", where=HERE),),
    "Jobs a second.",
    "ops",
)
BOARD = Dashboard(
    "queue",
    "Queue",
    "The queue.",
    (Row("", (PANEL,)),),
    variables=(Variable("service", "Service", "label_values(up, service)"),),
    annotations=(Annotation("Jobs", 'jobs_total{service=~"$service"}', "red", "{{queue}}"),),
    links=(Link("Self", "/d/queue?var-service=q"),),
)
SOURCES = (GrafanaDatasource("prometheus", "Prometheus", "prometheus", "http://p:1", True),)


@dataclass(frozen=True)
class OnlyDashboards:
    """The part of a compilation that these checks read."""

    grafana: Grafana
    contract: Contract = CONTRACT
    prometheus: Prometheus = field(default_factory=lambda: SCRAPES)
    rule_files: tuple[RuleFile, ...] = ()


def judge(grafana: Grafana, *rules: AlertingRule) -> list[Fault]:
    files = (RuleFile("r", "", (RuleGroup("g", 15, rules),)),)
    compiled = cast(Compiled, OnlyDashboards(grafana, rule_files=files))
    checks: Iterable[Callable[[Compiled], Iterable[Fault]]] = (
        *dashboards.CHECKS,
        *dashboard_links.CHECKS,
        *dashboard_queries.CHECKS,
    )
    return [fault for check in checks for fault in check(compiled)]


def grafana(*boards: Dashboard, **changes: Any) -> Grafana:
    return replace(Grafana(boards, (), SOURCES, "Q", boards[0].uid if boards else ""), **changes)


def with_panel(**changes: Any) -> Grafana:
    return grafana(replace(BOARD, rows=(Row("", (replace(PANEL, **changes),)),)))


def asking(expr: str, legend: str = "") -> Grafana:
    return with_panel(queries=(Query(expr, legend, where=HERE, written=Written(expr, HERE, True)),))


def board(**changes: Any) -> Grafana:
    return grafana(replace(BOARD, **changes))


def foreign(model: dict[str, Any]) -> Grafana:
    return grafana(BOARD, foreign=(ForeignDashboard("theirs", "Theirs", model, HERE),))


REFUSED: dict[str, tuple[Grafana, str, str]] = {
    "two of one uid": (grafana(BOARD, BOARD), "dashboard-uid", "2 dashboards have the uid 'queue'"),
    "uid of another form": (grafana(replace(BOARD, uid="a b", links=())), "dashboard-uid", "'a b' is no uid"),
    "no such home": (grafana(BOARD, home="start"), "dashboard-uid", "home dashboard 'start'"),
    "no such datasource": (
        with_panel(kind="nodegraph", queries=(Query("", datasource="jaeger"),)),
        "dashboard-datasource",
        "asks a jaeger datasource",
    ),
    "exemplars to nowhere": (
        grafana(
            BOARD, datasources=(replace(SOURCES[0], json_data={"exemplarTraceIdDestinations": [{"datasourceUid": "tempo"}]}),)
        ),
        "dashboard-datasource",
        "refers to the datasource 'tempo'",
    ),
    "a mixin's own datasource": (
        foreign({"panels": [{"type": "stat", "datasource": {"uid": "mimir"}}]}),
        "dashboard-datasource",
        "asks the datasource 'mimir'",
    ),
    "unknown variable": (with_panel(title="Rate of $queue"), "dashboard-variable", "uses the variable $queue"),
    "unknown variable in a query": (asking('jobs_total{queue="$queue"}'), "dashboard-variable", "uses the variable $queue"),
    "two variables of one name": (board(variables=BOARD.variables * 2), "dashboard-variable", "two variables named 'service'"),
    "unknown variable in an annotation": (
        board(annotations=(Annotation("A", "up", "red", "$what"),)),
        "dashboard-variable",
        "uses $what",
    ),
    "a link to nowhere": (board(links=(Link("X", "/d/nowhere"),)), "dashboard-link", "dashboard 'nowhere', which does not exist"),
    "a data link to nowhere": (with_panel(data_links=(Link("X", "/d/nowhere"),)), "dashboard-link", "'nowhere'"),
    "a link that sets what is not there": (board(links=(Link("X", "/d/queue?var-pod=a"),)), "dashboard-link", "sets $pod"),
    "unknown unit": (with_panel(unit="seconds"), "dashboard-unit", "unit 'seconds'"),
    "unknown unit of a column": (
        with_panel(kind="table", columns=(Column("queue", "Queue", unit="parsec"),)),
        "dashboard-unit",
        "unit 'parsec'",
    ),
    "no description": (with_panel(description=""), "dashboard-words", "no description: 'Rate'"),
    "dashboard without description": (board(description=""), "dashboard-words", "'queue' has no description"),
    "too wide": (with_panel(width=25), "dashboard-layout", "is 25 wide"),
    "two panels of one name": (board(rows=(Row("r", (PANEL, PANEL)),)), "dashboard-layout", "2 panels named 'Rate'"),
    "an empty row": (board(rows=(Row("r", ()),)), "dashboard-layout", "the row 'r' of 'Queue' is empty"),
    "falling thresholds": (
        with_panel(thresholds=(Threshold(Decimal(2), "red"), Threshold(Decimal(1), "green"))),
        "dashboard-layout",
        "thresholds that do not rise",
    ),
    "no query": (with_panel(queries=()), "dashboard-layout", "has no query"),
    "range upside down": (with_panel(low=Decimal(1), high=Decimal(0)), "dashboard-layout", "range from 1 to 0"),
    "a removed panel": (foreign({"rows": [{"panels": [{"type": "graph"}]}]}), "dashboard-removed-panel", "'graph'"),
    "no PromQL": (asking("sum(rate(jobs_total[5m])"), "dashboard-query", "cannot be asked"),
    "unknown metric": (asking("rate(job_total[5m])"), "dashboard-query", "names the metric 'job_total'"),
    "unknown label in a matcher": (asking('rate(jobs_total{pod="a"}[5m])'), "dashboard-query", "label 'pod'"),
    "unknown label in by": (asking("sum by (pod) (jobs_total)"), "dashboard-query", "reads the label 'pod'"),
    "le of no histogram": (asking('jobs_total{le="1"}'), "dashboard-query", "label 'le'"),
    "histogram without suffix": (asking("wait_seconds"), "dashboard-query", "'wait_seconds'"),
    "a legend that the query took away": (asking("sum(jobs_total)", "{{queue}}"), "dashboard-legend", "reads 'queue'"),
    "a column that no query gives": (
        with_panel(kind="table", queries=(Query("sum(jobs_total)"),), columns=(Column("queue", "Queue"),)),
        "dashboard-legend",
        "column 'queue'",
    ),
    "a variable that asks nothing": (
        board(variables=(Variable("service", "S", "services()"),)),
        "dashboard-query",
        "$service of 'Queue' asks nothing known",
    ),
    "a variable of an unknown metric": (
        board(variables=(Variable("service", "S", "label_values(down, service)"),)),
        "dashboard-query",
        "names the metric 'down'",
    ),
    "a variable of an unknown label": (
        board(variables=(Variable("service", "S", "label_values(up, queue)"),)),
        "dashboard-query",
        "asks for the label 'queue'",
    ),
    "an annotation of an unknown metric": (
        board(annotations=(Annotation("A", "gone", "red", "x"),)),
        "dashboard-query",
        "the annotation 'A' of 'Queue' names the metric 'gone'",
    ),
    "a mixin's query that is none": (
        foreign({"panels": [{"type": "stat", "targets": [{"expr": "sum(("}]}]}),
        "dashboard-query",
        "'Theirs' cannot be asked",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_dashboard_is_refused_with_its_fault_alone(name: str) -> None:
    bad, check, words = REFUSED[name]
    faults = judge(bad)
    assert [fault.id for fault in faults] == [check], faults
    assert words in faults[0].what
    assert faults[0].fix


GOOD: dict[str, Grafana] = {
    "the dashboard itself": grafana(BOARD),
    "a unit of one's own": with_panel(unit="suffix:jobs"),
    "a histogram's bucket": asking("histogram_quantile(0.9, sum by (le, queue) (rate(wait_seconds_bucket[5m])))", "{{queue}}"),
    "a label that the query makes": asking('label_replace(jobs_total, "shown", "$1", "queue", "(.*)")', "{{shown}}"),
    "labels of the target": asking("sum by (service, kind, instance) (up)", "{{service}} {{instance}}"),
    "a link out of Grafana": board(links=(Link("Docs", "https://example.com/d/x"),)),
    "a link whose target is chosen later": with_panel(data_links=(Link("X", "/d/${__field.labels.queue}"),)),
    "a text without query": board(rows=(Row("", (Panel("About", "text", text="# Hi"),)),)),
    "a fixed variable": board(variables=(*BOARD.variables, Variable("q", "Q", options=("a",)))),
    "a mixin with our datasource": foreign({"panels": [{"type": "stat", "datasource": {"uid": "$datasource"}, "targets": []}]}),
}


@pytest.mark.parametrize("name", GOOD)
def test_its_good_twin_passes(name: str) -> None:
    assert judge(GOOD[name]) == []


def test_an_alert_leads_to_a_dashboard_that_exists() -> None:
    def leading(uid: str) -> AlertingRule:
        return AlertingRule("Slow", "up == 0", annotations={"dashboard_url": f"https://g/d/{uid}?var-service=x"}, where=HERE)

    assert judge(grafana(BOARD), leading("queue")) == []
    (fault,) = judge(grafana(BOARD), leading("quue"))
    assert (fault.id, fault.where) == ("dashboard-link", HERE)
    assert "'Slow' leads to the dashboard 'quue'" in fault.what


def test_a_fault_of_a_query_stands_where_the_query_is_written() -> None:
    (fault,) = judge(asking("sum(jobs_total) + + )"))
    assert (fault.where.file, fault.where.line) == ("spec.yaml", 7)
    assert fault.where.column > HERE.column
