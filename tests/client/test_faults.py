"""Faults of the monitoring never become the application's: requests are all answered, memory stays bounded, and what is dropped is
counted."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import touchline_client
from tests.client.contracts import shop
from tests.client.load import samples
from touchline_client import Contract, Counter
from touchline_client.metrics import Metric
from touchline_client.seam import Message, Scope

ROOT = Path(__file__).resolve().parents[2]
DROPPED = 'telemetry_dropped_total{telemetry="metrics"}'


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory where the processes of a test meet."""
    monkeypatch.setenv("TOUCHLINE_METRICS_DIR", str(tmp_path))
    return tmp_path / "shop"


SOLD = "sold_total"


def served(label_sets: int = 2_000) -> tuple[Starlette, Contract]:
    """An application that counts each call by what is in its path."""
    sold = Counter(SOLD, "", ("kind",))

    async def sell(request: Request) -> PlainTextResponse:
        sold.add(1.0, (request.path_params["kind"],))
        return PlainTextResponse("sold")

    app = Starlette(routes=[Route("/sell/{kind}", sell)])
    contract = shop(sold, label_sets=label_sets)
    touchline_client.instrument(app, contract)
    return app, contract


async def get(app: Any, path: str, headers: list[tuple[bytes, bytes]] | None = None, method: str = "GET") -> tuple[int, bytes]:
    """One request without a client library in between: status and body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http", "method": method, "path": path, "headers": headers or [], "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("test", 80), "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def page(app: Any) -> dict[str, float]:
    return samples((await get(app, "/metrics"))[1].decode())


def total(seen: dict[str, float], name: str) -> float:
    return sum(value for series, value in seen.items() if series.startswith(name))


def memory() -> int:
    """KiB that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_hundred_thousand_paths_are_one_series(directory: Path) -> None:
    app, _ = served()

    async def run() -> dict[str, float]:
        for number in range(1_000):
            await get(app, f"/made/up/{number}")
        before, size = memory(), sum(file.stat().st_size for file in directory.iterdir())
        for number in range(1_000, 100_000):
            status, _ = await get(app, f"/made/up/{number}")
            assert status == 404
        assert sum(file.stat().st_size for file in directory.iterdir()) == size
        assert memory() - before < 8 * 1024
        return await page(app)

    seen = asyncio.run(run())
    assert seen['http_requests_total{method="GET",endpoint="unmatched",status="404"}'] == 100_000.0
    assert len(seen) < 200


def test_ten_thousand_label_values_are_bounded_and_what_is_beyond_is_counted() -> None:
    app, _ = served()

    async def run() -> dict[str, float]:
        for number in range(10_000):
            status, _ = await get(app, f"/sell/{number}")
            assert status == 200
        return await page(app)

    seen = asyncio.run(run())
    assert total(seen, SOLD) == 10_000.0
    assert len([series for series in seen if series.startswith(SOLD)]) == 2_001
    assert (seen['sold_total{kind="other"}'], seen[DROPPED]) == (8_000.0, 8_000.0)


def test_when_nobody_scrapes_nothing_piles_up(directory: Path) -> None:
    app, _ = served()

    async def run() -> None:
        for _ in range(1_000):
            await get(app, "/sell/a")
        size, before = sum(file.stat().st_size for file in directory.iterdir()), memory()
        for _ in range(20_000):
            await get(app, "/sell/a")
        assert sum(file.stat().st_size for file in directory.iterdir()) == size
        assert memory() - before < 4 * 1024
        assert total(await page(app), SOLD) == 21_000.0

    asyncio.run(run())


GARBAGE: list[list[tuple[bytes, bytes]]] = [
    [(b"accept", b"\xff\xfe;q=\x00,,;;=,application/openmetrics-text;q=lots")],
    [(b"accept", b"," * 100_000)],
    [(b"accept", b"*/*")] * 500,
    [(b"traceparent", b"00-" + b"z" * 5_000), (b"host", b"\x80"), (b"", b"")],
    [(b"accept", b"application/openmetrics-text;version=9.9.9;escaping=" + b"x" * 1_000)],
]


