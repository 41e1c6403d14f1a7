"""Ctrl-C during a run on several workers: what the tests started is taken down, however long that takes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOW = """
import time
from pathlib import Path
import pytest

HERE = Path(__file__).parent

@pytest.fixture
def engine():
    yield
    time.sleep(12)  # longer than the ten seconds that xdist gives
    (HERE / "down").touch()

def test_that_is_interrupted(engine):
    (HERE / "up").touch()
    time.sleep(90)

def test_beside_it():
    pass
"""


def test_an_interrupted_run_waits_for_its_workers(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure\n")
    (tmp_path / "test_slow.py").write_text(SLOW)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | {
        "PYTHONPATH": str(ROOT)
    }
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    with subprocess.Popen(
        command,
        # What a shell runs in the background ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        limit = time.monotonic() + 120
        while not (tmp_path / "up").exists():
            assert run.poll() is None, run.communicate()[0]
            assert time.monotonic() < limit, "it never began"
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: every process of the group
        said = run.communicate()[0]
    assert run.returncode == 2, said
    assert "interrupted: what the tests started is taken down" in said
    assert (tmp_path / "down").exists()
