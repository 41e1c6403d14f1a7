"""Both services with drills around them, as the launcher starts them with `--drills`. In: the environment. Out: the application; without
FOOTBALL_DRILLS=1 exactly the plain one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, Field

import football_api.app
import football_models.app
from football_api.settings import Settings
from football_drills.board import AMOUNTS, Board, Dependency, Drill, Name, allowed
from football_drills.lasting import lasting, watch
from football_drills.requests import faults
from football_drills.sources import LostKeys, StaleFeed, SwappedSides


class Order(BaseModel):
    """How long, and how much of it. The longest drill is an hour."""

    seconds: float = Field(gt=0, le=3600)
    amount: float | None = Field(default=None, gt=0)
    of: Dependency = "football-models"


def api(settings: Settings | None = None) -> FastAPI:
    """football-api, which takes orders under /drills."""
    board = allowed()
    if board is None:
        return football_api.app.create(settings)
    app = football_api.app.create(settings, [Depends(faults(board))])
    found = app.state.resources
    found.cache.naming = LostKeys(board, found.cache.naming)
    app.state.calendar.told_at = StaleFeed(board, app.state.calendar.told_at)
    app.include_router(_orders(board))
    plain = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        async with plain(app):
            watcher = asyncio.create_task(watch(board, lasting(found)))
            try:
                yield {}
            finally:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)

    app.router.lifespan_context = life
    return app


def models() -> FastAPI:
    """football-models; orders are taken by football-api, through the same file."""
    app = football_models.app.create()
    if (board := allowed()) is not None:
        for fitted in app.state.models.values():
            fitted.model = SwappedSides(board, fitted.model)
    return app


def _orders(board: Board) -> APIRouter:
    """What runs, begin, end. In no contract of the API, so in no schema."""
    router = APIRouter(prefix="/drills", include_in_schema=False)

    @router.get("")
    async def running() -> list[Drill]:
        return list(board.running().values())

    @router.post("/{name}")
    async def begin(name: Name, order: Order) -> Drill:
        amount = AMOUNTS.get(name, 0.0) if order.amount is None else order.amount
        drill = Drill(name, time.time() + order.seconds, amount, order.of)
        board.begin(drill)
        return drill

    @router.delete("/{name}")
    async def end(name: Name) -> None:
        board.end(name)

    return router
