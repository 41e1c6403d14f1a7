"""The two files that run a stack, as text: what they say for every part of the catalogue."""

from __future__ import annotations

import configparser
import dataclasses
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators.build import build
from generators.compile.stack import compile_stack
from generators.emit import compose, supervisord
from generators.ir.stack import Component, Mount, Stack, places
from operate import tools
from tests.stack.plans import ROOT, plan_of


@pytest.fixture(scope="module")
def stack() -> Stack:
    return compile_stack(plan_of("compose"))


@pytest.fixture(scope="module")
def services(stack: Stack) -> dict[str, Any]:
    return dict(yaml.safe_load(compose.emit(stack)[compose.PATH])["services"])


@pytest.mark.engine
def test_compose_accepts_the_file(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(compose.emit(stack)[compose.PATH])
    command = [str(tools.path("docker-compose")), "--file", str(file), "config", "--format", "json"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TOUCHLINE_STATE": str(tmp_path)}
    answer = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "$" not in re.sub(r'"\$\$[^"]*"', "", answer.stdout)
    del env["TOUCHLINE_STATE"]
    refused = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert refused.returncode != 0
    assert "set by touchline deploy" in refused.stderr


@pytest.mark.engine
@pytest.mark.parametrize("environment", ["local", "staging", "production"])
def test_compose_accepts_the_shipped_stack(environment: str, tmp_path: Path) -> None:
    built = build(ROOT / "spec" / "football.yaml", environment, "compose")
    assert not built.failed, [str(fault) for fault in built.faults]
    file = tmp_path / "docker-compose.yml"
    file.write_text(built.files[compose.PATH])
    command = [str(tools.path("docker-compose")), "--file", str(file), "config", "--quiet"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TOUCHLINE_STATE": str(tmp_path)}
    answer = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_every_service_has_the_least_privilege(stack: Stack, services: dict[str, Any]) -> None:
    assert set(services) == {component.name for component in stack.components}
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["pids_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert not {"privileged", "network_mode"} & set(service), name
    assert {name for name, service in services.items() if service["user"].startswith("0")} == {"jaeger-init", "cadvisor"}
    assert {name for name, service in services.items() if "cap_add" in service} == {"jaeger-init", "cadvisor"}
    assert {name for name, service in services.items() if "pid" in service} == {"node-exporter"}


def test_the_exceptions_stand_in_a_table_with_their_reasons(stack: Stack) -> None:
    text = compose.emit(stack)[compose.PATH]
    head = text[: text.index("\nname:")]
    for component in stack.components:
        for given in component.exceptions:
            (line,) = (line for line in head.splitlines() if line.startswith(f"#   {component.name} ") and f" {given} " in line)
            assert line.endswith(component.privileges[given])


def test_no_password_stands_in_the_file_and_every_secret_is_a_file(stack: Stack, services: dict[str, Any]) -> None:
    given = [value for service in services.values() for key, value in service.get("environment", {}).items() if "PASS" in key]
    assert given
    assert all(value.startswith("/touchline/secrets/") for value in given)
    assert {entry["target"] for service in services.values() for entry in service.get("secrets", ())} == set(given)


def test_only_what_people_and_applications_need_is_published(services: dict[str, Any]) -> None:
    shown = {name: len(service["ports"]) for name, service in services.items() if "ports" in service}
    assert shown == {"prometheus": 1, "alertmanager": 1, "grafana": 1, "jaeger": 3, "inbox": 2}


def test_production_has_no_inbox_and_makes_up_no_secret_but_grafanas() -> None:
    plan = plan_of("compose", frozenset({"prometheus", "alertmanager", "grafana", "postgres-exporter"}), production=True)
    stack = compile_stack(plan)
    assert stack.generated == ("grafana_admin_password",)
    assert set(stack.secrets) == {"grafana_admin_password", "postgres_password"}


def test_a_dollar_is_a_dollar(stack: Stack) -> None:
    component = dataclasses.replace(stack.components[0], command=("--x=$HOME",))
    (service,) = yaml.safe_load(compose.emit(dataclasses.replace(stack, components=(component,)))[compose.PATH])[
        "services"
    ].values()
    assert service["command"] == ["--x=$$HOME"]


def test_no_placeholder_is_left(stack: Stack) -> None:
    assert not places(compose.emit(stack)[compose.PATH])
    text = supervisord.emit(compile_stack(plan_of("local")))[supervisord.PATH]
    assert not places(text)
    assert "{" not in text


def test_supervisord_reads_the_file_and_finds_every_local_component(tmp_path: Path) -> None:
    stack = compile_stack(plan_of("local"))
    text = supervisord.emit(stack)[supervisord.PATH]
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    programs = {section.removeprefix("program:") for section in parser.sections() if section.startswith("program:")}
    assert programs == {component.name for component in stack.components if component.binary}
    assert "inet_http_server" not in parser.sections()
    assert str(Path.home()) not in text
    for name in programs:
        assert parser[f"program:{name}"]["autorestart"] == "true"
        said = parser[f"program:{name}"]["command"] + parser[f"program:{name}"]["environment"]
        assert "127.0.0.1:" in said or name == "jaeger"  # jaeger's addresses are in its own file


def test_a_percent_sign_survives_supervisord() -> None:
    component = Component("one", "image:1.0", "1.0", command=("--format=%d {data}",), binary="one")
    text = supervisord.emit(Stack("p", "e", (component,), ()))[supervisord.PATH]
    expanded = re.search(r"^command=(.*)$", text, re.MULTILINE)
    assert expanded
    assert expanded[1] % {"ENV_TOUCHLINE_STATE": "/s p"} == '"/s p/bin/one-1.0" "--format=%d /s p/data/one"'


def test_several_exporters_of_one_kind_share_no_volume() -> None:
    plan = plan_of("compose", frozenset({"prometheus"}))
    first = plan.stack.components["prometheus"]
    second = dataclasses.replace(first, name="prometheus-two")
    both = dataclasses.replace(plan, stack=dataclasses.replace(plan.stack, components={"prometheus": first, "two": second}))
    stack = compile_stack(both)
    assert len(set(stack.volumes)) == 2
    assert [mount for component in stack.components for mount in component.mounts if isinstance(mount, Mount)]


def test_the_same_plan_gives_the_same_bytes() -> None:
    plan = plan_of("compose")
    assert compose.emit(compile_stack(plan)) == compose.emit(compile_stack(plan))
