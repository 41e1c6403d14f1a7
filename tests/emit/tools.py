"""Real tools for the tests of what we write: where promtool, amtool and jaeger are, and how a test runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from operate.calls import called


@cache
def binary(name: str) -> Path | None:
    """The newest built tool of that name in the tools' cache, or None."""
    cache_dir = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "touchline" / "tools"
    built = sorted(cache_dir.glob(f"{name}-*/{name}"))
    return built[-1] if built else None


def need(name: str) -> str:
    """The tool's path; skips the test, saying so, where it has not been built."""
    path = binary(name)
    if path is None:
        pytest.skip(f"{name} is not built here (`python -m operate.tools path {name}` builds it)")
    return str(path)


def run(arguments: Sequence[str], text: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end; its output is kept, whatever it said."""
    return called(arguments, cwd, 120, text or "")


def write(root: Path, files: dict[str, str]) -> None:
    """Lay out emitted files below `root`."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
