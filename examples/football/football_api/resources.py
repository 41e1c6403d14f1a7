"""What requests and background work use. In: Settings. Out: the database, the cache and the models, made once a process, and the
dependencies through which routes get at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from football_api import cache
from football_api.models import Models
from football_api.settings import Settings


@dataclass(frozen=True)
class Resources:
    """None of them connects before it is used."""

    settings: Settings
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    cache: cache.Cache
    models: Models

    async def close(self) -> None:
        """Let go of every connection."""
        await self.models.client.aclose()
        await self.cache.client.aclose()
        await self.engine.dispose()


def open_resources(settings: Settings) -> Resources:
    """As the settings say."""
    engine = create_async_engine(
        settings.database,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout,
        connect_args={"timeout": 2.0, "command_timeout": 10.0},
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    return Resources(settings, engine, sessions, cache.Cache(cache.connect(settings.redis)), Models(settings.models))


def of(request: Request) -> Resources:
    """Of the application that the request came to."""
    found: Resources = request.app.state.resources
    return found


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """A session a request; who changes something commits."""
    async with of(request).sessions() as opened:
        yield opened


def _cache(request: Request) -> cache.Cache:
    return of(request).cache


def _models(request: Request) -> Models:
    return of(request).models


def _settings(request: Request) -> Settings:
    return of(request).settings


Session = Annotated[AsyncSession, Depends(session)]
TheCache = Annotated[cache.Cache, Depends(_cache)]
TheModels = Annotated[Models, Depends(_models)]
TheSettings = Annotated[Settings, Depends(_settings)]
