"""PostgreSQL and Redis for tests. In: ports. Out: real servers in a folder of their own, started as the example's launcher starts them,
and a way to ask their tables from a test that is not asynchronous."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from redis import Redis

from football_servers import launch, postgres, processes, servers, state
from tests.ports import free_ports

TABLES = "predictions, matches, users"


@dataclass(frozen=True)
class Databases:
    """Both, running; `folder` is the launcher's state folder."""

    cluster: postgres.Cluster
    redis_port: int
    folder: Path

    @property
    def url(self) -> str:
        """As football-api is told it."""
        return self.cluster.url("postgresql+asyncpg")

    @property
    def redis_url(self) -> str:
        """As football-api is told it."""
        return f"redis://127.0.0.1:{self.redis_port}/0"

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """The rows of one statement, as the application's role."""
        return asyncio.run(_fetched(self.cluster.url(), statement, *values))

    def administer(self, statement: str) -> None:
        """One statement, as the superuser."""
        asyncio.run(_fetched(self.cluster.superuser_url(), statement))

    def redis(self) -> Redis:
        """A client of its own."""
        return Redis(port=self.redis_port, decode_responses=True)

    def empty(self) -> None:
        """No rows, no keys."""
        self.ask(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
        with self.redis() as client:
            client.flushall()


async def _fetched(url: str, statement: str, *values: Any) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


def missing() -> str | None:
    """What is not installed here, and how to install it."""
    try:
        postgres.program("initdb")
    except postgres.PostgresError as error:
        return str(error)
    return None if shutil.which("redis-server") else servers.REDIS_MISSING


@contextmanager
def running(folder: Path) -> Iterator[Databases]:
    """Both, until the block ends."""
    postgres_port, redis_port = free_ports(2)
    told = state.fresh(folder, state.Options(postgres_port=postgres_port, redis_port=redis_port)).save()
    cluster = servers.cluster(told)
    postgres.create(cluster)
    started: list[tuple[processes.Process, signal.Signals]] = []
    try:
        for server in servers.all_servers(told)[:2]:
            process = processes.start(server.argv, {}, told.log(server.name), server.owner)
            started.append((process, server.ending))
            launch.wait(server, process, told.log(server.name))
        postgres.create_database(cluster)
        yield Databases(cluster, redis_port, folder)
    finally:
        for process, ending in reversed(started):
            processes.stop(process, ending, 10)
        launch.wipe(told)
