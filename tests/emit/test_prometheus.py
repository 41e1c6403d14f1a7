"""The server's configuration, the rules and their tests, as promtool takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml as pyyaml

from generators.emit import prometheus, rules, ruletests
from generators.ir.rules import AlertingRule, RecordingRule, RuleFile, RuleGroup
from generators.ir.scrape import Prometheus, ScrapeJob, Target
from generators.ir.tests import AlertCase, ExpectedAlert, ExprCase, InputSeries, TestFile, UnitTest
from tests.emit.tools import need, run, write

CONFIG = Prometheus(
    scrape_interval=15,
    scrape_timeout=10,
    evaluation_interval=15,
    external_labels={"cluster": "prod"},
    rule_files=("rules/*.yml",),
    jobs=(
        ScrapeJob("shop", (Target(("shop:8000", "shop-2:8000"), {"service": "shop", "tier": "critical"}),), sample_limit=5000),
        ScrapeJob(
            "cadvisor",
            (Target(("cadvisor:8080",)),),
            metrics_path="/metrics/cadvisor",
            scheme="https",
            interval=90,
            timeout=20,
            honor_labels=True,
            drop_metrics=("container_tasks_state", "container_memory_failures_total"),
        ),
    ),
    alertmanagers=("alertmanager:9093",),
)

RULES = RuleFile(
    "service-shop",
    "Rules of the shop.",
    (
        RuleGroup(
            "shop",
            30,
            (
                RecordingRule("service:errors:rate5m", "sum by (service) (rate(errors_total[5m]))", {"level": "service"}),
                AlertingRule(
                    "ShopFails",
                    "service:errors:rate5m > 0.5",
                    hold=90,
                    keep_firing=300,
                    labels={"severity": "critical"},
                    annotations={"summary": "失败: {{ $value | humanize }}", "description": "two\nlines"},
                ),
            ),
        ),
    ),
)


def shop_tests(expected: tuple[ExpectedAlert, ...], value: str) -> TestFile:
    """One test of the rule above: a service that fails once a second from the start."""
    unit = UnitTest(
        "fails",
        30,
        (InputSeries('errors_total{service="shop"}', "0+30x40"),),
        (AlertCase("ShopFails", 600, expected), AlertCase("ShopFails", 60)),
        (ExprCase("service:errors:rate5m", 600, (('service:errors:rate5m{service="shop", level="service"}', value),)),),
    )
    return TestFile("service-shop", ("../rules/service-shop.yml",), 30, (unit,), ("shop",))


FIRES = ExpectedAlert(
    {"severity": "critical", "service": "shop", "level": "service"}, {"summary": "失败: 1", "description": "two\nlines"}
)


def test_prometheus_yml_says_what_the_ir_says() -> None:
    config = pyyaml.safe_load(prometheus.emit(CONFIG)["prometheus/prometheus.yml"])
    assert config == {
        "global": {
            "scrape_interval": "15s",
            "scrape_timeout": "10s",
            "evaluation_interval": "15s",
            "external_labels": {"cluster": "prod"},
        },
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]},
        "storage": {"exemplars": {"max_exemplars": 100000}},
        "scrape_configs": [
            {
                "job_name": "shop",
                "sample_limit": 5000,
                "static_configs": [{"targets": ["shop:8000", "shop-2:8000"], "labels": {"service": "shop", "tier": "critical"}}],
            },
            {
                "job_name": "cadvisor",
                "scrape_interval": "1m30s",
                "scrape_timeout": "20s",
                "metrics_path": "/metrics/cadvisor",
                "scheme": "https",
                "honor_labels": True,
                "static_configs": [{"targets": ["cadvisor:8080"]}],
                "metric_relabel_configs": [
                    {
                        "source_labels": ["__name__"],
                        "regex": "container_tasks_state|container_memory_failures_total",
                        "action": "drop",
                    }
                ],
            },
        ],
    }


@pytest.mark.engine
def test_promtool_takes_configuration_and_rules(tmp_path: Path) -> None:
    write(tmp_path, prometheus.emit(CONFIG) | rules.emit([RULES]))
    checked = run([need("promtool"), "check", "config", str(tmp_path / "prometheus/prometheus.yml")])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 rules found" in checked.stdout


@pytest.mark.engine
@pytest.mark.parametrize(
    ("tests", "code"),
    [
        (shop_tests((FIRES,), "1"), 0),
        (shop_tests((), "1"), 1),
        (shop_tests((FIRES,), "2"), 1),
        (shop_tests((ExpectedAlert(FIRES.labels, {"summary": "失败: 2", "description": "two\nlines"}),), "1"), 1),
    ],
    ids=["as it is", "an alert is missing", "another value", "another text"],
)
def test_promtool_runs_the_tests_and_they_can_fail(tmp_path: Path, tests: TestFile, code: int) -> None:
    write(tmp_path, rules.emit([RULES]) | ruletests.emit([tests]))
    ran = run([need("promtool"), "test", "rules", str(tmp_path / "prometheus/tests/service-shop.yml")])
    assert ran.returncode == code, ran.stdout + ran.stderr
