"""The `compose` engine on a real Docker engine: every service of the catalogue that can be had, from the generated file,
started with its health check, changed, reloaded in the same containers, taken down."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generators.compile.stack import compile_stack
from generators.ir.stack import Stack
from operate.engines import EngineError, ReloadRefused
from operate.engines.compose import PROJECT_LABEL, ComposeEngine
from tests.stack import images
from tests.stack.plans import plan_of
from tests.stack.releases import write_release

pytestmark = pytest.mark.stack

CANNOT_BE_HAD = frozenset({"grafana"})
"""What no machine without a registry can make an image of. Where it can be pulled it runs, in the same test."""

BAD_RULES = "groups: [{name: one, rules: [{record: one, expr: 'rate(%(number)s'}]}]\n"


@dataclasses.dataclass
class Site:
    engine: ComposeEngine
    stack: Stack
    missing: frozenset[str]
    said: list[str] = dataclasses.field(default_factory=list)

    def release(self, name: str, **changes: str) -> None:
        write_release(self.engine.state, name, self.stack, "compose", **changes)

    def up(self) -> None:
        self.engine.up(self.stack, self.said.append)

    def idents(self) -> dict[str, str]:
        return {seen.component: seen.ident for seen in self.engine.status(self.stack)}

    def recorded(self) -> str:
        address = self.engine.address("prometheus", "http", self.stack)
        with urllib.request.urlopen(f"http://{address}/api/v1/rules", timeout=5) as answer:
            return json.load(answer)["data"]["groups"][0]["rules"][0]["query"]


@pytest.fixture(scope="module")
def site(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("state")
    stack = compile_stack(plan_of("compose", project="engine-test"))
    missing = images.provide(component.image for component in stack.components)
    absent = {component.name for component in stack.components if component.image in missing}
    site = Site(ComposeEngine(state, CANNOT_BE_HAD), stack, frozenset(absent))
    try:
        site.release("r1")
        site.up()
        yield site
    finally:
        site.engine.down(stack, site.said.append)
    listed = ["docker", "volume", "ls", "--quiet", "--filter", f"label={PROJECT_LABEL}={stack.unit}"]
    volumes = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    assert len(volumes) == len(stack.volumes) - len({"grafana"} & absent)  # down takes no data away
    subprocess.run(["docker", "volume", "rm", *volumes], capture_output=True, check=True)


def inspected(site: Site, component: str) -> dict[str, Any]:
    told = subprocess.run(["docker", "inspect", site.idents()[component]], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)[0]


def test_only_what_cannot_be_had_is_absent(site: Site) -> None:
    assert {one.component for one in site.engine.absent(site.stack)} == site.missing
    assert site.missing <= CANNOT_BE_HAD


def test_every_service_is_healthy_by_its_own_check(site: Site) -> None:
    seen = {one.component: one for one in site.engine.status(site.stack)}
    assert {name: one.health for name, one in seen.items() if one.health != "running"} == {"jaeger-init": "done"}
    for component in site.stack.components:
        if component.health and component.name in seen:
            told = inspected(site, component.name)["State"]["Health"]
            assert told["Status"] == "healthy", component.name


def test_what_runs_has_the_least_privilege(site: Site) -> None:
    for component in site.stack.components:
        if component.name not in site.missing:
            told = inspected(site, component.name)
            host = told["HostConfig"]
            assert host["CapDrop"] == ["ALL"]
            assert sorted(name.removeprefix("CAP_") for name in host["CapAdd"] or []) == sorted(component.capabilities)
            assert host["ReadonlyRootfs"] is component.read_only
            assert "no-new-privileges:true" in host["SecurityOpt"]
            assert host["Privileged"] is False
            assert host["Memory"] > 0
            assert host["PidsLimit"] > 0
            assert told["Config"]["User"] == component.user
            bound = [binding["HostIp"] for bindings in (host["PortBindings"] or {}).values() for binding in bindings]
            assert set(bound) <= {"127.0.0.1"}


def test_up_again_changes_nothing(site: Site) -> None:
    before = site.idents()
    site.up()
    assert site.idents() == before


def test_a_change_is_a_reload_in_the_same_containers(site: Site) -> None:
    before, since = site.idents(), {one.component: one.since for one in site.engine.status(site.stack)}
    site.release("r2", number="2")
    site.up()
    site.engine.reload(site.stack, ["prometheus", "alertmanager"], site.said.append)
    assert site.recorded() == "vector(2)"
    assert site.idents() == before
    assert {one.component: one.since for one in site.engine.status(site.stack)} == since


def test_a_restart_keeps_the_container(site: Site) -> None:
    before, since = site.idents(), {one.component: one.since for one in site.engine.status(site.stack)}
    site.engine.reload(site.stack, ["jaeger"], site.said.append)
    assert site.idents() == before
    assert [one.component for one in site.engine.status(site.stack) if one.since != since[one.component]] == ["jaeger"]


def test_a_refused_reload_says_what_the_engine_says(site: Site) -> None:
    site.release("r3", rules=BAD_RULES)
    with pytest.raises(ReloadRefused, match="failed to reload config"):
        site.engine.reload(site.stack, ["prometheus"], site.said.append)
    site.release("r1")
    site.engine.reload(site.stack, ["prometheus"], site.said.append)
    assert site.recorded() == "vector(1)"


def test_a_changed_command_starts_that_one_anew(site: Site) -> None:
    before, stack = site.idents(), site.stack
    changed = tuple(
        dataclasses.replace(c, command=(*c.command, "--log.level=warn")) if c.name == "alertmanager" else c
        for c in stack.components
    )
    site.stack = dataclasses.replace(stack, components=changed)
    try:
        site.release("r4")
        site.up()
        after = site.idents()
        assert [name for name in before if before[name] != after[name]] == ["alertmanager"]
    finally:
        site.stack = stack
        site.release("r1")
        site.up()


def test_a_killed_container_comes_back(site: Site) -> None:
    subprocess.run(["docker", "kill", site.idents()["alertmanager"]], capture_output=True, check=True)
    site.up()  # a container that somebody killed is not restarted by Docker; the next deployment converges
    assert {one.component: one.health for one in site.engine.status(site.stack)}["alertmanager"] == "running"


def test_an_image_that_cannot_be_had_is_an_error_unless_it_may_be_absent(docker: None, tmp_path: Path) -> None:
    (prometheus,) = compile_stack(plan_of("compose", frozenset({"prometheus"}))).components
    nowhere = dataclasses.replace(prometheus, image="touchline.invalid/nothing:1.0.0")
    stack = Stack("nowhere", "test", (nowhere,), ())
    with pytest.raises(EngineError, match=r"touchline\.invalid/nothing:1\.0\.0 cannot be pulled"):
        ComposeEngine(tmp_path).up(stack, lambda words: None)
    (absent,) = ComposeEngine(tmp_path, frozenset({"prometheus"})).absent(stack)
    assert absent.component == "prometheus"
