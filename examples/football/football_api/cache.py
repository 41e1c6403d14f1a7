"""The cache. In: keys and texts. Out: the text, or nothing when there is none or Redis fails: a cache that fails is passed by, never
an error. After a failure it is left alone for a second, so that a Redis that hangs does not slow every request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REST = 1.0
"""Seconds without a question after a failure."""
_log = logging.getLogger(__name__)


def connect(url: str) -> Redis:
    """A client that gives up after a fifth of a second: the database answers faster than a second try."""
    return Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0), decode_responses=True)


class Cache:
    """Texts under keys; `naming` turns a name into the key that Redis sees."""

    def __init__(self, client: Redis, naming: Callable[[str], str] = "football:{}".format) -> None:
        self.client = client
        self.naming = naming
        self._rests_until = 0.0

    async def get(self, name: str) -> str | None:
        """What was put there, while it lives."""
        if self._resting():
            return None
        try:
            found = await self.client.get(self.naming(name))
        except (RedisError, OSError) as error:
            self._failed(error)
            return None
        return found.decode() if isinstance(found, bytes) else found

    async def put(self, name: str, text: str, seconds: int) -> None:
        """Keep a text for some seconds."""
        if self._resting():
            return
        try:
            await self.client.set(self.naming(name), text, ex=seconds)
        except (RedisError, OSError) as error:
            self._failed(error)

    async def drop(self, *names: str) -> None:
        """Forget what has changed."""
        if self._resting():
            return
        try:
            await self.client.delete(*(self.naming(name) for name in names))
        except (RedisError, OSError) as error:
            self._failed(error)

    def _resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def _failed(self, error: Exception) -> None:
        self._rests_until = time.monotonic() + REST
        _log.warning("cache passed by for %s s: %s: %s", REST, type(error).__name__, error)
