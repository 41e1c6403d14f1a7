"""The stack's checks: the catalogue's own stack is without fault, and each fault planted is found, alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, cast

import pytest

from generators.checks.stack import CHECKS
from generators.compile.stack import compile_stack
from generators.fault import Fault
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract
from generators.ir.dashboards import Grafana
from generators.ir.scrape import Prometheus, ScrapeJob, Target
from generators.ir.stack import Component, Mount, Stack
from tests.stack.plans import plan_of

NOT_LOOKED_AT = cast(Any, None)


def compiled(stack: Stack, alertmanager: str = "alertmanager:9093", target: str = "prometheus:9090") -> Compiled:
    return Compiled(
        project="sample",
        environment="test",
        engine="compose",
        contract=Contract.of(()),
        prometheus=Prometheus(5, 5, 5, {}, (), (ScrapeJob("one", (Target((target,)),)),), (alertmanager,)),
        rule_files=(),
        alerting=NOT_LOOKED_AT,
        grafana=cast(Grafana, type("NoGrafana", (), {"datasources": ()})()),
        tracing=None,
        stack=stack,
        runbooks=(),
    )


def faults(what: Compiled) -> list[Fault]:
    return [fault for check in CHECKS for fault in check(what)]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return compile_stack(plan_of("compose"))


def test_the_catalogues_stack_is_without_fault(stack: Stack) -> None:
    assert faults(compiled(stack)) == []
    local = dataclasses.replace(compiled(compile_stack(plan_of("local"))), engine="local")
    ports = {component.name: component.port("http").host_port for component in local.stack.components if component.binary}
    prometheus = dataclasses.replace(local.prometheus, alertmanagers=(f"127.0.0.1:{ports['alertmanager']}",))
    assert faults(dataclasses.replace(local, prometheus=prometheus)) == []


def first(**changes: Any) -> Callable[[Stack], Stack]:
    """The stack with its first component (Prometheus) changed."""
    return lambda stack: dataclasses.replace(
        stack, components=(dataclasses.replace(stack.components[0], **changes), *stack.components[1:])
    )


def with_port(**changes: Any) -> Callable[[Stack], Stack]:
    def change(stack: Stack) -> Stack:
        return first(ports=(dataclasses.replace(stack.components[0].ports[0], **changes),))(stack)

    return change


def like_the_second(stack: Stack) -> Stack:
    return with_port(host_port=stack.components[1].ports[0].host_port)(stack)


@pytest.mark.parametrize(
    ("change", "fault", "word"),
    [
        (first(image="prom/prometheus"), "stack-image", "floats"),
        (first(image="prom/prometheus:latest"), "stack-image", "floats"),
        (first(image="localhost:5000/prometheus"), "stack-image", "floats"),
        (first(image="prom/prometheus:v3"), "stack-image", "floats"),
        (like_the_second, "stack-port", "would both listen"),
        (with_port(address="0.0.0.0"), "stack-exposed", "0.0.0.0"),
        (first(mounts=(Mount("volume", "nowhere", "/prometheus"),)), "stack-missing", "volume 'nowhere'"),
        (first(networks=("monitoring", "other")), "stack-missing", "network 'other'"),
        (first(secrets=("unknown",)), "stack-missing", "secret 'unknown'"),
        (first(depends_on=("nobody",)), "stack-missing", "component 'nobody'"),
        (first(command=("--x={port:nope}",)), "stack-missing", "port 'nope'"),
        (first(ready_port="nope"), "stack-missing", "port 'nope'"),
        (lambda stack: dataclasses.replace(stack, volumes=(*stack.volumes, "lost")), "stack-unused", "volume 'lost'"),
        (lambda stack: dataclasses.replace(stack, secrets=(*stack.secrets, "lost")), "stack-unused", "secret 'lost'"),
        (lambda stack: dataclasses.replace(stack, networks=(*stack.networks, "lost")), "stack-unused", "network 'lost'"),
        (
            lambda stack: first(mounts=(*stack.components[0].mounts, Mount("tmpfs", "1m", "/prometheus")))(stack),
            "stack-mount",
            "two mounts at /prometheus",
        ),
        (first(health=None), "stack-health", "no health check"),
        (first(capabilities=("SYS_ADMIN",)), "stack-privilege", "capability SYS_ADMIN"),
        (first(user="0:0"), "stack-privilege", "user root"),
        (first(read_only=False), "stack-privilege", "writable root"),
        (first(pid_host=True), "stack-privilege", "processes of the host"),
        (first(privileges={"user root": "no more"}), "stack-privilege", "which it is not given"),
    ],
)
def test_a_planted_fault_is_found_alone(stack: Stack, change: Callable[[Stack], Stack], fault: str, word: str) -> None:
    found = faults(compiled(change(stack)))
    # A volume that is used no more is a second truth, not an echo.
    assert [one.id for one in found if (one.id, "prometheus-data" in one.what) != ("stack-unused", True)] == [fault]
    assert word in next(one for one in found if one.id == fault).what


@pytest.mark.parametrize(("alertmanager", "target"), [("alertmanager:9999", "db:5432"), ("elsewhere:9093", "db:5432")])
def test_an_alertmanager_that_nobody_runs_is_refused(stack: Stack, alertmanager: str, target: str) -> None:
    (fault,) = faults(compiled(stack, alertmanager, target))
    assert fault.id == "stack-address"
    assert alertmanager in fault.what


def test_a_target_of_our_own_must_be_a_port_it_has(stack: Stack) -> None:
    (fault,) = faults(compiled(stack, target="prometheus:9999"))
    assert "prometheus:9999" in fault.what
    assert faults(compiled(stack, target="database.example:9999")) == []


def test_every_fault_says_where_and_how_to_mend_it(stack: Stack) -> None:
    broken = dataclasses.replace(
        stack, components=tuple(dataclasses.replace(c, image="x", health=None) for c in stack.components)
    )
    assert all(fault.fix and fault.what and isinstance(fault.where.line, int) for fault in faults(compiled(broken)))
    assert isinstance(stack.components[0], Component)
