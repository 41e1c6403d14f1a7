"""Processes that outlive their launcher. In: what to run. Out: a process by its id and its birth: an id is given again, an id with its
birth is not, so a stranger is never stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One that was started; `birth` as the system tells it."""

    pid: int
    birth: str


def start(argv: Sequence[str], environment: Mapping[str, str], log: Path, owner: str | None = None) -> Process:
    """In a session of its own, its words appended to the log; as another user where one is named (for root alone)."""
    as_owner = {"user": owner, "group": owner, "extra_groups": [owner]} if owner else {}
    with log.open("ab") as words:
        child = subprocess.Popen(
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
            cwd="/",
            **as_owner,  # type: ignore[call-overload]
        )
    return Process(child.pid, _birth(child.pid) or "gone")


def alive(process: Process) -> bool:
    """Whether it runs, and is the one we started."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # one of our own that has ended
    return _birth(process.pid) == process.birth


def stop(process: Process, first: signal.Signals, patience: float) -> None:
    """Ask it to end; after `patience` seconds end it, and whoever is left of its session."""
    if not alive(process):
        return
    os.kill(process.pid, first)
    deadline = time.monotonic() + patience
    while alive(process):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            deadline += 5
        time.sleep(0.05)


def _birth(pid: int) -> str | None:
    """When it was born; None when it is not there, or has ended and waits for its parent."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{fields[19]}@{boot}"  # proc_pid_stat(5): state is field 3, starttime field 22
    told = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not told or told.startswith("Z") else told.partition(" ")[2].strip()
