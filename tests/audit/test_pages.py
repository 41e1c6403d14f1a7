"""Each finding has a page; what the page calls bad is found at the right place, and what it calls good is not found at all. What
a page says an engine refuses, the engine's own tool refuses, and takes the good twin."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.audit.pages import PAGES, audited, examples
from tests.emit.tools import need, run, write

ROOT = Path(__file__).resolve().parents[2]

PLACES = {
    "alertmanager-form": "alertmanager.yml:3:15",
    "alerts-unsent": "prometheus/prometheus.yml:4:3",
    "dashboard-folder": "grafana/dashboards/all.yml:6:13",
    "datasource-input": "grafana/dashboards/api.json:8:21",
    "datasource-unknown": "dashboards/api.json:8:21",
    "dead-inhibition": "alertmanager.yml:6:5",
    "default-password": "docker-compose.yml:5:36",
    "duplicate-name": "rules.yml:7:9",
    "expression-syntax": "rules.yml:5:90",
    "image-floating": "docker-compose.yml:3:12",
    "json": "api.json:4:1",
    "label-unknown": "rules.yml:5:42",
    "metric-constant": "app/main.py:4:12",
    "metric-unchanged": "app/main.py:4:12",
    "metric-unknown": "rules.yml:5:15",
    "module-broken": "app/main.py:7:38",
    "module-unused": "app/business_metrics.py:3:15",
    "mount-missing": "docker-compose.yml:5:9",
    "receiver-placeholder": "alertmanager.yml:7:18",
    "rule-files": "prometheus.yml:2:5",
    "rule-form": "rules.yml:6:14",
    "rules-unloaded": "slo.yml:2:5",
    "secret-leaked": "docker-compose.yml:5:26",
    "service-unknown": "docker-compose.yml:5:9",
    "target-loopback": "prometheus.yml:4:19",
    "target-network": "prometheus.yml:4:19",
    "target-no-metrics": "prometheus.yml:4:19",
    "target-port": "prometheus.yml:4:19",
    "target-unknown": "prometheus.yml:4:19",
    "template-files": "alertmanager.yml:6:5",
    "unknown-receiver": "alertmanager.yml:4:17",
    "unused-receiver": "alertmanager.yml:5:5",
    "volume-unknown": "docker-compose.yml:5:9",
    "yaml": "prometheus.yml:3:4",
}
"""Where each finding points in its page's bad example. `json` points at the bracket after the comma that is too much."""

OF_AUDIT = (
    "container_paths",
    "datasources",
    "expressions_found",
    "images",
    "inhibitions",
    "metrics",
    "references",
    "secrets",
    "targets",
)


@pytest.mark.parametrize("id", PLACES)
def test_what_a_page_calls_bad_is_found_at_its_place(id: str) -> None:
    bad, _ = examples(PAGES / f"{id}.md")
    assert [(fault.id, str(fault.where)) for fault in audited(bad).faults] == [(id, PLACES[id])]


@pytest.mark.parametrize("id", PLACES)
def test_what_a_page_calls_good_is_not_found(id: str) -> None:
    _, good = examples(PAGES / f"{id}.md")
    assert good
    assert audited(good).faults == ()


def _ids() -> set[str]:
    """Every id that the audit's own modules give a fault: the first text in a call, where it looks like one."""
    files = [ROOT / "generators" / "checks" / f"{name}.py" for name in OF_AUDIT]
    files += sorted((ROOT / "generators" / "read").glob("*.py"))
    found = set()
    for file in files:
        if file.name == "mixins.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and name in ("Fault", "_fault", "_glob"):
                found |= {
                    str(each.value)
                    for each in node.args
                    if isinstance(each, ast.Constant) and "-" in str(each.value).strip(" ")[:30]
                }
    return {id for id in found if " " not in id}


def test_each_finding_has_its_page_and_its_place() -> None:
    assert {"target-port", "rule-files", "template-files", "metric-unchanged"} <= _ids()
    assert _ids() <= set(PLACES)


@pytest.mark.engine
@pytest.mark.parametrize(("id", "tool"), [(id, "promtool") for id in ("expression-syntax", "rule-form", "duplicate-name")])
def test_what_prometheus_refuses_it_refuses(tmp_path: Path, id: str, tool: str) -> None:
    bad, good = examples(PAGES / f"{id}.md")
    assert _taken(tmp_path / "bad", bad, [need(tool), "check", "rules", "rules.yml"]) is False
    assert _taken(tmp_path / "good", good, [need(tool), "check", "rules", "rules.yml"]) is True


@pytest.mark.engine
@pytest.mark.parametrize("id", ["alertmanager-form", "unknown-receiver"])
def test_what_alertmanager_refuses_it_refuses(tmp_path: Path, id: str) -> None:
    bad, good = examples(PAGES / f"{id}.md")
    assert _taken(tmp_path / "bad", bad, [need("amtool"), "check-config", "alertmanager.yml"]) is False
    assert _taken(tmp_path / "good", good, [need("amtool"), "check-config", "alertmanager.yml"]) is True


def _taken(folder: Path, files: dict[str, str], command: list[str]) -> bool:
    write(folder, files)
    return run(command, cwd=folder).returncode == 0
