"""`make demo` on a machine without Docker, whole: real databases, both services, users and the stack, until every figure of coverage is
reached and nothing fires; one trace is followed from Prometheus to Jaeger. And what it says where it cannot."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from football_demo import __main__ as demo
from football_demo import missing, places
from football_demo.containers import FILE
from football_demo.faults import FAULTS, ROUNDS, Drill, Outage
from football_demo.missing import PACKAGES
from football_drills.board import NAMES
from generators.ir.rules import AlertingRule
from tests.compiler.specs import ROOT, SHIPPED, built
from tests.football.serving import until
from tests.ports import free_offset, free_ports
from tests.proofs import begin_proven, with_links_of_production
from tests.stack.plans import inside_ports

COVERED = 150.0
"""Seconds after which coverage has reached its targets, or never will: two minutes, and a report's time."""


@dataclass
class Desk:
    """Where the demo is called: ports, state and a copy of the spec that are the test's own."""

    folder: Path
    offset: int
    ports: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        collector = f"http://127.0.0.1:{4318 + self.offset}"
        return {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "OTEL_EXPORTER_OTLP_ENDPOINT": collector}

    @property
    def spec(self) -> Path:
        return self.folder / "spec" / "football.yaml"

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def demo(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        ports = [word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))] if verb == "up" else []
        return self.run("football_demo", verb, "--engine", "local", "--spec", str(self.spec), *ports, *words)

    def prometheus(self, path: str, **words: str) -> Any:
        asked = urllib.parse.urlencode(words)
        with urllib.request.urlopen(f"http://127.0.0.1:{9090 + self.offset}/api/v1/{path}?{asked}", timeout=10) as answer:
            return json.load(answer)["data"]

    def jaeger(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{16686 + self.offset}/api/{path}", timeout=10) as answer:
            return json.load(answer)

    def followed(self) -> bool:
        """Whether the newest traces that exemplars name are in Jaeger, one of them from the API through the models into both databases."""
        found = self.prometheus("query_exemplars", query="http_request_duration_seconds_bucket", start="0", end="9999999999")
        newest = sorted((one for series in found for one in series["exemplars"]), key=lambda one: -one["timestamp"])
        wanted = {"football-api", "football-models", "postgresql", "redis"}
        return any(wanted <= self._reached(one["labels"]["trace_id"]) for one in newest[:20])

    def _reached(self, trace: str) -> set[str]:
        """Services and database systems in a trace that Jaeger keeps; none of one that it has not."""
        try:
            (kept,) = self.jaeger(f"traces/{trace}")["data"]
        except urllib.error.HTTPError:
            return set()
        tags = {str(tag["value"]) for span in kept["spans"] for tag in span["tags"] if tag["key"] == "db.system.name"}
        return tags | {process["serviceName"] for process in kept["processes"].values()}

    def covered(self) -> bool:
        """Whether every figure has reached its target."""
        return self.run("operate", "coverage", "--spec", str(self.spec), "--environment", "local").returncode == 0


@pytest.fixture
def desk(tmp_path: Path, run_folder: Path) -> Iterator[Desk]:
    lacking = missing.missing()
    if lacking:
        pytest.skip(missing.remedy(lacking))
    offset = free_offset(inside_ports())
    found = Desk(tmp_path, offset, dict(zip(("api", "models", "postgres", "redis"), free_ports(4), strict=True)))
    text = with_links_of_production(SHIPPED.read_text()).replace("\n  local:\n", f"\n  local:\n    port_offset: {offset}\n", 1)
    for usual, port in zip((8000, 8001, 5432, 6379), found.ports.values(), strict=True):
        text = text.replace(f"localhost:{usual}'", f"127.0.0.1:{port}'")
    found.spec.parent.mkdir()
    found.spec.write_text(text.replace("mixins/", f"{ROOT}/spec/mixins/"))
    begin_proven(SHIPPED, run_folder, tmp_path / "state/touchline/football-prediction/local")
    try:
        yield found
    finally:
        found.demo("down")
        found.run("football_servers", "down", "--wipe")


@pytest.mark.engine
@pytest.mark.databases
def test_one_command_shows_everything(desk: Desk) -> None:
    """One story: each step begins where the one before ended."""
    begun = desk.demo("up")
    assert begun.returncode == 0, begun.stdout[-2000:] + begun.stderr[-4000:]
    assert f"http://127.0.0.1:{9099 + desk.offset}/" in begun.stdout
    assert "Grafana has no binary" in begun.stdout
    assert desk.prometheus("query", query="up == 0")["result"] == []

    until(desk.covered, COVERED, every=10)
    firing = desk.prometheus("query", query='max_over_time(ALERTS{alertstate="firing",service!="host"}[10m])')["result"]
    assert [one["metric"]["alertname"] for one in firing] == ["DeadMansSwitch"]

    # A trace that an exemplar names goes through both services into both databases, and Jaeger counts what it does not keep.
    assert until(desk.followed, 60)
    calls = desk.jaeger("metrics/calls?service=football-api&quantile=0.95&lookback=300000")
    assert any(point["gaugeValue"]["doubleValue"] > 0 for one in calls["metrics"] for point in one["metricPoints"])

    # A fault is injected, noticed, and over.
    drilled = desk.demo("drill", "errors")
    assert drilled.returncode == 0, drilled.stdout + drilled.stderr
    assert re.search(r"^errors  HighErrorRatio  \d+ s +\d+ s +\d+ s$", drilled.stdout, re.MULTILINE), drilled.stdout

    again = desk.demo("up")
    assert again.returncode == 0, again.stderr[-2000:]
    assert "football-api runs already" in again.stderr or "prediction API runs already" in again.stderr
    assert desk.demo("down").returncode == 0
    assert "stopped by `touchline down`" in desk.run("operate", "status", "--spec", str(desk.spec)).stdout
    told = json.loads(desk.run("football_servers", "status", "--format", "json").stdout)
    assert {one["state"] for one in told["servers"]} == {"stopped"}


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(missing, "FOLDERS", ())
    monkeypatch.setattr(missing, "DEBIAN", tmp_path)
    return tmp_path


def test_all_that_is_missing_is_said_at_once(empty_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["up", "--engine", "local"]) == 2
    told = capsys.readouterr().err
    assert "apt-get install -y --no-install-recommends " + " ".join(PACKAGES) in told
    assert "systemctl disable --now" in told


@pytest.mark.parametrize("package", PACKAGES)
def test_each_is_missed_by_itself(empty_machine: Path, package: str) -> None:
    for name, programs in PACKAGES.items():
        if name != package:
            (empty_machine / programs[-1]).touch(mode=0o755)
    assert missing.missing() == (package,)


def test_a_stack_that_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "missing", lambda: ())
    spec = tmp_path / "spec.yaml"
    spec.write_text("project: {}\n")
    assert demo.main(["up", "--engine", "local", "--spec", str(spec)]) in (1, 2)
    told = capsys.readouterr().err
    assert "demo: " in told
    assert "Traceback" not in told


