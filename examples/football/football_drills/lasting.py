"""Faults that last. In: the resources of a worker. Out: memory that grows, a pool without connections, a dependency that refuses; and
all of it given back at the end. Each has begin, go_on (called while the drill runs) and end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from redis.asyncio import ConnectionPool
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from football_api.resources import Resources
from football_drills.board import Board, Drill, Name

TURN = 0.25
"""Seconds between looks at the board."""
MOST = 512 * 2**20
"""Bytes that a leak takes at most: the machine is meant to live on."""


class Lasting(Protocol):
    """A fault with a beginning and an end."""

    async def begin(self, drill: Drill) -> None: ...
    async def go_on(self, drill: Drill) -> None: ...
    async def end(self) -> None: ...


class Leak:
    """Memory that is written to, kept, and never needed."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []
        self._last = 0.0

    async def begin(self, drill: Drill) -> None:
        """From now on."""
        self._last = time.monotonic()

    async def go_on(self, drill: Drill) -> None:
        """As much as the time since the last turn makes."""
        now = time.monotonic()
        more, self._last = int((now - self._last) * drill.amount * 2**20), now
        if sum(map(len, self._kept)) < MOST:
            self._kept.append(bytearray(b"x") * more)

    async def end(self) -> None:
        """Let go."""
        self._kept.clear()


class PoolExhaustion:
    """Every connection of the pool is taken and not given back."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self._engine = engine
        self._size = size
        self._taken: list[AsyncConnection] = []

    async def begin(self, drill: Drill) -> None:
        """All that are free now."""
        await self.go_on(drill)

    async def go_on(self, drill: Drill) -> None:
        """Those that came back since."""
        wanted = self._size - len(self._taken)
        taken = await asyncio.gather(*(self._engine.connect() for _ in range(wanted)), return_exceptions=True)
        self._taken += [one for one in taken if isinstance(one, AsyncConnection)]

    async def end(self) -> None:
        """Give them back."""
        while self._taken:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await self._taken.pop().close()


class DependencyCut:
    """New connections meet a port where nobody listens; those that were open are closed."""

    def __init__(self, found: Resources) -> None:
        self._found = found
        self._wall = socket.socket()
        self._wall.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        self._port: int = self._wall.getsockname()[1]
        self._no_database = False
        self._undo: Callable[[], None] | None = None
        event.listen(found.engine.sync_engine, "do_connect", self._redirect)

    async def begin(self, drill: Drill) -> None:
        """Cut what the drill names."""
        if drill.of == "football-models":
            address = self._found.models.address
            self._found.models.address = f"http://127.0.0.1:{self._port}"
            self._undo = lambda: setattr(self._found.models, "address", address)
        elif drill.of == "redis":
            client = self._found.cache.client
            pool = client.connection_pool
            client.connection_pool = ConnectionPool(**pool.connection_kwargs | {"host": "127.0.0.1", "port": self._port})
            self._undo = lambda: setattr(client, "connection_pool", pool)
            await pool.disconnect()
        else:
            self._no_database = True
            await self._found.engine.dispose()

    async def go_on(self, drill: Drill) -> None:
        """It stays cut by itself."""

    async def end(self) -> None:
        """Whole again; connections are made when they are needed."""
        self._no_database = False
        if self._undo is not None:
            self._undo()
            self._undo = None

    def _redirect(self, _dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
        if self._no_database:
            named.update(host="127.0.0.1", port=self._port)


def lasting(found: Resources) -> dict[Name, Lasting]:
    """Those of football-api."""
    size = found.settings.pool_size + found.settings.pool_overflow
    return {"leak": Leak(), "pool_exhaustion": PoolExhaustion(found.engine, size), "dependency_cut": DependencyCut(found)}


async def watch(board: Board, faults: Mapping[Name, Lasting]) -> None:
    """Begin and end them as the board says, until cancelled; then end what runs."""
    running: dict[Name, Drill] = {}
    try:
        while True:
            wanted = board.running()
            for name, fault in faults.items():
                await _turn(fault, running, name, wanted.get(name))
            await asyncio.sleep(TURN)
    finally:
        for name in running:
            await faults[name].end()


async def _turn(fault: Lasting, running: dict[Name, Drill], name: Name, drill: Drill | None) -> None:
    before = running.get(name)
    if before is not None and (drill is None or drill.of != before.of):
        await fault.end()
        before = None
        del running[name]
    if drill is None:
        return
    running[name] = drill
    await (fault.go_on(drill) if before else fault.begin(drill))
