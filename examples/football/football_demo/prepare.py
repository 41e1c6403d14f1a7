"""`python -m football_demo.prepare`: what containers of the services find done before their start. In: FOOTBALL_DATABASE_URL,
FOOTBALL_TOKENS, and the passwords of PostgreSQL's superuser and of its role `monitoring` as secrets. Out: roles, the database, its
tables, users and their tokens; what is there already is left alone, but for passwords, which are set anew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from football_api import migrations
from football_api.accounts import register
from football_servers.launch import USERS

SECRETS = Path("/run/secrets")
MONITOR = "monitoring"


async def roles(database: URL, superuser: str, monitoring: str) -> None:
    """Who owns the database, and who may look at the server; the database itself."""
    owner, name = str(database.username), str(database.database)
    server = database.set(username="postgres", password=superuser, database="postgres")
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")  # a database is made outside of transactions
    async with engine.connect() as connection:
        await _role(connection, owner, str(database.password))
        await _role(connection, MONITOR, monitoring)
        await connection.execute(text(f"GRANT pg_monitor TO {MONITOR}"))
        if not await connection.scalar(text("SELECT true FROM pg_database WHERE datname = :name"), {"name": name}):
            await _written(connection, "CREATE DATABASE %I OWNER %I", name, owner)
    await engine.dispose()


async def _role(connection: AsyncConnection, name: str, password: str) -> None:
    there = await connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :name"), {"name": name})
    await _written(connection, f"{'ALTER' if there else 'CREATE'} ROLE %I LOGIN PASSWORD %L", name, password)


async def _written(connection: AsyncConnection, statement: str, first: str, second: str) -> None:
    """A statement that takes no parameters, its two words quoted by the server."""
    values = {"statement": statement, "first": first, "second": second}
    quoted = await connection.scalar(text("SELECT format(:statement, CAST(:first AS text), CAST(:second AS text))"), values)
    await connection.exec_driver_sql(str(quoted))


def main() -> int:
    """Exit code 0, or 2 with one line when the database refuses."""
    url, tokens = os.environ["FOOTBALL_DATABASE_URL"], Path(os.environ["FOOTBALL_TOKENS"])
    superuser, monitoring = ((SECRETS / name).read_text(encoding="utf-8").strip() for name in ("superuser", MONITOR))
    try:
        asyncio.run(roles(make_url(url), superuser, monitoring))
        migrations.upgrade(url, "head")
        if not tokens.exists():
            tokens.touch(mode=0o600)
            tokens.write_text(json.dumps(asyncio.run(register(url, USERS))), encoding="utf-8")
    except (SQLAlchemyError, OSError) as error:
        print(f"football_demo.prepare: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
