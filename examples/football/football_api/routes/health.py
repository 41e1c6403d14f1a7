"""Health, for whoever starts and balances the service. In: nothing. Out: 200 when it can serve, 503 when its database is away; what can
be done without is named, and does not make it unready."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from football_api import resources
from football_api.models import ModelsError

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request, response: Response) -> dict[str, str]:
    """Each dependency, asked now."""
    found = resources.of(request)
    states = {"postgres": "ok", "redis": "ok", "football-models": "ok"}
    try:
        async with found.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        states["postgres"] = type(error).__name__
        response.status_code = 503
    try:
        await found.cache.client.ping()
    except (RedisError, OSError) as error:
        states["redis"] = type(error).__name__
    try:
        await found.models.cards()
    except ModelsError:
        states["football-models"] = "unavailable"
    return states