@pytest.mark.parametrize("headers", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_in_headers_hurts_neither_requests_nor_scrapes(headers: list[tuple[bytes, bytes]]) -> None:
    app, _ = served()

    async def run() -> None:
        assert (await get(app, "/sell/a", headers))[0] == 200
        status, body = await get(app, "/metrics", headers)
        assert status == 200
        assert total(samples(body.decode()), SOLD) == 1.0

    asyncio.run(run())


@pytest.mark.parametrize("when", ["start", "later"])
def test_a_full_disk_hurts_no_request(when: str, tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    command = (
        f"mount -t tmpfs -o size=320k none {shlex.quote(str(mounted))} && exec {sys.executable} -m tests.client.full_disk {when}"
    )
    ran = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", command],
        cwd=ROOT, env={**os.environ, "TOUCHLINE_METRICS_DIR": str(mounted)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if ran.returncode and ("unshare:" in ran.stderr or "mount:" in ran.stderr):
        pytest.skip(f"no small file system can be mounted here: {ran.stderr.strip()}")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["answered"] == 3_000
    assert told["size"] <= 320 * 1024
    if when == "later":
        # What has its room goes on; new label sets find none until there is room again.
        assert told["full"]["requests"] == 3_001.0
        assert told["full"]["sold"] + told["full"]["dropped"] == 3_001.0
        assert told["full"]["dropped"] > 0
        assert told["after"]["last"] == 1.0
    else:
        # Without a file this worker's numbers would come and go with who answers the scrape: it exports none.
        assert told["full"]["requests"] == 0.0
    assert "telemetry is dropped, the application is unharmed" in ran.stderr


def test_without_a_shared_directory_a_full_disk_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHLINE_METRICS_DIR")
    monkeypatch.setattr("touchline_client.store.tempfile.mkdtemp", _full)
    app, _ = served()

    async def run() -> None:
        for _ in range(5):
            assert (await get(app, "/sell/a"))[0] == 200
        seen = await page(app)
        assert (total(seen, SOLD), total(seen, "http_requests_total")) == (5.0, 5.0)

    asyncio.run(run())


def _full(**_: object) -> str:
    raise OSError(28, "No space left on device")


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of ours")


BROKEN = {
    "the middleware's numbers": "touchline_client.metrics.Counter.add",
    "durations": "touchline_client.metrics.Histogram.record",
    "gauges": "touchline_client.metrics.Gauge.add",
    "templates": "touchline_client.routes.Templates.of",
    "expected series": "touchline_client.http.Metrics.expect",
    "what comes up": "touchline_client.http.Exchange._answer",
    "the end of a request": "touchline_client.http.Exchange._finish",
    "the beginning": "touchline_client.pulse.Pulse.start",
    "memory": "touchline_client.store.Store.allocate",
    "the file": "touchline_client.store.Store._open_file",
    "the process": "touchline_client.pulse._resident",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_fault_of_ours_fails_no_request_and_is_told_once(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(BROKEN[what], _broken)
    app, _ = served()

    async def run() -> None:
        for _ in range(20):
            assert await get(app, "/made/up") == (404, b"Not Found")

    asyncio.run(run())
    told = [record.getMessage() for record in caplog.records if record.name == "touchline_client"]
    assert 1 <= len(told) <= 12, told
    assert len(set(told)) == len(told)


def test_a_tracer_that_fails_fails_no_request() -> None:
    class Tracer:
        def server(self, scope: Scope) -> Any:
            raise RuntimeError("no")

    app = Starlette()
    touchline_client.instrument(app, shop(), tracer=Tracer())
    assert asyncio.run(get(app, "/made/up"))[0] == 404
    assert asyncio.run(page(app))['telemetry_dropped_total{telemetry="spans"}'] == 1.0


def test_what_cannot_be_joined_does_not_stop_the_application() -> None:
    app = Starlette()
    telemetry = touchline_client.instrument(app, shop())
    for join in (
        lambda: telemetry.database("main", object()),
        lambda: telemetry.cache("cache", None),
        lambda: telemetry.client(3),
    ):
        join()
    assert asyncio.run(get(app, "/made/up"))[0] == 404


def test_a_directory_that_others_spoil_costs_no_request_and_no_count(directory: Path) -> None:
    app, _ = served()

    async def run() -> None:
        await get(app, "/sell/a")
        (directory / "garbage.worker").write_bytes(os.urandom(10_000))
        (directory / "empty.worker").write_bytes(b"")
        (directory / "archive").write_bytes(b"touchl01" + os.urandom(5_000))
        (own,) = (path for path in directory.glob("*.worker") if path.name.partition("-")[0] == str(os.getpid()))
        (directory / "torn.worker").write_bytes(own.read_bytes()[:1_000])
        await get(app, "/sell/a")
        assert (await page(app))['sold_total{kind="a"}'] == 2.0

    asyncio.run(run())


def test_a_worker_that_was_stopped_while_it_held_the_directory_costs_a_scrape_and_no_request(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline_client.workers.PATIENCE", 0.05)
    app, _ = served()

    async def run() -> None:
        await get(app, "/sell/a")
        await page(app)
        with (directory / "lock").open("r+b") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            status, body = await get(app, "/metrics")
            assert (status, b"cannot be read" in body) == (503, True)
            assert (await get(app, "/sell/a"))[0] == 200
        assert (await page(app))['sold_total{kind="a"}'] == 2.0

    asyncio.run(run())


def test_more_scrapes_at_once_than_make_sense_are_refused() -> None:
    app, _ = served()

    async def run() -> list[int]:
        await get(app, "/sell/a")
        return sorted(status for status, _ in await asyncio.gather(*(get(app, "/metrics") for _ in range(40))))

    statuses = asyncio.run(run())
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 4


def test_the_switch_turns_all_of_it_off(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setenv("TOUCHLINE_OFF", "1")
    app, _ = served()
    assert asyncio.run(get(app, "/sell/a"))[0] == 200
    assert asyncio.run(get(app, "/metrics"))[0] == 404
    assert not directory.exists()


def test_a_metric_without_a_contract_counts_nothing_and_hurts_nobody() -> None:
    metric: Metric = Counter("loose_total")
    assert isinstance(metric, Counter)
    metric.add(1.0)
