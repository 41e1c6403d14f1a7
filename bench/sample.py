"""What watching costs the sample application: football-api on real PostgreSQL and Redis, in three processes that are asked the same in
turns: everything on (metrics, scraped, and every trace sent), metrics alone, and everything off. In: databases and football-models as the
example's own launcher starts them; a collector that accepts. Out: `Figure`s: CPU of a request, by that of the bare application."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from bench.figure import Figure, ratio
from bench.processes import ROOT, BenchError
from bench.tracing import Process, collector
from football_api.jobs.calendar import Calendar
from football_api.settings import REQUIRED, Settings
from football_servers import launch, servers
from football_servers.postgres import PostgresError
from football_servers.state import Options, State, fresh, load

ROUNDS, BATCHES, WARM = 15, 12, 2
VARIANTS: Mapping[str, Mapping[str, str]] = {"bare": {"TOUCHLINE_OFF": "1"}, "metrics": {}, "everything": {}}
WORDS = {"everything": "everything on (every request traced)", "metrics": "metrics alone"}
CALLS = 5
"""Requests of a batch: the open matches, one of them, a prediction asked for, looked at, and the user's own."""


@dataclass
class Variant:
    """One process that serves, and whom it is asked by: the users of each are its own, as a prediction can be asked for once."""

    name: str
    process: Process
    client: httpx.Client
    tokens: list[str]
    asked: int = 0

    def turn(self) -> None:
        """So many batches, and a scrape: the same for all."""
        for _ in range(BATCHES):
            self._batch()
        self.client.get("/metrics")

    def _batch(self) -> None:
        token = self.tokens[self.asked % len(self.tokens)]
        headers = {"Authorization": f"Bearer {token}"}
        matches = _answer(self.client.get("/matches", headers=headers))
        match = matches[self.asked // len(self.tokens) % len(matches)]["id"]
        _answer(self.client.get(f"/matches/{match}", headers=headers))
        wish = {"match_id": match, "model_type": "elo"}
        made = _answer(self.client.post("/predictions", headers=headers, json=wish))
        _answer(self.client.get(f"/predictions/{made['id']}", headers=headers))
        _answer(self.client.get(f"/users/{token.split('_')[1]}/predictions", headers=headers))
        self.asked += 1


def run() -> Iterator[Figure]:
    """Turns in a changing order, so that none always comes behind the same other."""
    with ExitStack() as stack:
        state = stack.enter_context(_services())
        port, counted = stack.enter_context(collector())
        tokens: dict[str, list[str]] = json.loads((state.folder / "tokens.json").read_text())
        everybody = [token for kind in tokens.values() for token in kind]
        variants = []
        for number, name in enumerate(VARIANTS):
            told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}/{name}"} if name == "everything" else {}
            process, client = stack.enter_context(_served(state, name, told))
            variants.append(Variant(name, process, client, everybody[number :: len(VARIANTS)]))
        spent = _measured(variants)
        _every_trace_came(variants, counted)
    yield from _figures(spent)


def _measured(variants: list[Variant]) -> dict[str, list[float]]:
    """Microseconds a request, turn by turn. What a process does between its turns (sending spans) is counted to the turn before."""
    for one in variants:
        for _ in range(WARM):
            one.turn()
    before = {one.name: one.process.ask("cpu") for one in variants}
    spent: dict[str, list[float]] = {one.name: [] for one in variants}
    for turn in range(ROUNDS):
        first = turn % len(variants)
        for one in (*variants[first:], *variants[:first]):
            one.turn()
        for one in variants:
            now = one.process.ask("cpu")
            spent[one.name].append((now - before[one.name]) * 1e6 / (BATCHES * CALLS))
            before[one.name] = now
    return spent


def _every_trace_came(variants: list[Variant], counted: Counter[str]) -> None:
    """With nothing dropped; and nothing came of the others."""
    time.sleep(3)  # the last batch of spans is on its way
    for one in variants:
        page = one.client.get("/metrics").text
        lost = [line for line in page.splitlines() if line.startswith("telemetry_dropped_total{") and not line.endswith(" 0.0")]
        if lost:
            raise BenchError(f"{one.name}: something was dropped, so that it cost less than it should: {lost}")
        spans, least = counted[one.name], one.asked * CALLS if one.name == "everything" else 0
        if spans < least or (not least and spans):
            raise BenchError(f"{one.name} sent {spans} spans for {one.asked * CALLS} requests")


def _figures(spent: Mapping[str, list[float]]) -> Iterator[Figure]:
    bare = median(spent["bare"])
    for name, words in WORDS.items():
        detail = f"{median(spent[name]):.0f} us / {bare:.0f} us a request, median of {ROUNDS} turns of {BATCHES * CALLS}"
        yield Figure(
            "sample", f"CPU a request of football-api, {words}, by bare", ratio(spent[name], spent["bare"]), "x", None, detail
        )


def _answer(response: httpx.Response) -> Any:
    if response.is_error:
        raise BenchError(f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:200]}")
    return response.json()


@contextmanager
def _services() -> Iterator[State]:
    """Databases, tables, users, football-models and two rounds of matches; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        postgres, redis, models = _ports(3)
        options = Options(postgres_port=postgres, redis_port=redis, models_port=models, load_peak=0)
        state = fresh(Path(folder, "state"), options)
        try:
            state = launch.up(state, _say, until="football-models")
            asyncio.run(_matches(state))
            yield state
        except (launch.LaunchError, PostgresError) as failed:
            raise BenchError(str(failed)) from None
        finally:
            launch.wipe(launch.down(load(state.folder) or state, _say))


async def _matches(state: State) -> None:
    """Those of the calendar, so far ahead that none begins while it is measured."""
    told = servers.environment(state)
    database, redis, models, feed_token = (told[name] for name in REQUIRED)
    engine = create_async_engine(database)
    settings = Settings(database, redis, models, feed_token, every=timedelta(days=365))
    await Calendar(async_sessionmaker(engine), settings).fetch()
    await engine.dispose()


@contextmanager
def _served(state: State, name: str, told: Mapping[str, str]) -> Iterator[tuple[Process, httpx.Client]]:
    outside = {key: value for key, value in servers.environment(state).items() if not key.startswith(("OTEL_", "TOUCHLINE_"))}
    started = subprocess.Popen(
        [sys.executable, "-m", "bench.sampled"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**outside, **VARIANTS[name], **told},
    )
    try:
        process = Process(started, name)
        with httpx.Client(base_url=f"http://127.0.0.1:{process.answer()}", timeout=30) as client:
            yield process, client
    finally:
        if started.stdin is not None:
            started.stdin.close()
        started.wait()


def _ports(count: int) -> list[int]:
    """Free ones of loopback."""
    with ExitStack() as stack:
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def _say(_: str) -> None:
    """Nothing: the launcher's steps are no finding."""
