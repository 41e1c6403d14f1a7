"""The `local` engine with the real binaries: started, changed, reloaded, killed, taken down."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generators.compile.stack import compile_stack
from generators.ir.stack import Stack
from operate import tools
from operate.engines import EngineError, ReloadRefused
from operate.engines.local import LocalEngine
from tests.stack.plans import plan_of
from tests.stack.releases import write_release

pytestmark = pytest.mark.engine
NAMES = frozenset({"prometheus", "alertmanager", "inbox"})
BAD_RULES = "groups: [{name: one, rules: [{record: one, expr: 'rate(%(number)s'}]}]\n"


@dataclasses.dataclass
class Site:
    """One state directory with an engine, and what it said."""

    engine: LocalEngine
    stack: Stack
    said: list[str] = dataclasses.field(default_factory=list)

    def release(self, name: str, **changes: str) -> None:
        write_release(self.engine.state, name, self.stack, "local", **changes)

    def up(self) -> None:
        self.engine.up(self.stack, self.said.append)

    def idents(self) -> dict[str, str]:
        return {seen.component: seen.ident for seen in self.engine.status(self.stack)}

    def health(self) -> dict[str, str]:
        return {seen.component: seen.health for seen in self.engine.status(self.stack)}

    def ask(self, component: str, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.engine.address(component, 'http', self.stack)}{path}", timeout=5) as answer:
            return answer.read().decode()

    def recorded(self) -> str:
        """The expression that Prometheus has for the one rule."""
        return json.loads(self.ask("prometheus", "/api/v1/rules"))["data"]["groups"][0]["rules"][0]["query"]

    def oldest_sample(self) -> str:
        """When the first sample of the rule was taken, "" while there is none."""
        found = json.loads(self.ask("prometheus", "/api/v1/query?query=min_over_time(timestamp(one)[1h:1s])"))["data"]["result"]
        return str(found[0]["value"][1]) if found else ""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    for name in ("prometheus", "alertmanager"):
        tools.path(name)  # `make test` has obtained it; without it this suite cannot say anything
    site = Site(LocalEngine(tmp_path / "a state"), compile_stack(plan_of("local", NAMES)))
    site.release("r1")
    yield site
    site.engine.down(site.stack, site.said.append)
    assert list(site.engine.supervisord.orphans()) == []


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that must happen; the limit only ends a test that has failed."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.1)


def alive(pid: int | str) -> bool:
    """Whether a process runs; one that has ended and only waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_up_runs_everything_and_is_idempotent(site: Site) -> None:
    site.up()
    assert site.health() == dict.fromkeys(NAMES, "running")
    before = site.idents()
    site.up()
    assert site.idents() == before
    assert json.loads(site.ask("inbox", "/api/messages"))["messages"] == []
    assert json.loads(site.ask("alertmanager", "/api/v2/status"))["cluster"]["status"] == "disabled"


def test_a_changed_file_is_a_reload_of_the_same_process(site: Site) -> None:
    site.up()
    before = site.idents()
    site.release("r2", number="2")
    site.up()
    assert site.recorded() == "vector(1)"  # up alone does not touch what only reads files
    site.engine.reload(site.stack, ["prometheus", "alertmanager"], site.said.append)
    assert site.recorded() == "vector(2)"
    assert site.idents() == before


def test_a_refused_reload_says_what_the_engine_says(site: Site) -> None:
    site.up()
    site.release("r2", rules=BAD_RULES)
    with pytest.raises(ReloadRefused, match="failed to reload config"):
        site.engine.reload(site.stack, ["prometheus"], site.said.append)
    site.release("r1")
    site.engine.reload(site.stack, ["prometheus"], site.said.append)
    assert site.recorded() == "vector(1)"


def test_a_changed_command_starts_that_one_anew(site: Site) -> None:
    site.up()
    before = site.idents()
    prometheus, *others = site.stack.components
    changed = dataclasses.replace(prometheus, command=(*prometheus.command, "--log.level=warn"))
    site.stack = dataclasses.replace(site.stack, components=(changed, *others))
    site.release("r2")
    site.up()
    after = site.idents()
    assert {name for name in before if before[name] != after[name]} == {"prometheus"}


