"""What holds for every test. In: pytest's hooks. Out: how tests are shared out among workers; that a test is skipped, saying so, where
the Docker engine or the databases that it needs are not there (with TOUCHLINE_REQUIRE_STACK=1, as in our own CI, that is a failure:
what was meant to be proved was not); and at the end, what this run can say of Grafana."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import ending
from tests.stack import images

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.schedule import Units

WORKERS_PER_CORE = 2
"""About half of the long tests wait for engines, and half compute."""
SCHEMA = "@grafana/schema 13.2.3"


def pytest_configure(config: pytest.Config) -> None:
    """With workers, an interrupted run takes down what it started, as a serial one does by itself."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        config.pluginmanager.register(ending.Worker())
    else:
        config.pluginmanager.register(ending.Controller())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` is."""
    return WORKERS_PER_CORE * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Units:
    """Called with `-n` alone, whichever `--dist` was asked for."""
    from tests.schedule import Units

    return Units(config, log)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share, and no other run."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine


@pytest.fixture(scope="session")
def docker() -> Iterator[None]:
    """A Docker engine that answers. Images that cannot be pulled are made once for all workers, and taken away at the end."""
    if shutil.which("docker") is None:
        pytest.skip("no `docker` command here")
    answer = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=30, check=False
    )
    if answer.returncode != 0:
        pytest.skip("no Docker engine answers here")
    with images.kept():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = os.environ.get("TOUCHLINE_REQUIRE_STACK") == "1"
    if required and report.skipped and any(item.get_closest_marker(name) is not None for name in ("stack", "databases")):
        report.outcome = "failed"
        report.longrepr = f"skipped, but TOUCHLINE_REQUIRE_STACK=1: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One plain line, however the tests of dashboards ended: no Grafana has loaded them."""
    reports = [report.nodeid for state in ("passed", "failed", "skipped") for report in terminalreporter.getreports(state)]
    if not any("tests/grafana/" in each for each in reports):
        return
    passed = {report.nodeid for report in terminalreporter.getreports("passed")}
    held = any("grafana/test_types.py" in each for each in passed)
    asked = any("grafana/test_queries.py" in each and "live_prometheus" in each for each in passed)
    terminalreporter.write_line(
        "dashboards: not loaded by Grafana (none ran in these tests); "
        + f"{'held' if held else 'NOT held'} against the types of {SCHEMA}; "
        + f"queries {'run' if asked else 'NOT run'} on a live Prometheus"
    )
