"""A database of the application. In: an Engine or AsyncEngine of SQLAlchemy, or a Pool of asyncpg. Out: its pool's state, the time of its
queries by operation and table, its failed connections; and a span for each query."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

OF = {"sqlalchemy": "sqlalchemy_engine", "asyncpg": "asyncpg_pool"}
"""The library that an engine comes from -> our module for it."""


def watch(telemetry: Telemetry, name: str, engine: Any) -> None:
    """Measures it from now on. Raises TypeError where it is none of those."""
    library = next(
        (each.__module__.partition(".")[0] for each in type(engine).__mro__ if each.__module__.partition(".")[0] in OF), None
    )
    if library is None:
        raise TypeError(f"{type(engine).__qualname__} is no Engine or AsyncEngine of SQLAlchemy and no Pool of asyncpg")
    importlib.import_module(f"touchline_client.integrations.{OF[library]}").watch(telemetry, name, engine)
