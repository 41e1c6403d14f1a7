"""The same demo in containers: databases, both services and users beside the generated compose file, in its network, until every figure of
coverage that asks the stack is reached. Images are the official ones where they can be pulled, else stand-ins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from football_demo.containers import FILE, PROJECT
from generators.build import build
from tests.compiler.specs import ROOT, SHIPPED
from tests.football.serving import until
from tests.ports import free_offset, free_ports
from tests.proofs import begin_proven, with_links_of_production
from tests.stack import images
from tests.stack.plans import inside_ports
from tests.stack.test_compose import CANNOT_BE_HAD

pytestmark = pytest.mark.stack

COVERED = 240.0
"""Seconds after which coverage has reached its targets, or never will."""


@dataclass(frozen=True)
class Desk:
    """Where the demo is called: a copy of the shipped spec, state and ports that are the test's own."""

    folder: Path
    offset: int
    api: int

    @property
    def spec(self) -> Path:
        return self.folder / "spec" / "football.yaml"

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "FOOTBALL_API_PORT": str(self.api),
            "TOUCHLINE_MAY_BE_ABSENT": ",".join(sorted(CANNOT_BE_HAD)),
        }
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False)

    def demo(self, verb: str) -> subprocess.CompletedProcess[str]:
        options = ("--no-build",) if verb == "up" else ()
        return self.run("football_demo", verb, "--engine", "compose", "--spec", str(self.spec), *options)

    def touchline(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("operate", verb, "--spec", str(self.spec), "--environment", "staging", *words)

    def covered(self) -> bool:
        return self.touchline("coverage").returncode == 0

    def asked(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{path}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def desk(docker: None, tmp_path: Path, run_folder: Path) -> Iterator[Desk]:
    found = Desk(tmp_path, free_offset(inside_ports()), free_ports(1)[0])
    text = with_links_of_production(SHIPPED.read_text(), "staging")
    text = text.replace("\n  staging:\n", f"\n  staging:\n    port_offset: {found.offset}\n", 1)
    project = f"demo-test-{os.getpid()}"  # a demo that somebody runs is not touched
    found.spec.parent.mkdir()
    found.spec.write_text(
        text.replace("name: football-prediction", f"name: {project}", 1).replace("mixins/", f"{ROOT}/spec/mixins/")
    )
    begin_proven(SHIPPED, run_folder, tmp_path / "state/touchline" / project / "staging")
    built = build(found.spec, "staging", "compose")
    assert built.compiled is not None, [str(fault) for fault in built.faults]
    named = [component.image for component in built.compiled.stack.components]
    named += [service["image"] for service in yaml.safe_load(FILE.read_text())["services"].values()]
    missing = images.provide(named)
    assert {component.name for component in built.compiled.stack.components if component.image in missing} <= CANNOT_BE_HAD
    try:
        yield found
    finally:
        found.demo("down")
        for name in (PROJECT, f"touchline-{project}-staging"):
            _forget_volumes(name)


def _forget_volumes(project: str) -> None:
    listed = ["docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}"]
    volumes = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["docker", "volume", "rm", *volumes], capture_output=True, check=False)


def test_the_demo_in_containers(desk: Desk) -> None:
    """One story: each step begins where the one before ended."""
    begun = desk.demo("up")
    assert begun.returncode == 0, begun.stdout[-2000:] + begun.stderr[-4000:]
    assert f"http://127.0.0.1:{16686 + desk.offset}/search?service=football-api" in begun.stdout
    assert f"http://127.0.0.1:{desk.api}/openapi.json" in begun.stdout
    assert "POST" in str(desk.asked(f"{desk.api}/openapi.json")["paths"]["/predictions"]).upper()

    until(desk.covered, COVERED, every=10)
    firing = desk.asked(f"{9090 + desk.offset}/api/v1/query?query=ALERTS{{alertstate=%22firing%22,service!=%22host%22}}")
    absent = {"grafana", "containers"}
    assert {one["metric"].get("service", "") for one in firing["data"]["result"]} - absent == {""}  # the dead man's switch alone
    traces = desk.asked(f"{16686 + desk.offset}/api/traces?service=football-models&limit=20")["data"]
    services = [{process["serviceName"] for process in one["processes"].values()} for one in traces]
    assert {"football-api", "football-models"} in services

    assert desk.demo("down").returncode == 0
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}"]
    assert subprocess.run(left, capture_output=True, text=True, check=True).stdout == ""
