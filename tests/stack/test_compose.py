"""Must show: the generated compose file, started by `touchline deploy` on a Docker engine, verified, changed and reloaded in the
same containers, rolled back, taken down. The images are the official ones where they can be pulled, else stand-ins."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators.build import build
from operate.engines.compose import PROJECT_LABEL, SERVICE_LABEL
from tests.compiler.specs import SHIPPED
from tests.ports import free_offset
from tests.proofs import begin_proven, with_links_of_production
from tests.stack import images
from tests.stack.plans import inside_ports

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
CANNOT_BE_HAD = frozenset({"grafana"})
"""Published as an image only: where no registry answers it does not start. Everything else must."""

BOUND, NEW_BOUND = "prediction_accuracy < 0.85", "prediction_accuracy < 0.83"


@dataclasses.dataclass(frozen=True)
class Desk:
    """Where `touchline` is called: a copy of the shipped spec on ports of its own, and a state directory of its own."""

    folder: Path
    missing: frozenset[str]

    @property
    def spec(self) -> Path:
        return self.folder / "spec" / "football.yaml"

    def touchline(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "operate", verb, "--spec", str(self.spec), "--engine", "compose"]
        command += ["--may-be-absent", ",".join(sorted(CANNOT_BE_HAD)), *arguments]
        env = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False)

    def good(self, verb: str, *arguments: str) -> str:
        """What a call that must go well printed, for people and beside."""
        answer = self.touchline(verb, *arguments)
        assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
        return answer.stdout + answer.stderr

    def containers(self) -> dict[str, tuple[str, str]]:
        """Component -> (id, started at) of every container of the stack."""
        listed = ["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={PROJECT_LABEL}={self.unit}"]
        found = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
        if not found:
            return {}
        told = json.loads(subprocess.run(["docker", "inspect", *found], capture_output=True, text=True, check=True).stdout)
        return {one["Config"]["Labels"][SERVICE_LABEL]: (one["Id"], one["State"]["StartedAt"]) for one in told}

    @property
    def unit(self) -> str:
        return f"touchline-{yaml.safe_load(self.spec.read_text())['project']['name']}-local"

    def bound_in_prometheus(self) -> str:
        """The condition of the alert as the running Prometheus has it."""
        offset = yaml.safe_load(self.spec.read_text())["environments"]["local"]["port_offset"]
        with urllib.request.urlopen(f"http://127.0.0.1:{9090 + offset}/api/v1/rules?type=alert", timeout=10) as answer:
            groups = json.load(answer)["data"]["groups"]
        rules = {rule["name"]: rule["query"] for group in groups for rule in group["rules"]}
        return str(rules["LowPredictionAccuracy"])


@pytest.fixture(scope="module")
def desk(docker: None, tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "spec", folder / "spec")
    spec = folder / "spec" / "football.yaml"
    offset = free_offset(inside_ports())
    text = with_links_of_production(spec.read_text())
    text = text.replace("\n  local:\n", f"\n  local:\n    port_offset: {offset}\n", 1)
    # Its own project name: a stack that somebody runs from the same spec is not touched.
    project = f"stack-test-{os.getpid()}"
    spec.write_text(text.replace("name: football-prediction", f"name: {project}", 1))
    begin_proven(SHIPPED, run_folder, folder / "state/touchline" / project / "local")
    built = build(spec, "local", "compose")
    assert built.compiled is not None, [str(fault) for fault in built.faults]
    components = built.compiled.stack.components
    missing = images.provide(component.image for component in components)
    desk = Desk(folder, frozenset(component.name for component in components if component.image in missing))
    try:
        yield desk
    finally:
        desk.touchline("down")
        listed = ["docker", "volume", "ls", "--quiet", "--filter", f"label={PROJECT_LABEL}={desk.unit}"]
        volumes = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["docker", "volume", "rm", *volumes], capture_output=True, check=False)


def status(desk: Desk) -> dict[str, Any]:
    return dict(json.loads(desk.touchline("status", "--format", "json").stdout))


def test_what_does_not_start_is_exactly_what_cannot_be_had(desk: Desk) -> None:
    assert desk.missing <= CANNOT_BE_HAD


def test_deploy_change_roll_back_and_down(desk: Desk) -> None:
    """One story: each step begins where the one before ended."""
    deployed = desk.good("deploy")
    assert "what runs is what was compiled" in deployed
    first, seen = desk.containers(), status(desk)
    health = {one["component"]: one["health"] for one in seen["components"]}
    assert set(first) == set(health)
    assert not set(first) & desk.missing
    assert set(health.values()) == {"running", "done"}
    assert BOUND.split()[-1] in desk.bound_in_prometheus()
    for name in desk.missing:
        assert name in deployed  # and it is said, with the reason

    desk.spec.write_text(desk.spec.read_text().replace(BOUND, NEW_BOUND, 1))
    assert "LowPredictionAccuracy" in desk.good("plan")
    desk.good("deploy")
    assert NEW_BOUND.split()[-1] in desk.bound_in_prometheus()
    steady = {name for name, state in health.items() if state == "running"}  # a one-shot step runs before each start
    now = desk.containers()
    assert {name: now[name] for name in steady} == {name: first[name] for name in steady}  # reloaded, none was started again

    desk.good("rollback")
    assert BOUND.split()[-1] in desk.bound_in_prometheus()
    assert status(desk)["release"] == seen["release"]
    assert {name: ident for name, (ident, _) in desk.containers().items()} == {name: ident for name, (ident, _) in first.items()}

    arrived = desk.good("ping")
    assert "arrived" in arrived

    desk.good("verify")
    subprocess.run(["docker", "kill", first["alertmanager"][0]], capture_output=True, check=True)
    assert desk.touchline("verify").returncode != 0
    desk.good("deploy")  # converges: what was compiled last is deployed, and everything runs
    desk.good("verify")

    desk.good("down")
    assert desk.containers() == {}
    listed = ["docker", "volume", "ls", "--quiet", "--filter", f"label={PROJECT_LABEL}={desk.unit}"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()  # history stays
