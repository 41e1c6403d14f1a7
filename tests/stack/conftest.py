"""Tests that need a Docker engine. Where none answers they are skipped, saying so; with TOUCHLINE_REQUIRE_STACK=1, as in our own
CI, a skipped stack test is a failure: what was meant to be proved was not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator

import pytest


@pytest.fixture(scope="session")
def docker() -> None:
    """A Docker engine that answers."""
    if shutil.which("docker") is None:
        pytest.skip("no `docker` command here")
    answer = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=30, check=False
    )
    if answer.returncode != 0:
        pytest.skip("no Docker engine answers here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = os.environ.get("TOUCHLINE_REQUIRE_STACK") == "1"
    if required and report.skipped and item.get_closest_marker("stack") is not None:
        report.outcome = "failed"
        report.longrepr = f"skipped, but TOUCHLINE_REQUIRE_STACK=1: {report.longrepr}"
    return report
