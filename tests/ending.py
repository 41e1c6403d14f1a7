"""An interrupted run takes down what its tests started. In: pytest's hooks, on a worker and on its controller. On Ctrl-C each worker
tears its fixtures down, which stops engines and containers and may take longer than the ten seconds after which xdist ends a worker
(`NodeManager.EXIT_TIMEOUT`). So the controller waits for its workers, which hold a file in common until they are done."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

PATIENCE = 120.0
"""Seconds; a second Ctrl-C ends the waiting as well."""


def _file(controller: int) -> Path:
    return Path(tempfile.gettempdir()) / f"touchline-tests-{os.getuid()}-{controller}.lock"


class Worker:
    """Holds the file of the controller that started this process, until all fixtures are torn down."""

    def __init__(self) -> None:
        self.held = _file(os.getppid()).open("w")
        fcntl.flock(self.held, fcntl.LOCK_SH)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        try:
            return (yield)
        finally:
            self.held.close()


class Controller:
    """Waits, before xdist ends its workers."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        file = _file(os.getpid())
        if exitstatus == pytest.ExitCode.INTERRUPTED and file.exists():
            session.config.get_terminal_writer().line("\ninterrupted: what the tests started is taken down")
            with file.open("w") as held:
                _wait(held.fileno())

    def pytest_unconfigure(self) -> None:
        _file(os.getpid()).unlink(missing_ok=True)


def _wait(descriptor: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.2)