def test_every_fault_has_an_alert_and_time_to_end() -> None:
    """Those of a round run together, and the next must begin while its alert is quiet."""
    compiled = built(SHIPPED).compiled
    assert compiled is not None
    rules = [rule for file in compiled.rule_files for group in file.groups for rule in group.rules]
    alerts = {rule.alert for rule in rules if isinstance(rule, AlertingRule)}
    rounds = [[fault.alert for fault in faults] for faults in ROUNDS]
    assert {alert for one in rounds for alert in one} <= alerts
    assert all(len(one) == len(set(one)) for one in rounds)
    assert not any(set(before) & set(one) for before, one in itertools.pairwise(rounds))
    drills = {fault.what.name for fault in FAULTS.values() if isinstance(fault.what, Drill)}
    assert set(NAMES) - drills == {"leak"}
    containers = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    assert {fault.what.server for fault in FAULTS.values() if isinstance(fault.what, Outage)} <= set(containers)


def test_a_fault_that_nobody_knows_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["drill", "redis-stoped"]) == 2
    assert "no fault is called redis-stoped; there are latency, " in capsys.readouterr().err


def test_pages_that_an_engine_has_not_are_not_promised() -> None:
    here = {place.at: "127.0.0.1:1" for place in places.PLACES if place.title != "Grafana"}
    local = "\n".join(places.table(here, "local", {"grafana": "none is built here"}))
    compose = "\n".join(places.table(here | {"grafana http": "127.0.0.1:3000"}, "compose", {}))
    assert "Grafana       - none is built here" in local
    assert "/api/traces?service=football-api" in local
    assert "http://127.0.0.1:3000/" in compose
    assert "/api/traces" not in compose
