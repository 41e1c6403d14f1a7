"""Background work of every process. In: the resources. Out: the calendar kept ahead, models told of settled matches, gauges measured
from the tables. Any worker may do any of it: what must not happen twice at once is guarded by a lock in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

_log = logging.getLogger(__name__)


class Lock(IntEnum):
    """The advisory locks of this database."""

    CALENDAR = 7001
    SCORES = 7002


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again. A failure is told and does not end it: the next turn may find the database back."""
    while True:
        try:
            await work()
        except Exception as error:
            _log.warning("%s: %s: %s", getattr(work, "__qualname__", work), type(error).__name__, str(error).partition("\n")[0])
        await asyncio.sleep(seconds)


@asynccontextmanager
async def alone(sessions: async_sessionmaker[AsyncSession], lock: Lock) -> AsyncIterator[AsyncSession | None]:
    """A transaction while no other process is in the same place; None while one is. The lock goes with the transaction, so no worker
    that dies takes it along."""
    async with sessions() as session, session.begin():
        got = await session.scalar(select(func.pg_try_advisory_xact_lock(int(lock))))
        yield session if got else None
