"""Up and down, all or one. In: the state and what to do. Out: processes started in their order, each ready before the next; or stopped, the
last first. What runs already is left alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from football_servers import postgres, processes
from football_servers.servers import ORDER, Server, all_servers, cluster, environment, listens
from football_servers.state import State

PATIENCE = 60.0
"""Seconds that a process has to become ready."""
USERS = {"guest": 120, "member": 60, "premium": 30}
Say = Callable[[str], None]


class LaunchError(Exception):
    """Something does not start; the message says what, why and what to do."""


def up(state: State, say: Say, until: str = ORDER[-1]) -> State:
    """Start what does not run, in its order, and nothing after `until`."""
    state = state.save()
    found, wanted = cluster(state), all_servers(state)  # what is not installed is told before anything is made
    if not (found.data / "PG_VERSION").exists():
        say("making a PostgreSQL cluster")
        (state.folder / "tokens.json").unlink(missing_ok=True)
        postgres.create(found)
    for server in wanted:
        if ORDER.index(server.name) > ORDER.index(until):
            break
        state = _ensure(state, server, say)
        if server.name == "postgres":
            _prepare(state, say)
    return state


def let_monitor(state: State, file: Path) -> None:
    """Let postgres_exporter in, with the password that a file holds."""
    try:
        password = file.read_text().strip()
    except OSError as error:
        raise LaunchError(f"{file} cannot be read: {error.strerror}") from None
    postgres.let_monitor(cluster(state), password)


def down(state: State, say: Say) -> State:
    """Stop what runs, the last first."""
    for server in reversed(all_servers(state)):
        process = state.processes.get(server.name)
        if process is not None and processes.alive(process):
            state = stop(state, server.name, say)
    return replace(state, processes={}).save()


def stop(state: State, name: str, say: Say) -> State:
    """Stop one, and leave alone those that need it: an outage. LaunchError when it does not run."""
    server, process = _named(state, name), state.processes.get(name)
    if process is None or not processes.alive(process):
        raise LaunchError(f"{name} does not run here")
    say(f"stopping {server.title}, process {process.pid}")
    processes.stop(process, server.ending, server.patience)
    return state.running(name, None).save()


def start(state: State, name: str, say: Say) -> State:
    """Start that one alone."""
    return _ensure(state, _named(state, name), say)


def _named(state: State, name: str) -> Server:
    found = next((one for one in all_servers(state) if one.name == name), None)
    if found is None:
        raise LaunchError(f"{name} is not among what was started here")
    return found


def wipe(state: State) -> None:
    """Remove data, secrets and logs; of stopped servers."""
    data = cluster(state).data
    shutil.rmtree(data, ignore_errors=True)
    shutil.rmtree(state.folder, ignore_errors=True)
    if data.parent.name.startswith("touchline-football-"):
        shutil.rmtree(data.parent, ignore_errors=True)


def _ensure(state: State, server: Server, say: Say) -> State:
    process = state.processes.get(server.name)
    if process is not None and processes.alive(process):
        say(f"{server.title} runs already, process {process.pid}")
        return state
    if server.port is not None and listens("127.0.0.1", server.port):
        option = f"--{server.name.removeprefix('football-')}-port"
        raise LaunchError(
            f"port {server.port}, meant for {server.title}, is taken by something else; choose another with {option}"
        )
    if (folder := server.environment.get("TOUCHLINE_METRICS_DIR")) is not None:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)
    told = {} if server.owner else environment(state)
    begun = time.monotonic()
    process = processes.start(server.argv, told | server.environment, state.log(server.name), server.owner)
    state = state.running(server.name, process).save()
    wait(server, process, state.log(server.name))
    where = f" on 127.0.0.1:{server.port}" if server.port else ""
    say(f"{server.title} is ready{where}, process {process.pid} ({time.monotonic() - begun:.1f} s)")
    return state


def wait(server: Server, process: processes.Process, log: Path) -> None:
    """Until it is ready; LaunchError with the end of its log when it ends or takes too long."""
    deadline = time.monotonic() + PATIENCE
    time.sleep(0.1)
    while processes.alive(process):
        if server.ready():
            return
        if time.monotonic() > deadline:
            processes.stop(process, server.ending, server.patience)
            raise LaunchError(f"{server.title} was not ready within {PATIENCE:.0f} s{_end_of(log)}")
        time.sleep(0.1)
    raise LaunchError(f"{server.title} ended at its start{_end_of(log)}")


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-8:]
    return f"; the end of {log}:\n" + "\n".join(f"  {line}" for line in lines)


def _prepare(state: State, say: Say) -> None:
    """The database, its tables, its users."""
    postgres.create_database(cluster(state))
    _run(state, ["football_api.migrations", "upgrade"])
    tokens = state.folder / "tokens.json"
    if not tokens.exists():
        say(f"registering {sum(USERS.values())} users")
        made = _run(
            state, ["football_api.accounts", *(word for kind, count in USERS.items() for word in (f"--{kind}", str(count)))]
        )
        tokens.touch(mode=0o600)
        tokens.write_text(made)


def _run(state: State, module: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *module], env=environment(state), capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        raise LaunchError(f"{module[0]} failed: {done.stderr.strip()}")
    return done.stdout
