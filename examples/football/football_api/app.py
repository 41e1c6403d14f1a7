"""football-api, put together. In: Settings (from the environment unless given), and what every request must pass besides. Out: the
application: its operations, its health, its background work, and what happens when a dependency fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, TimeoutError

from football_api.jobs import every
from football_api.jobs.calendar import Calendar
from football_api.jobs.gauges import Gauges
from football_api.jobs.scores import Scores
from football_api.models import ModelsError
from football_api.resources import open_resources
from football_api.routes import health, matches, models, predictions, users
from football_api.settings import Settings, from_environment
from football_api.telemetry import CONTRACT
from touchline_client import instrument

FETCH, TELL, MEASURE = 2.0, 2.0, 5.0
"""Seconds between turns of the background work."""


def create(settings: Settings | None = None, dependencies: Sequence[Any] = ()) -> FastAPI:
    """The application; nothing connects before its start."""
    app = FastAPI(title="football-api", docs_url=None, redoc_url=None, lifespan=_life, dependencies=list(dependencies))
    app.state.resources = found = open_resources(settings or from_environment())
    telemetry = instrument(app, CONTRACT)
    telemetry.database("main", found.engine)
    telemetry.cache("cache", found.cache.client)
    telemetry.client(found.models.client)
    app.state.calendar = Calendar(found.sessions, found.settings)
    for router in (predictions.router, matches.router, models.router, users.router, health.router):
        app.include_router(router)
    for failure in (DBAPIError, TimeoutError, OSError):
        app.add_exception_handler(failure, _database_away)
    app.add_exception_handler(ModelsError, _models_away)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Background work as long as the application lives."""
    found = app.state.resources
    work = (
        (FETCH, app.state.calendar.fetch),
        (TELL, Scores(found.sessions, found.models).tell),
        (MEASURE, Gauges(found.sessions).measure),
    )
    tasks = [asyncio.create_task(every(seconds, one)) for seconds, one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await found.close()


async def _database_away(_: Request, error: Exception) -> JSONResponse:
    """A statement that is wrong is our fault and stays a 500; that the database cannot be asked is not."""
    if isinstance(error, DBAPIError) and not error.connection_invalidated and not _lost(error):
        raise error
    return JSONResponse({"detail": "the database does not answer; try again"}, 503, headers={"Retry-After": "2"})


def _lost(error: DBAPIError) -> bool:
    """Whether the server sent us away: class 08 (connection), 53 (resources) or 57 (operator) of SQLSTATE."""
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in ("08", "53", "57")


async def _models_away(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "the models do not answer; try again"}, 503, headers={"Retry-After": "2"})
