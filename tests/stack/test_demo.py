"""The same demo in containers: databases, both services and users beside the generated compose file, in its network, until every figure of
coverage that asks the stack is reached; then every selector of what runs meets something, and the containers are seen as the catalogue
says. Images are the official ones where they can be pulled, else stand-ins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from football_demo.containers import FILE, PROJECT
from generators.build import build, plan_of
from generators.promql import parse, text_of
from generators.slo import SCRAPES_PER_RATE
from operate.coverage.conditions import judged
from operate.engines.compose import PROJECT_LABEL
from tests.compiler.specs import ROOT, SHIPPED
from tests.engines.test_exporters import catalogue, exported
from tests.football.serving import until
from tests.ports import free_offset, free_ports
from tests.proofs import begin_proven, with_links_of_production
from tests.stack import images
from tests.stack.plans import inside_ports
from tests.stack.test_compose import CANNOT_BE_HAD

pytestmark = pytest.mark.stack

COVERED = 240.0
"""Seconds after which coverage has reached its targets, or never will."""
ASKS = "cAdvisor asks the engine at /var/run/docker.sock where that runs; .ci/run starts one so"
COUNTED = 60.0
"""Seconds after which a start is counted: cAdvisor looks, and Prometheus asks it."""


@dataclass(frozen=True)
class Desk:
    """Where the demo is called: a copy of the shipped spec, state and ports that are the test's own."""

    folder: Path
    offset: int
    api: int
    unit: str
    application: str

    @property
    def spec(self) -> Path:
        return self.folder / "spec" / "football.yaml"

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "FOOTBALL_API_PORT": str(self.api),
            PROJECT: self.application,
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

    def unmet(self) -> list[dict[str, Any]]:
        """The selectors and conditions that meet nothing, each with its reason."""
        return list(json.loads(self.touchline("coverage", "--selectors", "--format", "json").stdout)["unmet"])

    def prometheus(self, what: str, **parameters: str) -> Any:
        path = f"{9090 + self.offset}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        return self.asked(path)["data"]

    def series(self, query: str) -> list[dict[str, str]]:
        return [one["metric"] for one in self.prometheus("query", query=query)["result"]]

    def containers(self) -> set[str]:
        """The names of the containers of the stack that run."""
        listed = ["docker", "ps", "--format", "{{.Names}}", "--filter", f"label={PROJECT_LABEL}={self.unit}"]
        return set(subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split())

    def asked(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{path}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def desk(docker: None, tmp_path: Path, run_folder: Path) -> Iterator[Desk]:
    project = f"demo-test-{os.getpid()}"  # a demo that somebody runs is not touched
    found = Desk(tmp_path, free_offset(inside_ports()), free_ports(1)[0], f"touchline-{project}-staging", f"{project}-football")
    text = with_links_of_production(SHIPPED.read_text(), "staging")
    text = text.replace("\n  staging:\n", f"\n  staging:\n    port_offset: {found.offset}\n", 1)
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
        for name in (found.application, found.unit):
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
    firing = desk.series('ALERTS{alertstate="firing",service!="host"}')
    assert {one.get("service", "") for one in firing} - CANNOT_BE_HAD == {""}  # the dead man's switch alone
    mine = desk.containers()
    assert mine <= {one["name"] for one in desk.series('container_last_seen{name!="",image!=""}')}, ASKS
    _whatever_is_asked_of_what_runs_meets_something(desk)
    _containers_are_seen_as_the_catalogue_says(desk, mine)
    _a_start_is_counted(desk, next(name for name in mine if "redis-exporter" in name))
    traces = desk.asked(f"{16686 + desk.offset}/api/traces?service=football-models&limit=20")["data"]
    services = [{process["serviceName"] for process in one["processes"].values()} for one in traces]
    assert {"football-api", "football-models"} in services

    assert desk.demo("down").returncode == 0
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={desk.application}"]
    assert subprocess.run(left, capture_output=True, text=True, check=True).stdout == ""


def _whatever_is_asked_of_what_runs_meets_something(desk: Desk) -> None:
    """Of every rule, panel and runbook; what has no series because it does not run here can be the metrics of what cannot be had alone."""
    without = [one for one in desk.unmet() if one["reason"] in (None, "containers")]
    assert [one for one in without if not any(name in one["because"] for name in CANNOT_BE_HAD)] == []


def _containers_are_seen_as_the_catalogue_says(desk: Desk, mine: set[str]) -> None:
    """Every metric of the kind, with its type and its labels, of each of them; and often enough for a panel."""
    told = {one["metric"]: one["type"] for one in desk.prometheus("targets/metadata", match_target='{job="containers"}')}
    (target,) = desk.series('up{job="containers"} == 1')
    for name, metric in exported("container").items():
        found = desk.series(f'{name}{{name!=""}}')
        assert told[name] == metric["kind"]
        assert mine <= {one["name"] for one in found}, f"{name} is not told of every container"
        assert set().union(*found) - target.keys() == set(metric["labels"]), name

    plan, _ = plan_of(desk.spec, "staging", "compose")
    assert plan is not None
    window = SCRAPES_PER_RATE * plan.stack.scrape_interval
    assert mine <= {one["name"] for one in desk.series(f'rate(container_cpu_usage_seconds_total{{name!=""}}[{window}s])')}


def _a_start_is_counted(desk: Desk, again: str) -> None:
    """By the condition of the alert, without its comparison: a container that Docker starts again is the same container."""
    subprocess.run(["docker", "restart", "-t", "0", again], capture_output=True, check=True)
    restarts = text_of(judged(parse(catalogue("container")["alerts"]["ContainerRestarting"]["when"])))
    until(lambda: again in {one["name"] for one in desk.series(f"{restarts} > 0")}, COUNTED)
