"""Rules of others, of whose metrics nothing is known but their names: what is found, and what looks like it and is fine."""

from __future__ import annotations

import pytest

from generators.checks.expressions import Settings, judge
from generators.fault import Where
from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup

SETTINGS = Settings(complete=False, by_names=True)
ALERTS = {
    "x_errors_total > 0": "bare-counter",
    "sum by (job) (x_request_timeouts_total) >= 1": "bare-counter",
    "rate(x_errors_total[5m]) / rate(x_total[5m]) > 0.1 and x_total > 0": "forgotten-rate",
    "rate(x_read_seconds_sum[5m]) / x_read_seconds_count > 0.1": "forgotten-rate",
    "(rate(x_failed_total[5m]) or x_dropped_total) > 7": "forgotten-rate",
    "histogram_quantile(0.9, topk by (job) (3, rate(x_seconds_bucket[5m]))) > 1": "quantile-without-le",
    "x_files_free / x_files < 5": "percent-bound",
    "(x_items_total - x_items_used) / x_items_total < 10": "percent-bound",
    "rate(x_in_errs_total[5m]) / rate(x_in_packets_total[5m]) > 1": "percent-bound",
    'sum(x_ips{state!="free"}) / sum(x_ips) > 90': "percent-bound",
    "rate(x_octets_total[5m]) / x_link_speed > 80": "percent-bound",
    "count by (job) (avg_over_time(up[5m]) < 0.5) / count by (job) (up) >= 50": "out-of-range",
}
RECORDS = {
    ("job:x:rate:sum", "sum by (job) (x_total)"): "bare-counter",
    ("job:x:ratio", "sum by (job) (x_errors_total) / sum by (job) (x_total)"): "bare-counter",
    ("job:x_seconds_bucket:rate5m", "sum by (job) (rate(x_seconds_bucket[5m]))"): "quantile-without-le",
}
FINE = (
    "x_queue_pending_total > 50",
    "x_disks_offline_total > 0",
    "x_jobs_total > 0",
    "x_errors_total == 0",
    "rate(x_errors_total[5m]) == 0 and x_errors_total > 0",
    "histogram_quantile(0.01, rate(x_seconds_bucket[5m])) < 60 and x_seconds_count > 0",
    "rate(x_cpu_seconds_total[5m]) / x_cpus_total > 0.9",
    "histogram_quantile(0.9, topk by (le, job) (3, rate(x_seconds_bucket[5m]))) > 1",
    "100 * x_files_free / x_files < 5",
    "x_requested / x_allocatable > 1.5",
    "x_queue_length / x_batch_size > 10",
    "rate(x_retries_total[5m]) / rate(x_requests_total[5m]) > 3",
    "count by (job) (x > 2) / count by (job) (y) > 3",
)


def found(rule: Rule) -> set[str]:
    return {fault.id for fault in judge([RuleFile("x", "x", (RuleGroup("x", 60, (rule,)),))], Contract.of(()), SETTINGS)}


def alert(expr: str) -> Rule:
    return AlertingRule("A", expr, where=Where("x.yml", 1, 1))


@pytest.mark.parametrize("expr", ALERTS)
def test_an_alert_that_cannot_be_right_is_found(expr: str) -> None:
    assert found(alert(expr)) == {ALERTS[expr]}


@pytest.mark.parametrize(("name", "expr"), RECORDS)
def test_a_record_that_is_not_what_it_is_called_is_found(name: str, expr: str) -> None:
    assert found(RecordingRule(name, expr, where=Where("x.yml", 1, 1))) == {RECORDS[name, expr]}


@pytest.mark.parametrize("expr", FINE)
def test_what_may_be_right_is_not_found(expr: str) -> None:
    assert found(alert(expr)) == set()
