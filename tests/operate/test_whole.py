"""The shipped spec on a machine without Docker, by the command line alone: deployed, verified, pinged, changed, planned, rolled back, taken
down. Ports and state are the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generators.build import build
from tests.compiler.specs import SHIPPED
from tests.ports import free_offset
from tests.proofs import begin_proven, with_links_of_production
from tests.stack.plans import inside_ports

pytestmark = pytest.mark.engine
ROOT = Path(__file__).resolve().parents[2]
BOUND, NEW_BOUND = "prediction_accuracy < 0.85", "prediction_accuracy < 0.8"


@dataclass(frozen=True)
class Desk:
    """Where `touchline` is called."""

    folder: Path

    @property
    def spec(self) -> Path:
        return self.folder / "spec" / "football.yaml"

    def touchline(self, verb: str, *arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "operate", verb, "--spec", str(self.spec), "--engine", "local", *arguments]
        env = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(ROOT)}
        answer = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert answer.returncode == code, answer.stdout[-3000:] + answer.stderr[-3000:]
        return answer.stdout

    def told(self, verb: str) -> dict[str, Any]:
        return dict(json.loads(self.touchline(verb, "--format", "json")))


@pytest.fixture
def desk(tmp_path: Path, run_folder: Path) -> Iterator[Desk]:
    shutil.copytree(ROOT / "spec", tmp_path / "spec")
    found = Desk(tmp_path)
    offset = free_offset(inside_ports())
    text = with_links_of_production(found.spec.read_text())
    found.spec.write_text(text.replace("\n  local:\n", f"\n  local:\n    port_offset: {offset}\n", 1))
    begin_proven(SHIPPED, run_folder, tmp_path / "state/touchline/football-prediction/local")
    yield found
    found.touchline("down")


def test_the_shipped_spec_from_deploy_to_down(desk: Desk) -> None:
    """One story: each step begins where the one before ended."""
    built = build(desk.spec, "local", "local")
    assert built.compiled is not None
    deployed = desk.told("deploy")
    assert deployed["failure"] is None
    checks = {f"{check['component']}: {check['what']}": check["findings"] for check in deployed["report"]["checks"]}
    count = sum(len(group.rules) for file in built.compiled.rule_files for group in file.groups)
    assert checks[f"prometheus: {count} rules"] == []
    assert checks["alertmanager: configuration"] == []
    assert checks["jaeger: spans sent are read back"] == []
    assert {one["component"] for one in deployed["report"]["absent"]} >= {"grafana", "cadvisor"}

    seen = desk.told("status")
    assert {one["health"] for one in seen["components"]} == {"running"}
    assert {one["component"] for one in seen["components"]} >= {"prometheus", "alertmanager", "jaeger", "inbox"}
    assert {one["component"] for one in seen["addresses"]} == {one["component"] for one in seen["components"]}
    assert {one["component"] for one in seen["absent"]} >= {"grafana", "cadvisor"}
    assert (Path(seen["state"]) / "releases" / seen["release"]).is_dir()

    receivers = {receiver.name for receiver in built.compiled.alerting.receivers if receiver.integrations}
    pinged = desk.told("ping")
    assert {one["receiver"] for one in pinged["deliveries"]} == receivers
    outcomes = {one["receiver"]: one["result"] for one in pinged["deliveries"]}
    assert all(said == "arrived" or said.startswith("outside its hours") for said in outcomes.values()), outcomes
    assert "arrived" in outcomes.values()

    desk.spec.write_text(desk.spec.read_text().replace(BOUND, NEW_BOUND, 1))
    assert "LowPredictionAccuracy: bound 0.85 -> 0.8\n" in desk.touchline("plan")
    changed = desk.told("deploy")
    assert changed["running"] != deployed["running"]
    assert desk.told("rollback")["running"] == deployed["running"]
    assert desk.told("verify")["good"] is True
    desk.touchline("down")
    desk.touchline("verify", code=2)
