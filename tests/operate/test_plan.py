"""What a deploy would change, in words: each change of one thing reads as that one thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from generators.fault import Where, Written
from generators.ir.alerting import Alerting, Receiver, SlackIntegration
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract, Metric
from generators.ir.dashboards import Threshold
from generators.ir.rules import AlertingRule, RuleGroup
from generators.ir.scrape import ScrapeJob, Target
from operate.plan import changes
from operate.words.expressions import changed
from tests.operate import sample

Edit = Callable[[Compiled], Compiled]
WHOLE = sample.compiled(sample.stack_of(sample.NAMES))
SECONDS = Metric("request_seconds", "histogram", ("endpoint",), "seconds")
CONTRACT = Contract.of([SECONDS, Metric("accuracy", "gauge", (), "ratio"), Metric("memory", "gauge", (), "bytes")])


def rule(index: int, **fields: Any) -> Edit:
    """One rule of the first group with other fields."""

    def edit(whole: Compiled) -> Compiled:
        file = whole.rule_files[0]
        group = file.groups[0]
        rules = tuple(dataclasses.replace(r, **fields) if i == index else r for i, r in enumerate(group.rules))
        return with_group(whole, dataclasses.replace(group, rules=rules))

    return edit


def with_group(whole: Compiled, group: RuleGroup) -> Compiled:
    file = whole.rule_files[0]
    return dataclasses.replace(whole, rule_files=(dataclasses.replace(file, groups=(group, *file.groups[1:])),))


def group(**fields: Any) -> Edit:
    return lambda whole: with_group(whole, dataclasses.replace(whole.rule_files[0].groups[0], **fields))


def alerting(edit: Callable[[Alerting], dict[str, Any]]) -> Edit:
    return lambda whole: dataclasses.replace(whole, alerting=dataclasses.replace(whole.alerting, **edit(whole.alerting)))


def route(index: int, **fields: Any) -> Edit:
    def edit(old: Alerting) -> dict[str, Any]:
        routes = tuple(dataclasses.replace(r, **fields) if i == index else r for i, r in enumerate(old.route.routes))
        return {"route": dataclasses.replace(old.route, routes=routes)}

    return alerting(edit)


def panel(**fields: Any) -> Edit:
    def edit(whole: Compiled) -> Compiled:
        board = whole.grafana.dashboards[0]
        row = board.rows[0]
        panels = (dataclasses.replace(row.panels[0], **fields), *row.panels[1:])
        board = dataclasses.replace(board, rows=(dataclasses.replace(row, panels=panels),))
        return dataclasses.replace(whole, grafana=dataclasses.replace(whole.grafana, dashboards=(board,)))

    return edit


def component(name: str, **fields: Any) -> Edit:
    def edit(whole: Compiled) -> Compiled:
        parts = tuple(dataclasses.replace(c, **fields) if c.name == name else c for c in whole.stack.components)
        return dataclasses.replace(whole, stack=dataclasses.replace(whole.stack, components=parts))

    return edit


def scraping(**fields: Any) -> Edit:
    return lambda whole: dataclasses.replace(whole, prometheus=dataclasses.replace(whole.prometheus, **fields))


def tracing(**fields: Any) -> Edit:
    def edit(whole: Compiled) -> Compiled:
        assert whole.tracing is not None
        return dataclasses.replace(whole, tracing=dataclasses.replace(whole.tracing, **fields))

    return edit


P95 = "histogram_quantile(0.95, sum by (endpoint, le) (rate(request_seconds_bucket[5m]))) > 2"
RULES = WHOLE.rule_files[0].groups[0].rules
SLOW = AlertingRule("SlowQueries", "up == 0", 60, 0, {"severity": "critical", "service": "postgres"})
PROMETHEUS = next(c for c in WHOLE.stack.components if c.name == "prometheus")
PORT = dataclasses.replace(PROMETHEUS.ports[0], host_port=9999)
BEFORE = f"127.0.0.1:{PROMETHEUS.ports[0].host_port}"

CASES: list[tuple[Edit, str]] = [
    (rule(1, expr=P95.replace("> 2", "> 1.5")), "HighLatency: bound 2 s -> 1.5 s"),
    (rule(1, expr=P95.replace("5m", "10m")), "HighLatency: range 5m -> 10m"),
    (rule(1, expr=P95.replace("0.95", "0.99")), "HighLatency: number 0.95 -> 0.99"),
    (rule(1, expr=P95.replace("rate(", "irate(")), "HighLatency: function rate -> irate"),
    (rule(1, expr=P95.replace("> 2", ">= 3")), "HighLatency: bound > 2 s -> >= 3 s"),
    (rule(0, expr='sum by (job) (up{job!="a"})'), 'job:up:sum: matcher job!="" -> job!="a"'),
    (rule(0, expr='sum by (job, instance) (up{job!=""})'), "job:up:sum: by job -> job, instance"),
    (rule(1, hold=300), "HighLatency: for 2m -> 5m"),
    (rule(1, keep_firing=0), "HighLatency: keep firing for 1m -> 0s"),
    (rule(1, labels={"severity": "warning", "service": "api"}), "HighLatency: label severity: critical -> warning"),
    (rule(2, annotations={"summary": "up"}), "TargetDown: annotation summary: down -> up"),
    (group(interval=15), "group api: every 5s -> 15s"),
    (group(rules=(*RULES, SLOW)), "new alert SlowQueries (critical, postgres)"),
    (group(rules=RULES[:2]), "gone alert TargetDown (warning)"),
    (route(2, active_time_intervals=()), 'route for info: hours never -> always'),
    (route(0, receiver="mail"), "route for critical: to oncall -> mail"),
    (route(1, group_by=("alertname",)), 'route for severity=~"warning|critical": grouped by alertname, service -> alertname'),
    (route(0, repeat_interval=60), "route for critical: repeated every 1h -> 1m"),
    (alerting(lambda old: {"receivers": (*old.receivers, Receiver("new", (SlackIntegration("#a", "url"),)))}), "new receiver new"),
    (alerting(lambda old: {"inhibit_rules": ()}), "gone inhibition down"),
    (panel(unit="s"), "panel 'Requests' on dashboard sample: unit short -> s"),
    (panel(thresholds=(Threshold(Decimal(3), "red"),)), "panel 'Requests' on dashboard sample: thresholds red from 2 -> red from 3"),
    (panel(title="Calls"), "new panel 'Calls' on dashboard sample (timeseries)"),
    (component("prometheus", image="prom:2"), f"prometheus: image {PROMETHEUS.image} -> prom:2"),
    (component("prometheus", ports=(PORT,)), f"prometheus: port http: {BEFORE} -> 127.0.0.1:9999"),
    (component("prometheus", command=("--a=1",)), "argument"),
    (scraping(external_labels={"cluster": "b"}), "prometheus: external label cluster: test -> b"),
    (scraping(scrape_interval=15), "prometheus: scrape interval 1s -> 15s"),
    (scraping(jobs=(*WHOLE.prometheus.jobs, ScrapeJob("db", (Target(("db:1",)),)))), "new scrape job db"),
    (tracing(share=Decimal("0.2")), "tracing: share 0.1 -> 0.2"),
    (tracing(retention=7200), "tracing: retention 1h -> 2h"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), CASES, ids=[said.replace(BEFORE, "ADDRESS") for _, said in CASES])
def test_one_change_reads_as_that_change(edit: Edit, said: str) -> None:
    found = [str(change) for change in changes(WHOLE, edit(WHOLE))]
    assert found
    if said.startswith(("new panel", "new receiver")):
        assert any(line.startswith(said) for line in found), found
    elif said == "argument":
        assert "--a: none -> 1" in found[0]
    else:
        assert found == [said]


def test_nothing_changed_says_nothing() -> None:
    assert changes(WHOLE, sample.compiled(WHOLE.stack)) == ()


def test_where_a_query_stands_in_the_spec_is_no_change() -> None:
    """A release forgets it; the next build knows it again."""
    queries = WHOLE.grafana.dashboards[0].rows[0].panels[0].queries
    placed = tuple(dataclasses.replace(one, written=Written(one.expr, Where("spec.yaml", 7, 3))) for one in queries)
    assert changes(WHOLE, panel(queries=placed)(WHOLE)) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("accuracy < 0.85", "accuracy < 0.8", ["bound 0.85 -> 0.8"]),
        ("memory > 1000", "memory > 2000", ["bound 1000 B -> 2000 B"]),
        ("rate(request_seconds_count[5m]) > 1", "rate(request_seconds_count[5m]) > 2", ["bound 1 -> 2"]),
        ("up == 0", "up  ==  0", []),
        ("up offset 5m", "up offset 1h", ["offset 5m -> 1h"]),
        ("up", "down", ["metric up -> down"]),
        ("sum(up)", "max(up)", ["operator sum -> max"]),
        ('up{job="a"}', "up", ['matcher job="a" -> none']),
        ("up == 0", "absent(up)", ["expression `up == 0` -> `absent(up)`"]),
        ("a + b + c + d", "w + x + y + z", ["expression `a + b + c + d` -> `w + x + y + z`"]),
    ],
)
def test_expressions(old: str, new: str, said: list[str]) -> None:
    assert changed(old, new, CONTRACT) == said


def test_of_a_long_expression_the_difference_is_shown() -> None:
    long = " + ".join(f'sum(rate(requests_total{{endpoint="/{i}"}}[5m]))' for i in range(12))
    (said,) = changed(long, long.replace('sum(rate(requests_total{endpoint="/6"}[5m]))', "vector(0)"), CONTRACT)
    assert "vector(0)" in said
    assert 'endpoint="/6"' in said
    assert len(said) < 400
