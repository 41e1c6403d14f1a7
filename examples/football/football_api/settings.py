"""What football-api is told from outside. In: environment variables. Out: Settings, or one message that names what is missing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

REQUIRED = ("FOOTBALL_DATABASE_URL", "FOOTBALL_REDIS_URL", "FOOTBALL_MODELS_URL", "FOOTBALL_FEED_TOKEN")


@dataclass(frozen=True)
class Settings:
    """Addresses, the secret of whoever reports results, and the calendar: a round every `every`, so many rounds planned ahead."""

    database: str
    redis: str
    models: str
    feed_token: str
    every: timedelta = timedelta(seconds=30)
    ahead: int = 3
    pool_size: int = 5
    pool_overflow: int = 5
    pool_timeout: float = 2.0


def from_environment() -> Settings:
    """FOOTBALL_DATABASE_URL (postgresql+asyncpg://...), FOOTBALL_REDIS_URL, FOOTBALL_MODELS_URL and FOOTBALL_FEED_TOKEN;
    FOOTBALL_ROUND_SECONDS if another pace than a round in 30 s is wanted."""
    if missing := [name for name in REQUIRED if not os.environ.get(name)]:
        raise SystemExit(f"football-api: not set: {', '.join(missing)}; `python -m football_servers up` sets them all")
    pace = os.environ.get("FOOTBALL_ROUND_SECONDS", "30")
    try:
        every = timedelta(seconds=float(pace))
    except ValueError:
        raise SystemExit(f"football-api: FOOTBALL_ROUND_SECONDS is {pace!r}; a number of seconds is needed") from None
    database, redis, models, feed_token = (os.environ[name] for name in REQUIRED)
    return Settings(database, redis, models, feed_token, every)
