"""What both engines ask of a running component from outside. In: the stack, and where its ports are on this machine. Out: the
answer over HTTP, a reload asked for, the wait until a component is ready; and the secret files a stack needs."""

from __future__ import annotations

import http.client
import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from generators.ir.stack import Component, Stack
from operate.engines import EngineError, ReloadRefused, Running, Say

RELOAD_LIMIT = 120
"""Seconds. Prometheus answers after it has read every rule file; with ten thousand rules that takes a while."""

GIVEN_UP = 8
"""Seconds after which an engine's verdict "unhealthy" counts: longer than the health checks' interval, so it is a new one."""

LOOPBACK = "127.0.0.1"


class Hands(Protocol):
    """What the engines do each in their own way."""

    def signal(self, component: Component, name: str) -> None:
        """Send a signal to the component's process."""

    def restart(self, component: Component) -> None:
        """Stop and start it, in the same container or under the same supervisor."""

    def look(self, component: Component) -> Running:
        """The component as the engine sees it."""

    def last_words(self, component: Component) -> str:
        """The end of its log."""


def published(component: Component, port_name: str) -> str:
    """`host:port` of a port on this machine, "" where it is not published."""
    port = next((port for port in component.ports if port.name == port_name), None)
    if port is None or not port.host_port:
        return ""
    host = LOOPBACK if port.address in ("0.0.0.0", "::", "") else port.address
    return f"{host}:{port.host_port}"


def ask(method: str, address: str, path: str, timeout: float) -> tuple[int, str]:
    """One HTTP request; (0, why) when no answer came. No proxy, no redirect: this is our own machine."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(65536).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as failed:
        return 0, str(failed) or type(failed).__name__
    finally:
        connection.close()


def not_ready(component: Component, seen: Running) -> str:
    """Why a component is not ready yet; "" when it is: the engine says so, and it says so itself where it can be asked."""
    if seen.health not in ("running", "done"):
        return seen.detail or seen.health
    address = published(component, component.ready_port) if component.ready_path else ""
    if not address:
        return ""
    status, words = ask("GET", address, component.ready_path, timeout=3)
    return "" if 200 <= status < 300 else f"{component.ready_path} says {status or 'nothing'}: {words[:200]}"


def patience(component: Component) -> int:
    """Seconds after which a component that is not ready will not become so."""
    health = component.health
    return health.start_period + health.interval * health.retries if health else 60


def wait_ready(components: Sequence[Component], hands: Hands, say: Say) -> None:
    """Return when all are ready; raise the first one's reason, with the end of its log, when its time is over."""
    started, told = time.monotonic(), 0.0
    waiting = {component.name: component for component in components}
    while waiting:
        seen = {name: hands.look(component) for name, component in waiting.items()}
        reasons = {name: not_ready(component, seen[name]) for name, component in waiting.items()}
        elapsed = time.monotonic() - started
        for name, reason in reasons.items():
            if not reason:
                del waiting[name]
            elif elapsed > (GIVEN_UP if seen[name].health == "unhealthy" else patience(waiting[name])):
                raise EngineError(name, f"not ready after {elapsed:.0f} s: {reason}{_end_of_log(waiting[name], hands)}")
        if waiting and elapsed - told >= 2:
            say(f"waiting for {', '.join(sorted(waiting))} ({elapsed:.0f} s)")
            told = elapsed
        if waiting:
            time.sleep(0.2)


def _end_of_log(component: Component, hands: Hands) -> str:
    words = hands.last_words(component)
    return f". The end of its log:\n{words}" if words else ""


def reload_each(components: Sequence[Component], hands: Hands, say: Say) -> None:
    """Reload one after the other, each in its own way, and wait until all are ready."""
    for component in components:
        way = component.reload
        say(f"{component.name}: {'restart' if way.kind == 'restart' else 'reload'}")
        if way.kind == "http":
            _post(component, way.port, way.path)
        elif way.kind == "signal":
            hands.signal(component, way.signal)
        elif way.kind == "restart":
            hands.restart(component)
    wait_ready(components, hands, say)


def _post(component: Component, port: str, path: str) -> None:
    address = published(component, port)
    if not address:
        raise EngineError(component.name, f"its port {port} is not published, so it cannot be asked to reload")
    status, words = ask("POST", address, path, RELOAD_LIMIT)
    if status == 0:
        raise EngineError(component.name, f"did not answer POST {path}: {words}")
    if not 200 <= status < 300:
        raise ReloadRefused(component.name, words or f"POST {path} answered {status}")


def named(stack: Stack, names: Sequence[str], runs_here: Callable[[Component], bool]) -> tuple[Component, ...]:
    """The components of these names that run here, in the stack's order."""
    return tuple(component for component in stack.components if component.name in names and runs_here(component))


def provide_secrets(stack: Stack, components: Sequence[Component], folder: Path) -> None:
    """Make up the secrets that a deployment may make up; raise one error that names every other that is missing."""
    wanted = {name for component in components for name in component.secret_files}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = []
    for name in sorted(wanted):
        file = folder / name
        if file.exists():
            continue
        if name in stack.generated:
            _write_secret(file, secrets.token_urlsafe(24))
        else:
            missing.append(name)
    if missing:
        what = f"secret files are missing in {folder}: {', '.join(missing)}"
        fix = f"Put each value into a file of that name, e.g. `install -m 644 /dev/stdin {folder}/{missing[0]}`."
        raise EngineError("", what, fix)


def _write_secret(file: Path, value: str) -> None:
    """Readable by the users inside containers; the directory above keeps other people of this machine out."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(value, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(file)
