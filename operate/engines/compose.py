"""The `compose` engine: containers of a Docker engine. In: the released compose file, read through `releases/current`. Out: its
services, running and healthy. Works through the docker command line and the compose plugin (or our own build of it)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from generators.ir.stack import Component, EngineName, Stack
from operate import tools
from operate.engines import Absent, EngineError, Health, Running, Say
from operate.engines.images import PULL, QUICK, Images, docker, last_line
from operate.engines.probe import named, patience, provide_secrets, published, reload_each, wait_ready
from operate.live import http

SOURCE = Path(__file__).resolve().parents[2]
PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
PASSING = ("Creating", "Created", "Starting", "Waiting", "Running", "Recreate", "Stopping", "Removing")
"""Steps of compose that the next line brings to an end: not worth a line each."""

ASKS = "inbox"
"""Whose container asks what only the stack's network knows: our own image, so that we know what it holds. In production it does not run."""
QUESTION = """
import sys, urllib.error, urllib.request
try:
    sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=8).read().decode("utf-8", "replace"))
except urllib.error.HTTPError as error:
    print(error.code, error.reason), sys.exit(1)
except OSError as error:
    print(0, getattr(error, "reason", error)), sys.exit(1)
"""

NOBODY: frozenset[str] = frozenset()


class ComposeEngine:
    """One stack's containers. `may_be_absent` names the components that are left out, and reported, where their image can
    neither be found nor pulled; for every other one that is an error."""

    def __init__(self, state: Path, may_be_absent: frozenset[str] = NOBODY) -> None:
        self.state = state
        self.images = Images(state / "absent.json", may_be_absent)

    @property
    def name(self) -> EngineName:
        return "compose"

    def available(self) -> str:
        if shutil.which("docker") is None:
            return "no `docker` command"
        try:
            answer = docker(["version", "--format", "{{.Server.Version}}"])
        except EngineError as failed:
            return failed.what
        return "" if answer.returncode == 0 else "no Docker engine answers: " + last_line(answer.stderr)

    def lacking(self) -> Mapping[str, str]:
        return {}

    def absent(self, stack: Stack) -> tuple[Absent, ...]:
        return tuple(Absent(component.name, why) for component in stack.components if (why := self.images.why_not(component)))

    def up(self, stack: Stack, say: Say) -> None:
        self.images.obtain(stack, lambda component: self._build(component, say), say)
        here = self._here(stack)
        provide_secrets(stack, here, self.state / "secrets")
        say(f"starting {len(here)} services of {stack.unit}")
        limit = max((patience(component) for component in here), default=60)
        waiting = ["--wait", "--wait-timeout", str(limit)]
        self._compose(stack, ["up", "--detach", "--remove-orphans", *waiting, *(c.name for c in here)], say, limit + PULL)
        wait_ready(here, self._hands(stack), say)

    def reload(self, stack: Stack, components: Sequence[str], say: Say) -> None:
        reload_each(named(stack, components, lambda component: not self.images.why_not(component)), self._hands(stack), say)

    def status(self, stack: Stack) -> tuple[Running, ...]:
        containers = self._containers(stack)
        return tuple(_running(component, containers.get(component.name)) for component in self._here(stack))

    def down(self, stack: Stack, say: Say) -> None:
        say(f"stopping {stack.unit}")
        grace = max((component.stop_grace for component in stack.components), default=30)
        # By the project's name alone: what runs is taken down even where no release describes it any more.
        self._run([*self._plugin(say), "--project-name", stack.unit, "down", "--remove-orphans"], say, 4 * grace + 60)

    def answer(self, url: str, stack: Stack) -> str:
        try:
            return http.get_text(url)
        except http.Unreachable as error:
            container = None if error.status else self._containers(stack).get(ASKS)
            if container is None:
                raise
        told = docker(["exec", container["Id"], "python", "-c", QUESTION, url])
        if told.returncode == 0:
            return told.stdout
        status, _, why = (told.stdout.strip() or f"0 {last_line(told.stderr)}").partition(" ")
        raise http.Unreachable(url, why, int(status))

    def address(self, component: str, port: str, stack: Stack) -> str:
        found = next((c for c in stack.components if c.name == component and not self.images.why_not(c)), None)
        return published(found, port) if found else ""

    def _here(self, stack: Stack) -> tuple[Component, ...]:
        return tuple(component for component in stack.components if not self.images.why_not(component))

    def _build(self, component: Component, say: Say) -> None:
        file = SOURCE / component.build_dockerfile
        self._run(["docker", "build", "--file", str(file), "--tag", component.image, str(SOURCE)], say, PULL)

    def _containers(self, stack: Stack) -> dict[str, dict[str, Any]]:
        """What `docker inspect` says of the stack's containers, by component."""
        listed = docker(["ps", "--all", "--quiet", "--filter", f"label={PROJECT_LABEL}={stack.unit}"])
        if listed.returncode != 0:
            raise EngineError("", "the Docker engine refused: " + last_line(listed.stderr))
        if not (found := listed.stdout.split()):
            return {}
        # A container may vanish between the two questions; inspect still prints the others.
        told = json.loads(docker(["inspect", *found]).stdout or "[]")
        return {container["Config"]["Labels"][SERVICE_LABEL]: container for container in told}

    def _hands(self, stack: Stack) -> _Hands:
        return _Hands(self, stack)

    def _compose(self, stack: Stack, arguments: Sequence[str], say: Say, limit: int) -> None:
        file = self.state / "releases" / "current" / "compose" / "docker-compose.yml"
        self._run([*self._plugin(say), "--project-name", stack.unit, "--file", str(file), *arguments], say, limit)

    def _plugin(self, say: Say) -> list[str]:
        if self._has_plugin:
            return ["docker", "compose", "--progress", "plain"]
        try:
            return [str(tools.ensure(["docker-compose"], say)["docker-compose"]), "--progress", "plain"]
        except tools.ToolMissing as missing:
            raise EngineError("", str(missing)) from missing

    @cached_property
    def _has_plugin(self) -> bool:
        return docker(["compose", "version"]).returncode == 0

    def _run(self, command: Sequence[str], say: Say, limit: int) -> None:
        """Run a long command, passing on what it prints; its last lines are the reason when it fails."""
        # COMPOSE_FILE, COMPOSE_PROFILES and the like of the caller's shell are about other stacks.
        env = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        env |= {"TOUCHLINE_STATE": str(self.state), "TOUCHLINE_SOURCE": str(SOURCE)}
        printed: list[str] = []
        with subprocess.Popen(
            ["timeout", str(limit), *command] if shutil.which("timeout") else list(command),
            cwd=self.state, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            for line in process.stdout or ():
                if words := line.strip():
                    printed.append(words)
                    if not words.endswith(PASSING):
                        say(words)
        if process.returncode != 0:
            raise EngineError("", f"`{_verb(command)}` failed: " + "\n".join(printed[-8:]))


class _Hands:
    """The compose engine's own ways of signalling, restarting and looking."""

    def __init__(self, engine: ComposeEngine, stack: Stack) -> None:
        self.engine = engine
        self.stack = stack

    def signal(self, component: Component, name: str) -> None:
        self._do(component, ["kill", "--signal", name])

    def restart(self, component: Component) -> None:
        self._do(component, ["restart"])

    def look(self, component: Component) -> Running:
        return _running(component, self.engine._containers(self.stack).get(component.name))

    def last_words(self, component: Component) -> str:
        container = self.engine._containers(self.stack).get(component.name)
        if container is None:
            return ""
        answer = docker(["logs", "--tail", "10", container["Id"]])
        return (answer.stdout + answer.stderr).strip()

    def _do(self, component: Component, verb: list[str]) -> None:
        container = self.engine._containers(self.stack).get(component.name)
        if container is None:
            raise EngineError(component.name, "has no container", "Run `touchline deploy`.")
        answer = docker([*verb, container["Id"]], component.stop_grace + QUICK)
        if answer.returncode != 0:
            raise EngineError(component.name, last_line(answer.stderr))


def _running(component: Component, container: dict[str, Any] | None) -> Running:
    if container is None:
        return Running(component.name, "stopped", "no container")
    state = container["State"]
    health, detail = _health(component, state)
    since = state["StartedAt"][:19] + "Z" if state["Status"] == "running" else ""  # UTC; nobody needs its nanoseconds
    return Running(component.name, health, detail, container["Id"], since, container["RestartCount"])


def _health(component: Component, state: dict[str, Any]) -> tuple[Health, str]:
    """A container's state (https://docs.docker.com/reference/cli/docker/inspect/) in our words, with the reason of a bad one."""
    if state["Status"] == "running":
        told = state.get("Health", {"Status": "healthy"})
        if told["Status"] == "unhealthy":
            return "unhealthy", (told.get("Log") or [{}])[-1].get("Output", "").strip()
        return ("starting", "") if told["Status"] == "starting" else ("running", "")
    if state["Status"] == "exited" and component.one_shot and state["ExitCode"] == 0:
        return "done", ""
    detail = f"{state['Status']}, exit code {state['ExitCode']}" + (f": {state['Error']}" if state["Error"] else "")
    return ("starting" if state["Status"] in ("created", "restarting") else "stopped"), detail


def _verb(command: Sequence[str]) -> str:
    """The command in two words, for a message."""
    verb = next((word for word in command if word in ("up", "down", "build")), command[-1])
    return f"docker {'build' if verb == 'build' else 'compose ' + verb}"
