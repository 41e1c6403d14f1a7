"""A service over HTTP, in this process. In: an application. Out: its address, while uvicorn serves it in a thread; and football-api as a
test speaks to it: users with tokens, matches with a kick-off."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from football_api.accounts import register
from generators.build import plan_of
from tests.compiler.specs import SHIPPED
from tests.football.databases import Databases
from tests.ports import free_ports


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Until the block ends; its background work runs as it does in service."""
    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    assert server.started, "the application ended at its start"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the application does not end"


def until(holds: Callable[[], Any], patience: float = 20.0, every: float = 0.05) -> Any:
    """What it answers, once that is true. `every`: seconds between two questions; more where a question costs much."""
    deadline = time.monotonic() + patience
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {patience} s"
        time.sleep(every)
    return answer


def operations(schema: dict[str, Any]) -> set[str]:
    """Those of an application, by its own account."""
    return {f"{method.upper()} {path}" for path, one in schema["paths"].items() for method in one}


def declared(service: str) -> set[str]:
    """Those that the spec says a service has."""
    plan, faults = plan_of(SHIPPED, "local", "local")
    assert plan is not None, faults
    return {str(operation) for one in plan.services if one.name == service for operation in one.operations}


class Api:
    """football-api and what stands behind it."""

    def __init__(self, address: str, data: Databases) -> None:
        self.data = data
        self._client = httpx.Client(base_url=address, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

    def __enter__(self) -> Api:
        self.data.empty()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def user(self, kind: str) -> str:
        """The token of a new user."""
        return asyncio.run(register(self.data.url, {kind: 1}))[kind][0]

    def match(self, kickoff: timedelta, home: str = "Alder", away: str = "Amber") -> int:
        """A new match that begins so long from now."""
        now = datetime.now(UTC)
        (row,) = self.data.ask(
            "INSERT INTO matches (round, home, away, venue, referee, kickoff_at, imported_at) "
            "SELECT coalesce(max(round), 0) + 1, $1, $2, 'a place', 'a person', $3, $4 FROM matches RETURNING id",
            *(home, away, now + kickoff, now),
        )
        return int(row["id"])

    def begins_now(self, match: int) -> None:
        """Let a match begin."""
        self.data.ask("UPDATE matches SET kickoff_at = now() - interval '1 second' WHERE id = $1", match)
        with self.data.redis() as client:
            client.flushall()

    def call(self, method: str, path: str, token: str = "", **body: Any) -> httpx.Response:
        """A request with that token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._client.request(method, path, headers=headers, **body)

    def get(self, path: str, token: str = "") -> httpx.Response:
        """A GET with that token."""
        return self.call("GET", path, token)

    def predict(self, token: str, match: int, model_type: str = "elo") -> httpx.Response:
        """Ask for a prediction."""
        return self.call("POST", "/predictions", token, json={"match_id": match, "model_type": model_type})

    def settle(self, token: str, match: int, home: int, away: int) -> httpx.Response:
        """Report a result."""
        return self.call("POST", f"/matches/{match}/settle", token, json={"home_goals": home, "away_goals": away})
