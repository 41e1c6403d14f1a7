"""Redis as the application sees it. In: a client of redis-py, sync or async. Out: the time of its commands by name, whether look-ups found
something, its failures, its pool's state; and a span for each command or pipeline. Keys and values are never looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from touchline_client.http import found
from touchline_client.integrations.calls import Began, Calls, Errors, Pool, once
from touchline_client.metrics import OTHER, Counter

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

COMMANDS = 60
"""Commands that are told apart; applications use a dozen."""
PIPELINE = "PIPELINE"
"""What the conventions call several commands at once."""
ONE_KEY, MANY_KEYS = frozenset({"GET", "GETEX"}), "MGET"
"""Look-ups: each asks for a key that is there or not."""
UNBOUNDED = (1 << 31) - 1
"""What redis-py before 8 has for a pool without a bound."""
_NAME = re.compile(r"[A-Z][A-Z0-9._]{0,24}")


class Asked(NamedTuple):
    """What is asked at once, by what name."""

    name: str
    commands: Sequence[str]


Naming = Callable[[tuple[Any, ...]], Asked]


def watch(telemetry: Telemetry, name: str, client: Any) -> None:
    """Measures a client from now on. Raises TypeError where it is none of redis-py."""
    if not hasattr(client, "execute_command") or not hasattr(client, "connection_pool"):
        raise TypeError(f"{type(client).__qualname__} is no redis.Redis and no redis.asyncio.Redis")
    if not once(client):
        return
    commands = Commands(telemetry, client)
    pool = Pool(telemetry, "cache", name)
    waits = any(each.__module__.startswith("redis.asyncio") for each in type(client).__mro__)
    measured = _async if waits else _sync
    client.execute_command = measured(client.execute_command, commands, commands.one)
    make = client.pipeline

    def pipeline(*arguments: Any, **named: Any) -> Any:
        made = make(*arguments, **named)
        made.execute = measured(made.execute, commands, partial(commands.several, made))
        return made

    client.pipeline = pipeline
    telemetry.contract.renew.append(lambda: _tell(pool, client))


def _sync(execute: Any, commands: Commands, naming: Naming) -> Any:
    def executed(*arguments: Any, **named: Any) -> Any:
        began, asked = commands.begin(naming, arguments)
        try:
            answer = execute(*arguments, **named)
        except BaseException as error:
            commands.failed(began, asked, error)
            raise
        commands.answered(began, asked, answer)
        return answer

    return executed


def _async(execute: Any, commands: Commands, naming: Naming) -> Any:
    async def executed(*arguments: Any, **named: Any) -> Any:
        began, asked = commands.begin(naming, arguments)
        try:
            answer = await execute(*arguments, **named)
        except BaseException as error:
            commands.failed(began, asked, error)
            raise
        commands.answered(began, asked, answer)
        return answer

    return executed


class Commands:
    """Commands of one client. No fault of ours leaves its public methods, naming excepted."""

    def __init__(self, telemetry: Telemetry, client: Any) -> None:
        self._calls = Calls(telemetry, "cache_command_duration_seconds", "command")
        self._errors = Errors(telemetry, "cache_errors_total", "ConnectionError", "TimeoutError")
        self._lookups = found(telemetry.contract, Counter, "cache_lookups_total", "result")
        self._known: dict[Any, str] = {}
        where = getattr(client.connection_pool, "connection_kwargs", {})
        described = {"db.system.name": "redis", "server.address": where.get("host"), "server.port": where.get("port")}
        described["db.namespace"] = str(where.get("db") or 0)
        self._where = tuple((key, value) for key, value in described.items() if value)

    def one(self, arguments: tuple[Any, ...]) -> Asked:
        """A command by its first word."""
        name = self._name(arguments[0])
        return Asked(name, (name,))

    def several(self, pipeline: Any, _arguments: tuple[Any, ...]) -> Asked:
        """The commands that a pipeline has gathered."""
        return Asked(PIPELINE, tuple(self._name(arguments[0]) for arguments, _ in pipeline.command_stack))

    def begin(self, naming: Naming, arguments: tuple[Any, ...]) -> tuple[Began, Asked]:
        """Now, with what is asked."""
        try:
            asked = naming(arguments)
        except Exception as fault:
            self._calls.guard.caught("naming a command", fault)
            asked = Asked(OTHER, ())
        return self._calls.begin(), asked

    def answered(self, began: Began, asked: Asked, answer: Any) -> None:
        """It was answered."""
        self._end(began, asked, None)
        if self._lookups is None:
            return
        try:
            answers = answer if asked.name == PIPELINE else (answer,)
            for command, value in zip(asked.commands, answers, strict=False):
                if command in ONE_KEY:
                    self._count(value)
                elif command == MANY_KEYS and isinstance(value, list):
                    for each in value:
                        self._count(each)
        except Exception as fault:
            self._calls.guard.caught("counting look-ups", fault)

    def failed(self, began: Began, asked: Asked, error: BaseException) -> None:
        """It was not."""
        if isinstance(error, Exception):
            self._errors.count(error)
        self._end(began, asked, error)

    def _end(self, began: Began, asked: Asked, error: BaseException | None) -> None:
        name = asked.name
        # The conventions would have GET alone, which is also what a client of HTTP calls its span.
        self._calls.end(began, (name,), f"redis {name}", (*self._where, ("db.operation.name", name)), error)

    def _count(self, value: Any) -> None:
        if self._lookups is not None and not isinstance(value, Exception):
            self._lookups.add(1.0, ("miss" if value is None else "hit",))

    def _name(self, word: Any) -> str:
        known = self._known.get(word)
        if known is None:
            text = word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)
            first = text.partition(" ")[0].upper()
            known = first if len(self._known) < COMMANDS and _NAME.fullmatch(first) else OTHER
            if len(self._known) < COMMANDS:
                self._known[word] = known
        return known


def _tell(pool: Pool, client: Any) -> None:
    """As the client's pool of this moment says."""
    now = client.connection_pool
    used = now._get_in_use_connections() if hasattr(now, "_get_in_use_connections") else getattr(now, "_in_use_connections", None)
    most = getattr(now, "max_connections", None)
    pool.tell(None if used is None else len(list(used)), most if most is not None and most < UNBOUNDED else None)
