"""Alembic's entrance. In: the connection that football_api.migrations opened. Out: the revisions, run in one transaction."""

from __future__ import annotations

from alembic import context

from football_api.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
