"""Calls of the engines' own tools. In: a command, where it runs, what it reads. Out: its exit code and words; `NoAnswer` where it has
neither, which is never the user's fault."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from operate.faults import EnvironmentFault

BRIEF = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""The tools are Go programs that live for seconds: a heap that may grow to five times what is alive, where Go's own choice is twice,
saves about a fifth of their CPU; near a gibibyte it is collected as often as that needs (https://go.dev/doc/gc-guide). Who has set
these keeps them."""


class NoAnswer(EnvironmentFault):
    """A tool cannot be run, or says nothing in time."""


def called(
    command: Sequence[str], place: Path | None, limit: float, text: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """How a command ended that was given `text` and `limit` seconds, with `environment` added to ours. Raises NoAnswer."""
    said = f"{Path(command[0]).name} {' '.join(command[1:3])}".strip()
    try:
        return subprocess.run(
            command,
            cwd=place,
            input=text,
            env={**BRIEF, **os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise NoAnswer(f"{said}: no answer within {limit:.0f} s") from late
    except OSError as error:
        raise NoAnswer(f"{said}: {error.strerror or error}") from error
