"""Several workers of uvicorn are one service: whichever answers the scrape speaks for all. What was counted stays when workers are
replaced or killed, counters never go back, and the gauges of the dead are gone within one scrape."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.client.load import Load, samples, scrape
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 16
SERIES = {
    'http_requests_total{method="GET",endpoint="/call/{number}",status="200"}',
    'http_request_duration_seconds_count{method="GET",endpoint="/call/{number}"}',
    'calls_total{kind="a"}',
    'call_size_count{kind="b"}',
}
"""Four that count the same, two of the middleware and two of the application."""


def alone(text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the client in a process of its own, without a directory in common."""
    without = {name: value for name, value in os.environ.items() if name != "TOUCHLINE_METRICS_DIR"}
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT, env={**without, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@contextmanager
def served(workers: int, directory: Path) -> Iterator[int]:
    """The application under so many workers; the port it listens on."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "uvicorn", "tests.client.served:app", "--port", str(port), "--workers", str(workers)]
    environment = {**os.environ, "TOUCHLINE_METRICS_DIR": str(directory), "PYTHONPATH": str(ROOT)}
    with (directory.parent / "uvicorn.log").open("wb") as log:
        process = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while len(list(directory.glob("shop/*.worker"))) < workers:
            assert process.poll() is None, (directory.parent / "uvicorn.log").read_text()
            assert time.monotonic() < until, "the workers did not come up"
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


class Watch:
    """Scrapes again and again, and keeps what went back."""

    def __init__(self, port: int) -> None:
        self._port, self.stopping = port, False
        self.back: list[str] = []
        self.scrapes = 0

    async def run(self) -> None:
        """Until `stopping`; a scrape that meets a worker on its way out is no news."""
        before: dict[str, float] = {}
        while not self.stopping:
            try:
                now = samples(await asyncio.to_thread(scrape, self._port))
            except (OSError, HTTPException):  # refused, or cut off in the middle of its page
                await asyncio.sleep(0.02)
                continue
            self.scrapes += 1
            for series, value in before.items():
                if ("_total" in series or "_count" in series or "_bucket" in series) and now.get(series, -1.0) < value:
                    self.back.append(f"{series}: {value} -> {now.get(series)}")
            before = now
            await asyncio.sleep(0.02)


async def replaced(port: int, kill: Callable[[int], None], rounds: int) -> tuple[Load, Watch, list[str]]:
    """Under load, end one worker after another; returns what was sent, what a scraper saw, and who was ended."""
    load, watch = Load(port), Watch(port)
    tasks = [asyncio.create_task(load.run(CLIENTS)), asyncio.create_task(watch.run())]
    ended: list[str] = []
    await load.until(100)
    for _ in range(rounds):
        victim = next(pid for pid, _ in load.sent.by.most_common() if pid not in ended)
        kill(int(victim))
        ended.append(victim)
        await load.until(load.sent.answered + 150)
    load.stopping = watch.stopping = True
    await asyncio.gather(*tasks)
    return load, watch, ended


def gone(pid: str) -> bool:
    """Whether the kernel knows a process no more, or as a zombie alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return True


def until_gone(pids: list[str]) -> None:
    """A worker that was asked to end first answers what it has."""
    until = time.monotonic() + 20
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < until, f"still there: {pids}"
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_replacing_workers_loses_no_request_and_counts_none_twice(workers: int, tmp_path: Path) -> None:
    with served(workers, tmp_path / "metrics") as port:
        load, watch, ended = asyncio.run(replaced(port, lambda pid: os.kill(pid, signal.SIGTERM), 3))
        until_gone(ended)
        seen = samples(scrape(port))
        assert {series: seen[series] for series in SERIES} == dict.fromkeys(SERIES, load.sent.answered)
        assert watch.back == []
        assert watch.scrapes > 3
        assert not {f'worker{{pid="{pid}"}}' for pid in ended} & seen.keys()
        assert seen["active_connections"] == 0.0
        assert len(list((tmp_path / "metrics/shop").glob("*.worker"))) <= workers


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_killing_workers_loses_at_most_what_was_in_flight(workers: int, tmp_path: Path) -> None:
    with served(workers, tmp_path / "metrics") as port:
        load, watch, ended = asyncio.run(replaced(port, lambda pid: os.kill(pid, signal.SIGKILL), 3))
        until_gone(ended)
        seen = samples(scrape(port))
        for series in SERIES:
            assert load.sent.answered <= seen[series] <= load.sent.attempts, series
        assert load.sent.attempts - load.sent.answered <= CLIENTS * len(ended) + load.sent.failed
        assert watch.back == []
        assert not {f'worker{{pid="{pid}"}}' for pid in ended} & seen.keys()


IN_A_CHILD = """
import multiprocessing, logging
def child():
    from tests.client import served
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    process = context.Process(target=child)
    process.start()
    process.join()
"""


def test_several_processes_without_a_directory_in_common_are_told() -> None:
    assert "TOUCHLINE_METRICS_DIR is not set" in alone(IN_A_CHILD).stderr
    assert "TOUCHLINE_METRICS_DIR is not set" not in alone("from tests.client import served").stderr


def test_a_private_directory_goes_with_its_process(tmp_path: Path) -> None:
    look = "import os; print(len(os.listdir(os.environ['TMPDIR'])))"
    ran = alone(f"from tests.client import served; served.CALLS.add(1.0, ('a',)); {look}", TMPDIR=str(tmp_path))
    assert (ran.stdout, list(tmp_path.iterdir())) == ("1\n", []), ran.stderr
