"""The demo on a Docker engine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from football_demo.stack import Stack, StackError

ENVIRONMENT = "staging"


def answers() -> bool:
    """Whether a Docker engine answers here."""
    docker = shutil.which("docker")
    return (
        docker is not None and subprocess.run([docker, "version"], capture_output=True, timeout=20, check=False).returncode == 0
    )


def up(stack: Stack, options: Sequence[str]) -> int:
    """Not yet."""
    raise StackError("the demo runs without Docker only, so far: --engine local")


def down(stack: Stack) -> int:
    """Not yet."""
    raise StackError("the demo runs without Docker only, so far: --engine local")
