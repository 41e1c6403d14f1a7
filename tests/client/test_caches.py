"""redis-py, sync and async, on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests import databases
from tests.client.collector import collector
from tests.client.joined import Joined
from tests.client.test_databases import SECRET, calls
from tests.client.test_wire import pairs
from tests.client.tracing import QUICK, scope
from tests.ports import free_ports
from touchline_client.integrations.cache import COMMANDS

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with databases.redis(tmp_path_factory.mktemp("caches"), free_ports(1)[0]) as port:
        yield port


def test_an_async_client(server: int) -> None:
    async def served() -> None:
        client = redis.asyncio.Redis(port=server, max_connections=9)
        await client.flushall()
        joined.telemetry.cache("cache", client)
        joined.telemetry.cache("cache", client)
        request = joined.traced.tracer.server(scope())
        await client.set(f"user:{SECRET}", SECRET)
        assert await client.get(f"user:{SECRET}") == SECRET.encode()
        assert await client.get("nothing") is None
        assert await client.mget([f"user:{SECRET}", "nothing", "nothing"]) == [SECRET.encode(), None, None]
        async with client.pipeline() as pipeline:
            pipeline.get(f"user:{SECRET}").get("nothing").incr("n")
            assert await pipeline.execute() == [SECRET.encode(), None, 1]
        with pytest.raises(redis.ResponseError):
            await client.incr(f"user:{SECRET}")
        request.end(route="/a", status=200, error=None, duration=0.1)
        await client.aclose()

    with collector() as seen:
        joined = Joined(seen.address)
        asyncio.run(served())
        joined.traced.tracer.flush(QUICK)
    page = joined.page()
    assert (page["cache_lookups_total", "hit"], page["cache_lookups_total", "miss"]) == (3, 4)
    counts = {name: page["cache_command_duration_seconds_count", name] for name in ("SET", "GET", "MGET", "PIPELINE", "INCRBY")}
    assert counts == {"SET": 1, "GET": 2, "MGET": 1, "PIPELINE": 1, "INCRBY": 1}
    assert page["cache_errors_total", "ResponseError"] == 1
    assert page["cache_connections_max", "cache"] == 9
    spans = calls(seen)
    assert [span.name for span in spans] == [f"redis {name}" for name in ("SET", "GET", "GET", "MGET", "PIPELINE", "INCRBY")]
    assert pairs(spans[0].attributes) == {
        "db.system.name": "redis",
        "db.operation.name": "SET",
        "db.namespace": "0",
        "server.address": "localhost",
        "server.port": server,
    }
    assert [span.status.code for span in spans] == [0] * 5 + [Status.STATUS_CODE_ERROR]
    assert SECRET.encode() not in b"".join(seen.bodies)


def test_a_sync_client(server: int) -> None:
    with collector() as seen:
        joined, client = Joined(seen.address), redis.Redis(port=server, max_connections=9)
        client.flushall()
        joined.telemetry.cache("cache", client)
        request = joined.traced.tracer.server(scope())
        client.set("a", SECRET)
        assert client.get("a") == SECRET.encode()
        with client.pipeline() as pipeline:
            assert pipeline.get("a").get("b").execute() == [SECRET.encode(), None]
        connection = client.connection_pool.get_connection()
        page = joined.page()
        client.connection_pool.release(connection)
        request.end(route="/a", status=200, error=None, duration=0.1)
        joined.traced.tracer.flush(QUICK)
    assert (page["cache_lookups_total", "hit"], page["cache_lookups_total", "miss"]) == (2, 1)
    assert (page["cache_connections_active", "cache"], page["cache_connections_max", "cache"]) == (1, 9)
    assert [span.name for span in calls(seen)] == ["redis SET", "redis GET", "redis PIPELINE"]


def test_a_pool_that_is_replaced_is_looked_at_anew(server: int) -> None:
    joined, client = Joined(), redis.Redis(port=server, max_connections=9)
    joined.telemetry.cache("cache", client)
    assert joined.page()["cache_connections_max", "cache"] == 9
    client.connection_pool = redis.ConnectionPool(port=server, max_connections=2)
    assert joined.page()["cache_connections_max", "cache"] == 2


def test_a_blocking_pool(server: int) -> None:
    joined = Joined()
    client = redis.Redis(connection_pool=redis.BlockingConnectionPool(port=server, max_connections=4))
    joined.telemetry.cache("cache", client)
    connection = client.connection_pool.get_connection()
    page = joined.page()
    client.connection_pool.release(connection)
    assert (page["cache_connections_active", "cache"], page["cache_connections_max", "cache"]) == (1, 4)


def test_a_server_that_is_not_there_is_counted() -> None:
    joined, client = Joined(), redis.Redis(port=free_ports(1)[0], retry=Retry(NoBackoff(), 0))
    joined.telemetry.cache("cache", client)
    with pytest.raises(redis.ConnectionError):
        client.get("a")
    page = joined.page()
    assert page["cache_errors_total", "ConnectionError"] == 1
    assert page["cache_lookups_total", "miss"] == 0, "what could not be looked up is no miss"


def test_commands_are_bounded_and_told_by_their_first_word() -> None:
    joined, client = Joined(), redis.Redis(port=free_ports(1)[0], retry=Retry(NoBackoff(), 0))
    joined.telemetry.cache("cache", client)
    words: list[Any] = ["config get", b"get", "GET", SECRET, 7, *(f"X{number}" for number in range(1000))]
    for word in words:
        with pytest.raises(redis.ConnectionError):
            client.execute_command(word, "x")
    told = {labels[0] for name, *labels in joined.page() if name == "cache_command_duration_seconds_count"}
    assert {"CONFIG", "GET", "other"} <= told
    assert len(told) <= COMMANDS + 1
    assert not any("ANN" in each for each in told)


def test_our_own_fault_leaves_a_command_alone(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("ours")

    joined, client = Joined(), redis.Redis(port=server)
    joined.telemetry.cache("cache", client)
    monkeypatch.setattr("touchline_client.integrations.cache.Commands._name", broken)
    monkeypatch.setattr("touchline_client.integrations.cache.Commands._count", broken)
    assert client.set("a", "b")
    assert client.get("a") == b"b"
    assert joined.page()["telemetry_dropped_total", "metrics"] >= 2


def test_what_is_no_cache_is_told_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    joined = Joined()
    joined.telemetry.cache("cache", object())
    assert "object is no redis.Redis and no redis.asyncio.Redis" in caplog.text
