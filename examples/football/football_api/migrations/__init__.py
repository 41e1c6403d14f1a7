"""The schema's history. In: a database's address and a revision. Out: its tables, brought there. `python -m football_api.migrations
upgrade` (to the newest) or `downgrade REVISION`; Alembic's own command line is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine


def upgrade(database: str, revision: str = "head") -> None:
    """Bring the tables forward to a revision."""
    asyncio.run(_run(database, lambda config: command.upgrade(config, revision)))


def downgrade(database: str, revision: str) -> None:
    """Bring the tables back to a revision; `base` leaves none."""
    asyncio.run(_run(database, lambda config: command.downgrade(config, revision)))


async def _run(database: str, change: Callable[[Config], None]) -> None:
    engine = create_async_engine(database)

    def on(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(__file__).parent))
        change(config)

    async with engine.begin() as connection:
        await connection.run_sync(on)
    await engine.dispose()
