"""The environment of the peers. In: peers.txt. Out: a Python in `.venv-peers/` that has them, and FastAPI, but not us: our
client needs nothing installed, so that all are measured on the same packages."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from bench.processes import ROOT, BenchError

PINS = ROOT / "bench" / "peers.txt"
FOLDER = ROOT / ".venv-peers"
CLIENT = ROOT / "client"


def interpreter() -> Path:
    """A Python with exactly the pinned packages; made when the pins have changed. Raises BenchError where they cannot be had."""
    python, stamp = FOLDER / "bin" / "python", FOLDER / ".peers.txt"
    pins = PINS.read_text()
    if not stamp.is_file() or stamp.read_text() != pins:
        print("bench: installing the libraries to compare with into .venv-peers", file=sys.stderr, flush=True)
        venv.create(FOLDER, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", str(PINS)]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"the peers cannot be installed: {done.stderr[-1000:]}")
        stamp.write_text(pins)
    return python


def environment(**more: str) -> dict[str, str]:
    """Of a process that measures: our client on its path, and nothing of OpenTelemetry's said from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TOUCHLINE_", "PYTHON"))}
    return {**kept, "PYTHONPATH": f"{CLIENT}{os.pathsep}{ROOT}", **more}
