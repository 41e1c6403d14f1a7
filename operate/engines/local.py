"""The `local` engine: the real binaries as processes of this machine, under supervisord. In: the released supervisord.conf, read
through `releases/current`. Out: its programs, running and ready. Needs no root and no containers; data stays in the state."""

from __future__ import annotations

import datetime
import os
import shlex
import shutil
import sys
import xmlrpc.client
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generators.ir.stack import Component, EngineName, Stack
from operate import packaged, tools
from operate.engines import Absent, EngineError, Health, Running, Say
from operate.engines.probe import LOOPBACK, named, provide_secrets, published, reload_each, wait_ready
from operate.engines.supervisor import Supervisord, port_taken
from operate.live import http

SOURCE = Path(__file__).resolve().parents[2]
OURS = {"inbox": "services.inbox"}
"""Binaries that are modules of this project, run by this interpreter."""

_HEALTH: dict[str, Health] = {
    "RUNNING": "running",
    "STARTING": "starting",
    "BACKOFF": "unhealthy",
    "FATAL": "unhealthy",
    "STOPPING": "stopped",
    "STOPPED": "stopped",
    "EXITED": "stopped",
    "UNKNOWN": "unhealthy",
}
NOT_RUNNING, ALREADY_STARTED = 70, 60  # supervisor.xmlrpc.Faults


