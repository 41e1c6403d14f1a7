"""SQLAlchemy and asyncpg on a real PostgreSQL: what of queries, pools and failures reaches metrics and spans, and that no value does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.client.collector import Collector, collector
from tests.client.joined import Joined
from tests.client.test_wire import pairs
from tests.client.tracing import QUICK, scope
from tests.databases import postgres
from tests.ports import free_ports

SECRET = "ann@example.com"
READ = text("SELECT * FROM matches WHERE name = :name")


pytestmark = pytest.mark.databases


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with postgres(tmp_path_factory.mktemp("databases"), free_ports(1)[0]) as port:

        async def made() -> None:
            connection = await asyncpg.connect(_address(port))
            await connection.execute("CREATE TABLE matches (id int PRIMARY KEY, name text)")
            await connection.close()

        asyncio.run(made())
        yield port


def _address(port: int, kind: str = "postgresql") -> str:
    return f"{kind}://postgres@127.0.0.1:{port}/postgres"


def engine_of(port: int, **settings: Any) -> AsyncEngine:
    return create_async_engine(_address(port, "postgresql+asyncpg"), **settings)


def calls(seen: Collector, route: str = "/a") -> list[Span]:
    """Spans below the request's."""
    (request,) = [span for span in seen.spans if span.name == f"GET {route}"]
    found = [span for span in seen.spans if span.parent_span_id == request.span_id]
    assert {span.trace_id for span in found} <= {request.trace_id}
    return found


def test_a_query_of_an_async_engine(server: int) -> None:
    async def served() -> None:
        request = joined.traced.tracer.server(scope())
        async with engine.connect() as connection:
            await connection.execute(READ, {"name": SECRET})
            page.update(joined.page())
        request.end(route="/a", status=200, error=None, duration=0.1)
        await engine.dispose()

    page: dict[tuple[str, ...], float] = {}
    with collector() as seen:
        joined, engine = Joined(seen.address), engine_of(server, pool_size=3, max_overflow=4)
        joined.telemetry.database("main", engine)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    assert page["db_query_duration_seconds_count", "SELECT", "matches"] == 1
    assert page["db_connection_wait_seconds_count", "main"] == 1
    assert (page["db_connections_active", "main"], page["db_connections_max", "main"]) == (1, 7)
    (span,) = calls(seen)
    assert (span.name, span.kind) == ("SELECT matches", Span.SPAN_KIND_CLIENT)
    assert pairs(span.attributes) == {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "db.collection.name": "matches",
        "db.namespace": "postgres",
        "server.address": "127.0.0.1",
        "server.port": server,
    }
    assert SECRET.encode() not in b"".join(seen.bodies)


def test_outside_of_requests_there_are_numbers_and_no_spans(server: int) -> None:
    async def job() -> None:
        async with engine.begin() as connection:
            await connection.execute(READ, {"name": SECRET})
        await engine.dispose()

    with collector() as seen:
        joined, engine = Joined(seen.address), engine_of(server)
        joined.telemetry.database("main", engine)
        asyncio.run(job())
        joined.traced.tracer.flush(QUICK)
    page = joined.page()
    assert page["db_query_duration_seconds_count", "SELECT", "matches"] == 1
    assert not joined.traced.lost
    assert seen.spans == []


def test_a_pool_that_is_replaced_is_looked_at_anew(server: int) -> None:
    async def used() -> None:
        async with engine.connect():
            held.append(joined.page()["db_connections_active", "main"])
        await engine.dispose()
        async with engine.connect(), engine.connect():
            held.append(joined.page()["db_connections_active", "main"])
        held.append(joined.page()["db_connections_active", "main"])
        await engine.dispose()

    held: list[float] = []
    joined, engine = Joined(), engine_of(server)
    joined.telemetry.database("main", engine)
    asyncio.run(used())
    assert held == [1, 2, 0]


def test_a_failing_query_is_an_error_by_type(server: int) -> None:
    async def served() -> None:
        request = joined.traced.tracer.server(scope())
        with pytest.raises(DBAPIError):
            async with engine.connect() as connection:
                await connection.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": SECRET})
        request.end(route="/a", status=200, error=None, duration=0.1)
        await engine.dispose()

    with collector() as seen:
        joined, engine = Joined(seen.address), engine_of(server)
        joined.telemetry.database("main", engine)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    (span,) = calls(seen)
    assert (span.name, span.status.code) == ("SELECT nowhere", Status.STATUS_CODE_ERROR)
    assert pairs(span.attributes)["error.type"].endswith("ProgrammingError")
    assert SECRET.encode() not in b"".join(seen.bodies)
    failed = {key: value for key, value in joined.page().items() if key[0] == "db_connection_errors_total"}
    assert ("db_connection_errors_total", "ConnectionRefusedError") in failed  # there before the first, or that were no increase
    assert set(failed.values()) == {0}