def test_what_the_stack_has_no_more_is_stopped(site: Site) -> None:
    site.up()
    (inbox,) = (component for component in site.stack.components if component.name == "inbox")
    pid = int(site.idents()["inbox"])
    site.stack = dataclasses.replace(site.stack, components=tuple(c for c in site.stack.components if c != inbox))
    site.release("r2")
    site.up()
    assert set(site.health()) == NAMES - {"inbox"}
    assert not alive(pid)


def test_a_killed_engine_is_started_again_with_its_data(site: Site) -> None:
    site.up()
    eventually(lambda: bool(site.oldest_sample()))
    first = site.oldest_sample()
    before = site.idents()["prometheus"]
    os.kill(int(before), signal.SIGKILL)
    eventually(lambda: site.health()["prometheus"] == "running" and site.idents()["prometheus"] != before)
    site.up()
    eventually(lambda: bool(site.oldest_sample()))
    assert site.oldest_sample() == first


def test_a_killed_supervisor_leaves_nothing_behind(site: Site) -> None:
    site.up()
    before = site.idents()
    os.kill(int(site.engine.supervisord.call("getPID")), signal.SIGKILL)
    eventually(lambda: not site.engine.supervisord.answers())
    assert site.health() == dict.fromkeys(NAMES, "unhealthy")
    assert {pid for _, pid in site.engine.supervisord.orphans()} == {int(pid) for pid in before.values()}
    site.up()
    assert site.health() == dict.fromkeys(NAMES, "running")
    assert not set(site.idents().values()) & set(before.values())
    assert not any(alive(pid) for pid in before.values())


def test_a_bystander_that_looks_like_ours_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.up()
    with (tmp_path / "log").open("w") as log:
        follower = subprocess.Popen(
            ["tail", "-f", str(site.engine.state / "logs" / "prometheus.log")],
            stdout=log,
            env={**os.environ, "TOUCHLINE_STATE": str(site.engine.state)},
        )
    try:
        os.kill(int(site.engine.supervisord.call("getPID")), signal.SIGKILL)
        site.engine.down(site.stack, site.said.append)
        assert follower.poll() is None
    finally:
        follower.kill()
        follower.wait()


def test_a_taken_port_is_named(site: Site) -> None:
    port = next(port for port in site.stack.components[0].ports if port.name == "http")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port.host_port))
        taken.listen()
        with pytest.raises(EngineError, match=f"port {port.host_port} .* is taken"):
            site.up()


def test_a_program_that_cannot_start_shows_its_own_words(site: Site) -> None:
    prometheus, *others = site.stack.components
    broken = dataclasses.replace(prometheus, command=("--no-such-flag",))
    site.stack = dataclasses.replace(site.stack, components=(broken, *others))
    site.release("r1")
    with pytest.raises(EngineError, match="no-such-flag"):
        site.up()


def test_down_keeps_data_and_secrets(site: Site) -> None:
    site.up()
    site.engine.down(site.stack, site.said.append)
    assert set(site.health().values()) == {"stopped"}
    assert (site.engine.state / "data" / "prometheus").is_dir()
    site.engine.down(site.stack, site.said.append)  # twice is no fault


def test_a_long_state_directory(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    site = Site(LocalEngine(deep), compile_stack(plan_of("local", frozenset({"prometheus", "alertmanager"}))))
    site.release("r1")
    try:
        site.up()
        assert set(site.health().values()) == {"running"}
        assert len(str(site.engine.supervisord.socket)) < 100
    finally:
        site.engine.down(site.stack, site.said.append)


def test_what_cannot_run_is_named() -> None:
    stack = compile_stack(plan_of("local"))
    absent = {one.component: one.because for one in LocalEngine(Path("/nonexistent")).absent(stack)}
    assert "Grafana has no binary" in absent["grafana"]
    assert "cadvisor" in absent
    assert "jaeger-init" not in absent  # a step of the compose engine, not a part that anybody misses


def test_another_release_than_the_pinned_binary_is_not_passed_off_as_it() -> None:
    prometheus = compile_stack(plan_of("local", frozenset({"prometheus"}))).components[0]
    stack = Stack("sample", "test", (dataclasses.replace(prometheus, version="3.15.0"),), ())
    (absent,) = LocalEngine(Path("/nonexistent")).absent(stack)
    assert "3.15.0" in absent.because
