"""What is compiled from either spec, for every environment and both engines, before the engines' own tools."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from generators.ir.stack import EngineName
from operate.proving import Refused
from tests.compiler.specs import BUILDS, ENGINES, SHIPPED, SHOP, UNTRACED, built, called
from tests.emit.tools import need, run, write
from tests.proofs import rules_proven

LIVE = [SHIPPED, SHOP, UNTRACED]


@pytest.mark.engine
@pytest.mark.parametrize(("spec", "environment", "engine"), BUILDS, ids=called)
def test_prometheus_and_alertmanager_take_their_configuration(
    spec: Path, environment: str, engine: EngineName, tmp_path: Path
) -> None:
    files = dict(built(spec, environment, engine).files)
    write(tmp_path, files)
    checked = run([need("promtool"), "check", "config", "prometheus/prometheus.yml"], cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    checked = run([need("amtool"), "check-config", "alertmanager/alertmanager.yml"], cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.engine
@pytest.mark.parametrize("spec", [SHOP, SHIPPED], ids=called)
def test_every_generated_rule_test_passes(spec: Path, run_folder: Path) -> None:
    tests = [path for path in built(spec).files if path.startswith("prometheus/tests/")]
    assert tests
    try:
        proven = rules_proven(spec, run_folder)
    except Refused as refused:
        pytest.fail(str(refused), pytrace=False)
    assert len(list(proven.iterdir())) == len(tests) + 1  # and the rules themselves, by `promtool check`


@pytest.mark.engine
@pytest.mark.parametrize("spec", LIVE, ids=called)
def test_every_alert_reaches_its_receivers(spec: Path, tmp_path: Path) -> None:
    write(tmp_path, dict(built(spec).files))
    amtool, config = need("amtool"), "alertmanager/alertmanager.yml"
    cases = yaml.safe_load((tmp_path / "alertmanager/tests/routes.yml").read_text(encoding="utf-8"))["tests"]

    def routed(case: dict[str, object]) -> subprocess.CompletedProcess[str]:
        labels, receivers = case["labels"], case["receivers"]
        assert isinstance(labels, dict)
        assert isinstance(receivers, list)
        words = [f"{label}={value}" for label, value in labels.items()]
        wanted = f"--verify.receivers={','.join(receivers)}"
        return run([amtool, "config", "routes", "test", f"--config.file={config}", wanted, *words], cwd=tmp_path)

    with ThreadPoolExecutor(2) as pool:
        results = list(zip(cases, pool.map(routed, cases), strict=True))
    assert len(cases) > 10
    assert not [case["name"] for case, result in results if result.returncode]


@pytest.mark.engine
@pytest.mark.parametrize("environment", ["laptop", "live"])
def test_docker_compose_takes_the_shop(environment: str, tmp_path: Path) -> None:
    write(tmp_path, dict(built(SHOP, environment).files))
    compose = [need("docker-compose"), "-f", str(tmp_path / "compose/docker-compose.yml"), "config", "--format", "json"]
    answer = subprocess.run(
        compose, env={**os.environ, "TOUCHLINE_STATE": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    services = yaml.safe_load(answer.stdout)["services"]
    assert {"kafka-exporter", "postgres-exporter-orders-db", "postgres-exporter-stock-db", "redis-exporter"} <= set(services)


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["compose", "local"])
def test_jaeger_takes_the_shop(engine: EngineName, tmp_path: Path) -> None:
    write(tmp_path, dict(built(SHOP, "live", engine).files))
    answer = subprocess.run(
        [need("jaeger"), "validate", "--config", str(tmp_path / "jaeger/config.yaml")],
        env={**os.environ, "TOUCHLINE_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_panel_of_one_engine_is_drawn_under_that_one_alone() -> None:
    """In a container node_exporter cannot count the host's interfaces; a panel that stays empty would look like a fault."""
    asked = {engine: built(SHIPPED, "local", engine).files["grafana/dashboards/system.json"] for engine in ENGINES}
    assert {engine for engine, text in asked.items() if "node_network_receive_bytes_total" in text} == {"local"}