def test_an_exhausted_pool_and_a_dead_server_are_counted(server: int) -> None:
    async def exhausted() -> None:
        async with engine.connect():
            with pytest.raises(TimeoutError):
                async with engine.connect():
                    pass
        await engine.dispose()

    async def dead() -> None:
        with pytest.raises(OSError, match=r"refused|failed"):
            async with nowhere.connect():
                pass

    joined, engine = Joined(), engine_of(server, pool_size=1, max_overflow=0, pool_timeout=0.1)
    nowhere = engine_of(free_ports(1)[0])
    joined.telemetry.database("main", engine)
    joined.telemetry.database("other", nowhere)
    asyncio.run(exhausted())
    asyncio.run(dead())
    page = joined.page()
    assert page["db_connection_errors_total", "TimeoutError"] == 1
    assert page["db_connection_errors_total", "ConnectionRefusedError"] == 1
    assert page["db_connection_wait_seconds_count", "main"] == 2


def test_a_sync_engine(tmp_path: Path) -> None:
    with collector() as seen:
        joined, engine = Joined(seen.address), create_engine(f"sqlite:///{tmp_path}/data")
        joined.telemetry.database("main", engine)
        joined.telemetry.database("main", engine)
        request = joined.traced.tracer.server(scope())
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE matches (name text)"))
            connection.execute(text("INSERT INTO matches VALUES (:name)"), [{"name": SECRET}, {"name": "b"}])
        request.end(route="/a", status=200, error=None, duration=0.1)
        joined.traced.tracer.flush(QUICK)
    assert [span.name for span in calls(seen)] == ["sqlite", "INSERT matches"]
    page = joined.page()
    assert page["db_query_duration_seconds_count", "INSERT", "matches"] == 1, "twice joined counts once"
    assert page["db_query_duration_seconds_count", "other", "other"] == 1
    assert page["db_connections_active", "main"] == 0


@pytest.mark.parametrize("connected", ["before", "after"])
def test_a_pool_of_asyncpg(server: int, connected: str) -> None:
    async def served() -> None:
        pool = asyncpg.create_pool(_address(server), min_size=1, max_size=3)
        if connected == "before":
            await pool
        joined.telemetry.database("main", pool)
        if connected == "after":
            await pool
        request = joined.traced.tracer.server(scope())
        async with pool.acquire() as connection:
            await connection.fetch("SELECT * FROM matches WHERE name = $1", SECRET)
            with pytest.raises(asyncpg.UndefinedTableError):
                await connection.fetch("SELECT * FROM nowhere WHERE name = $1", SECRET)
            page.update(joined.page())
        await asyncio.sleep(0)
        request.end(route="/a", status=200, error=None, duration=0.1)
        await pool.close()

    page: dict[tuple[str, ...], float] = {}
    with collector() as seen:
        joined = Joined(seen.address)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    assert (page["db_connections_active", "main"], page["db_connections_max", "main"]) == (1, 3)
    assert joined.page()["db_query_duration_seconds_count", "SELECT", "matches"] == 1
    good, bad = calls(seen)
    assert (good.name, bad.name) == ("SELECT matches", "SELECT nowhere")
    assert pairs(good.attributes)["server.port"] == server
    assert pairs(bad.attributes)["error.type"].endswith("UndefinedTableError")
    assert SECRET.encode() not in b"".join(seen.bodies)


def test_a_pool_of_asyncpg_that_cannot_connect() -> None:
    async def failing() -> None:
        pool = asyncpg.create_pool(_address(free_ports(1)[0]), min_size=0, max_size=1, timeout=2)
        joined.telemetry.database("main", pool)
        await pool
        with pytest.raises(OSError, match=r"refused|failed"):
            await pool.fetch("SELECT 1")

    joined = Joined()
    asyncio.run(failing())
    assert joined.page()["db_connection_errors_total", "ConnectionRefusedError"] == 1


def test_what_is_no_database_is_told_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    joined = Joined()
    joined.telemetry.database("main", object())
    assert "object is no Engine or AsyncEngine of SQLAlchemy and no Pool of asyncpg" in caplog.text
    assert joined.page()["telemetry_dropped_total", "metrics"] == 1


def test_our_own_fault_leaves_a_query_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("ours")

    joined, engine = Joined(), create_engine("sqlite://")
    joined.telemetry.database("main", engine)
    monkeypatch.setattr("touchline_client.integrations.statement.parse", broken)
    monkeypatch.setattr(joined.traced.tracer, "place", broken)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    assert joined.page()["telemetry_dropped_total", "metrics"] == 1
    assert joined.page()["telemetry_dropped_total", "spans"] == 1
