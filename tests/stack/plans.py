"""A Plan that holds a stack and nothing else, for tests of the stack and of the engines: the catalogue's own parts at the
releases that tools/releases.toml pins, on ports of the test's own."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from generators.ir.contract import Contract
from generators.ir.stack import EngineName
from generators.plan import ComponentPlan, EnvironmentPlan, Goals, Notify, Plan, Project, StackPlan
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("container", "node", "postgres", "redis")
"""The kinds whose exporters images are known for (compile/parts.py)."""

OTHER_RELEASES = {
    "grafana": "13.2.3",
    "inbox": "0.1.0",
    "postgres_exporter": "0.17.1",
    "redis_exporter": "1.74.0",
    "cadvisor": "0.57.0",
}


def releases() -> dict[str, str]:
    """What runs, at which release."""
    pinned = tomllib.loads((ROOT / "tools" / "releases.toml").read_text())
    return {**{name: entry["release"] for name, entry in pinned.items()}, **OTHER_RELEASES}


def catalogue_parts() -> dict[str, dict[str, Any]]:
    """Every part, and the exporters of KINDS, as the catalogue says."""
    catalogue = ROOT / "generators" / "catalogue"
    parts = dict(yaml.safe_load((catalogue / "parts.yaml").read_text())["parts"])
    for kind in KINDS:
        exporter = yaml.safe_load((catalogue / f"{kind}.yaml").read_text())["exporter"]
        parts[exporter.pop("component")] = exporter
    return parts


def inside_ports() -> set[int]:
    """The ports that a stack has on its host without an offset."""
    return {port for part in catalogue_parts().values() for port in part["ports"].values()}


def planned_parts(engine: EngineName = "compose") -> dict[str, ComponentPlan]:
    """Every part as the engine runs it, each port on a free one of this machine."""
    parts = catalogue_parts()
    ports = iter(free_ports(sum(len(part["ports"]) for part in parts.values())))
    return {
        name: ComponentPlan(
            name=name,
            image=part["image"].format(version=releases()[part["release"]]),
            version="" if engine == "local" and "packaged" in part else releases()[part["release"]],
            ports={port: (inside, next(ports)) for port, inside in part["ports"].items()},
            cpus=part.get("cpus", "0.25"),
            memory=part.get("memory", "128m"),
            environment=part.get("environment", {}),
            secrets=part.get("secrets", {}),
            arguments=tuple(part.get("arguments", ())),
            target="db:5432",
            binary=part.get("binary") or part.get("packaged", ""),
            absent_because=part.get("absent_because", ""),
            release=part["release"],
        )
        for name, part in parts.items()
    }


def plan_of(engine: EngineName, names: frozenset[str] | None = None, production: bool = False, project: str = "sample") -> Plan:
    """A Plan with these components, or all."""
    components = {name: part for name, part in planned_parts(engine).items() if names is None or name in names}
    inbox = components.get("inbox")
    return Plan(
        project=Project(project, "platform", {"en": "Sample"}, "en", ("en",)),
        environment=EnvironmentPlan("test", production, {}, {}),
        engine=engine,
        contract=Contract.of(()),
        services=(),
        slos=(),
        alerts=(),
        derived=(),
        notify=Notify((), (), (), (), None, 10, 60, "inbox:9099" if inbox else ""),
        kind_panels=(),
        dashboards=(),
        tracing=None,
        stack=StackPlan(components, 5, 5, 5, 35 * 86400, "20GB"),
        goals=Goals(60, *([Decimal("0.95")] * 4)),
    )
