"""CPU time of child processes. In: a command. Out: seconds of CPU and what it printed. Wall time is not
looked at: other work on the machine makes it meaningless."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BenchError(Exception):
    """A measurement could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took, and gave."""

    cpu: float
    output: str


def spend(command: Sequence[str], cache: Path | None = None, fine: Collection[int] = (0,)) -> Spent:
    """Run a command to its end; `fine` are the exit codes that are no failure.

    `cache` holds Python's compiled modules, so that they are there whatever the environment says."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache:
        environment["PYTHONPYCACHEPREFIX"] = str(cache)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=environment, text=True)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read()
        if child.returncode not in fine:
            raise BenchError(f"{' '.join(command[:3])} ... ended with {child.returncode}: {(err.read() or text)[-2000:]}")
    return Spent(usage.ru_utime + usage.ru_stime, text)


def python(code: str, cache: Path, *arguments: str) -> Spent:
    """Run Python code in a fresh process of our own environment."""
    return spend((sys.executable, "-c", code, *arguments), cache)
