"""The migrations: up, down and up again; and what they make is what the tables of the code say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from football_api import migrations
from football_api.tables import Base
from tests.football.databases import Databases


@pytest.fixture
def fresh(data: Databases) -> Iterator[str]:
    """The address of an empty database."""
    data.administer("CREATE DATABASE migrated OWNER football")
    yield data.url.rpartition("/")[0] + "/migrated"
    data.administer("DROP DATABASE migrated")


def on(database: str, asked: object) -> object:
    async def whole() -> object:
        engine = create_async_engine(database)
        async with engine.connect() as connection:
            found = await connection.run_sync(asked)  # type: ignore[arg-type]
        await engine.dispose()
        return found

    return asyncio.run(whole())


def tables(database: str) -> set[str]:
    return {
        str(name)
        for (name,) in on(
            database,
            lambda connection: connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").all(),
        )  # type: ignore[attr-defined]
    }


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def test_the_migrations_make_what_the_code_says(fresh: str) -> None:
    migrations.upgrade(fresh)
    assert on(fresh, differences) == []


def test_up_down_and_up_again(fresh: str) -> None:
    migrations.upgrade(fresh)
    migrations.downgrade(fresh, "0001")
    assert on(fresh, differences) != []
    migrations.upgrade(fresh)
    assert on(fresh, differences) == [], "what the second revision made was gone, and is there again"
    migrations.downgrade(fresh, "base")
    assert tables(fresh) == {"alembic_version"}
    migrations.upgrade(fresh)
    assert tables(fresh) == {"alembic_version", "users", "matches", "predictions"}
    assert on(fresh, differences) == []


def test_what_was_settled_before_counts_as_told(fresh: str) -> None:
    migrations.upgrade(fresh, "0001")
    row = "INSERT INTO matches (round, home, away, kickoff_at, imported_at, settled_at) VALUES (1, 'A', 'B', now(), now(), now())"
    on(fresh, lambda connection: (connection.exec_driver_sql(row), connection.commit()))  # type: ignore[attr-defined]
    migrations.upgrade(fresh)
    told = on(fresh, lambda connection: connection.exec_driver_sql("SELECT scored_at = settled_at FROM matches").scalar())  # type: ignore[attr-defined]
    assert told is True
