"""The process and its event loop, looked at from inside: how late the loop runs, and what the process uses."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

import touchline_client
from tests.client.contracts import shop
from tests.client.load import samples
from touchline_client import Contract
from touchline_client.pulse import Pulse
from touchline_client.scrape import Page


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory where the processes of a test meet."""
    monkeypatch.setenv("TOUCHLINE_METRICS_DIR", str(tmp_path))
    return tmp_path / "shop"


def seen(contract: Contract) -> dict[str, float]:
    return samples(Page(contract, Pulse(contract)).text(False).decode())


async def until(contract: Contract, at_least: float) -> float:
    """The lag, once it is so much."""
    for _ in range(400):
        lag = seen(contract)["event_loop_lag_seconds"]
        if lag >= at_least:
            return lag
        await asyncio.sleep(0.02)
    raise AssertionError(f"the lag stayed below {at_least} s")


def test_a_blocked_loop_is_seen_and_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline_client.pulse.BEAT", 0.01)
    contract = shop()

    async def run() -> None:
        Pulse(contract).start()
        assert seen(contract)["event_loop_lag_seconds"] == 0.0  # there before the first beat
        await asyncio.sleep(0.05)
        time.sleep(0.5)
        assert await until(contract, 0.4) < 30.0
        monkeypatch.setattr("touchline_client.pulse.WINDOW", 0.05)
        for _ in range(1_000):
            if seen(contract)["event_loop_lag_seconds"] < 0.4:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the lag was never forgotten")

    asyncio.run(run())


def test_it_beats_on_each_loop_it_is_started_on_and_once_on_each() -> None:
    contract = shop()
    pulse = Pulse(contract)

    async def begun() -> int:
        pulse.start()
        pulse.start()
        return len([one for one in asyncio.get_running_loop()._scheduled if not one.cancelled()])  # type: ignore[attr-defined]

    assert [asyncio.run(begun()), asyncio.run(begun())] == [1, 1]


def test_without_a_loop_of_asyncio_the_process_is_seen_all_the_same() -> None:
    contract = shop()
    Pulse(contract).start()
    found = seen(contract)
    assert found["process_resident_memory_bytes"] > 5_000_000
    assert "event_loop_lag_seconds" not in found


def test_what_the_process_uses_is_what_the_kernel_says() -> None:
    contract = shop()
    pulse = Pulse(contract)
    pulse.process()
    found = seen(contract)
    assert found["process_open_fds"] == pytest.approx(len(os.listdir("/proc/self/fd")), abs=8)
    assert found["process_max_fds"] > found["process_open_fds"]
    assert found["process_start_time_seconds"] < time.time()
    assert 0 < found["process_cpu_seconds_total"] <= time.process_time()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert seen(contract)["process_cpu_seconds_total"] >= found["process_cpu_seconds_total"]
    pulse.process()
    assert seen(contract)["process_cpu_seconds_total"] >= found["process_cpu_seconds_total"] + 0.2


def test_a_server_that_tells_of_the_start_starts_it() -> None:
    app, contract = Starlette(), shop()
    touchline_client.instrument(app, contract)
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: object) -> None:
        pass

    asyncio.run(app({"type": "lifespan", "state": {}}, receive, send))  # type: ignore[arg-type]
    found = seen(contract)
    assert found["active_connections"] == 0.0  # there before the first request
    assert found["event_loop_lag_seconds"] == 0.0
