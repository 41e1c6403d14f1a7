"""SQLAlchemy, sync and async. In: an engine. Out: its events and its way to a connection, measured. An AsyncEngine does its work in the
Engine below it, which is what is listened to."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext

from touchline_client.http import found
from touchline_client.integrations.calls import Errors, Pool, once
from touchline_client.integrations.queries import Queries
from touchline_client.metrics import Histogram

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

BEGAN = "_touchline_began"
"""The attribute of a statement's context that says when it began."""


def watch(telemetry: Telemetry, name: str, engine: Any) -> None:
    """Measures an Engine or AsyncEngine from now on."""
    below: Engine = getattr(engine, "sync_engine", engine)
    if not once(below):
        return
    url = below.url
    queries = Queries(telemetry, below.dialect.name, url.host, url.port, url.database if url.host else None)
    errors = Errors(telemetry, "db_connection_errors_total", "ConnectionRefusedError", "OperationalError", "TimeoutError")
    _listen(below, queries, errors)
    _time_the_pool(telemetry, name, below, errors)
    pool = Pool(telemetry, "db", name)
    telemetry.contract.renew.append(lambda: _tell(pool, below))


def _listen(engine: Engine, queries: Queries, errors: Errors) -> None:
    calls = queries.calls

    def before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if context is not None:
            setattr(context, BEGAN, calls.begin())

    def after(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        began = getattr(context, BEGAN, None)
        if began is not None:
            queries.end(began, statement)

    def failed(failure: ExceptionContext) -> None:
        try:
            error = failure.original_exception
            if failure.is_disconnect:
                errors.count(error)
            began = getattr(failure.execution_context, BEGAN, None)
            if began is not None:
                queries.end(began, failure.statement or "", error)
        except Exception as fault:
            calls.guard.caught("measuring a failed query", fault)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


def _time_the_pool(telemetry: Telemetry, name: str, engine: Engine, errors: Errors) -> None:
    """How long a connection is waited for has no event: `raw_connection` is where an engine asks whatever pool it has then."""
    waits = found(telemetry.contract, Histogram, "db_connection_wait_seconds", "pool")
    labels, ask = (name,), engine.raw_connection

    def raw_connection() -> Any:
        began = perf_counter()
        try:
            return ask()
        except Exception as error:
            errors.count(error)
            raise
        finally:
            if waits is not None:
                waits.record(perf_counter() - began, labels)

    engine.raw_connection = raw_connection  # type: ignore[method-assign]


def _tell(pool: Pool, engine: Engine) -> None:
    """As the engine's pool of this moment says. A pool without a bound has none to tell."""
    now: Any = engine.pool
    size, overflow = getattr(now, "size", None), getattr(now, "_max_overflow", -1)
    active = now.checkedout() if hasattr(now, "checkedout") else None
    pool.tell(active, size() + overflow if size is not None and overflow >= 0 else None)
