"""Faults that happen to a request. In: the board. Out: a dependency that every operation passes: it waits, fails, or asks the database
something slow, as the running drills say. Health and the drills themselves are spared."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from fastapi import Request
from sqlalchemy import func, select

from football_api import resources
from football_api.tables import Match
from football_drills.board import Board

SPARED = ("/drills", "/healthz", "/readyz")


class DrillError(RuntimeError):
    """What an unhandled exception of the application would be."""


def faults(board: Board) -> Callable[[Request], Awaitable[None]]:
    """Latency, errors and slow queries."""

    async def pass_faults(request: Request) -> None:
        running = board.running()
        if not running or request.url.path.startswith(SPARED):
            return
        if drill := running.get("latency"):
            await asyncio.sleep(drill.amount)
        if drill := running.get("slow_query"):
            async with resources.of(request).engine.connect() as connection:
                await connection.execute(select(Match.id, func.pg_sleep(drill.amount)).limit(1))
        if (drill := running.get("errors")) and random.random() < drill.amount:
            raise DrillError("an error, as the drill wants it")

    return pass_faults