class LocalEngine:
    """One stack's processes."""

    def __init__(self, state: Path) -> None:
        self.state = state.resolve()
        self.supervisord = Supervisord(self.state)

    @property
    def name(self) -> EngineName:
        return "local"

    def available(self) -> str:
        return "" if os.name == "posix" else "supervisord needs a POSIX system"

    def lacking(self) -> Mapping[str, str]:
        return packaged.lacking()

    def absent(self, stack: Stack) -> tuple[Absent, ...]:
        return tuple(
            Absent(component.name, why)
            for component in stack.components
            if not component.one_shot and (why := self._why_not(component))
        )

    def up(self, stack: Stack, say: Say) -> None:
        self._obtain(stack, say)
        here = self._here(stack)
        provide_secrets(stack, here, self.state / "secrets")
        for component in here:
            (self.state / "data" / component.name).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._link(component)
        (self.state / "logs").mkdir(exist_ok=True)
        if not self.supervisord.config.exists():
            raise EngineError("", f"{self.supervisord.config} is missing", "This release was built for another engine.")
        if self.supervisord.answers():
            self._take_changes(say)
        else:
            self.supervisord.start(say)
        for component in here:
            self._start(component, say)
        wait_ready(here, self, say)

    def reload(self, stack: Stack, components: Sequence[str], say: Say) -> None:
        reload_each(named(stack, components, lambda component: not self._why_not(component)), self, say)

    def status(self, stack: Stack) -> tuple[Running, ...]:
        return tuple(self.look(component) for component in self._here(stack))

    def down(self, stack: Stack, say: Say) -> None:
        say(f"stopping {stack.unit}")
        self.supervisord.stop(sum(component.stop_grace for component in stack.local) + 10, say)

    def answer(self, url: str, stack: Stack) -> str:
        return http.get_text(url)

    def address(self, component: str, port: str, stack: Stack) -> str:
        found = next((c for c in stack.local if c.name == component and not self._why_not(c)), None)
        return published(found, port) if found else ""

    def signal(self, component: Component, name: str) -> None:
        self._call(component, "signalProcess", component.name, name)

    def restart(self, component: Component) -> None:
        self._call(component, "stopProcess", component.name, passing=NOT_RUNNING)
        self._call(component, "startProcess", component.name, False)

    def look(self, component: Component) -> Running:
        try:
            told: dict[str, Any] = self.supervisord.call("getProcessInfo", component.name)
        except xmlrpc.client.Fault:
            return Running(component.name, "stopped", "not under supervision")
        except (OSError, xmlrpc.client.ProtocolError):
            return self._unsupervised(component)
        health = _HEALTH[told["statename"]]
        if health != "running":
            detail = f"{told['statename'].lower()}: {told['spawnerr'] or told['description']}"
            return Running(component.name, health, detail)
        since = datetime.datetime.fromtimestamp(told["start"], datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Running(component.name, health, "", str(told["pid"]), since)

    def last_words(self, component: Component) -> str:
        try:
            lines = (self.state / "logs" / f"{component.name}.log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-10:])

    def _unsupervised(self, component: Component) -> Running:
        for name, pid in self.supervisord.orphans():
            if name == component.name:
                return Running(name, "unhealthy", "runs, but its supervisor is gone; `touchline deploy` mends that", str(pid))
        return Running(component.name, "stopped", "no supervisord runs")

    def _here(self, stack: Stack) -> tuple[Component, ...]:
        return tuple(component for component in stack.local if not self._why_not(component))

    def _why_not(self, component: Component) -> str:
        """Why a component cannot run here; "" when it can. Only looks."""
        if not component.binary:
            return component.absent_because or "it runs from its image only"
        if component.binary in OURS:
            return ""
        if component.binary in packaged.PACKAGED:
            return packaged.find(component.binary).why_not
        pinned = tools.releases().get(component.binary)
        if pinned is None:
            return "" if shutil.which(component.binary) else f"there is no `{component.binary}` on PATH"
        if component.version and pinned.release != component.version:
            return f"the spec asks for {component.binary} {component.version}, tools/releases.toml pins {pinned.release}"
        try:
            tools.path(component.binary)
        except tools.ToolMissing as missing:
            return str(missing)
        return ""

    def _obtain(self, stack: Stack, say: Say) -> None:
        """Find or build the binaries we know how to build; one that cannot be had is absent, and named so."""
        for component in stack.local:
            if component.binary in tools.releases() and self._why_not(component):
                try:
                    tools.ensure([component.binary], say)
                except tools.ToolMissing as missing:
                    say(str(missing))

    def _link(self, component: Component) -> None:
        """Make the component's program appear under `bin`: supervisord.conf names it by its release, on every machine alike."""
        folder = self.state / "bin"
        folder.mkdir(mode=0o700, exist_ok=True)
        fresh, final = folder / f".{component.program}.{os.getpid()}", folder / component.program
        fresh.unlink(missing_ok=True)
        if component.binary in OURS:
            path = f"export PYTHONPATH={shlex.quote(str(SOURCE))}"
            fresh.write_text(f'#!/bin/sh\n{path}\nexec {shlex.quote(sys.executable)} -m {OURS[component.binary]} "$@"\n')
            fresh.chmod(0o700)
        else:
            fresh.symlink_to(_program(component.binary))
        fresh.replace(final)

    def _take_changes(self, say: Say) -> None:
        """Let supervisord read its configuration again: programs whose command changed or that are gone are stopped."""
        try:
            ((added, changed, removed),) = self.supervisord.call("reloadConfig")
        except xmlrpc.client.Fault as fault:
            raise EngineError("", f"supervisord refuses its configuration: {fault.faultString}") from fault
        for name in [*changed, *removed]:
            say(f"stopping {name}: " + ("how it runs has changed" if name in changed else "the stack has it no more"))
            self.supervisord.call("stopProcessGroup", name)
            self.supervisord.call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self.supervisord.call("addProcessGroup", name)

    def _start(self, component: Component, say: Say) -> None:
        if self.look(component).health in ("running", "starting"):
            return
        for port in component.ports:
            if port.host_port and port.protocol == "tcp" and port_taken(LOOPBACK, port.host_port):
                what = f"port {port.host_port} ({port.name}) is taken by something else"
                fix = "Stop that, or set another port: `stack.ports` or the environment's `port_offset`."
                raise EngineError(component.name, what, fix)
        of_package = component.binary in packaged.PACKAGED
        release = packaged.find(component.binary).release if of_package else component.version
        say(f"starting {component.name} {release}".rstrip())
        self._call(component, "startProcess", component.name, False, passing=ALREADY_STARTED)

    def _call(self, component: Component, method: str, *arguments: Any, passing: int = 0) -> None:
        """A call about one component; the fault numbered `passing` means that nothing was left to do."""
        try:
            self.supervisord.call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == passing:
                return
            words = self.last_words(component)
            raise EngineError(component.name, f"{fault.faultString}. The end of its log:\n{words}") from fault
        except (OSError, xmlrpc.client.ProtocolError) as failed:
            raise EngineError(component.name, f"supervisord does not answer: {failed}", "Run `touchline deploy`.") from failed


def _program(name: str) -> Path | str:
    """Where the binary of a component that can run here is."""
    if name in packaged.PACKAGED:
        return packaged.find(name).path or name
    return tools.path(name) if name in tools.releases() else shutil.which(name) or name
