"""A Pool of asyncpg. In: the pool. Out: its queries, measured by asyncpg's own query logger on each of its connections; its state; its
failed connections. How long a connection is waited for cannot be seen from outside: the pool's methods cannot be replaced."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

from touchline_client.integrations.calls import Began, Errors, Pool
from touchline_client.integrations.queries import Queries

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

RESET = "SELECT pg_advisory_unlock_all()"
"""What asyncpg begins with when a connection comes back to its pool: no query of the application."""


def watch(telemetry: Telemetry, name: str, pool: Any) -> None:
    """Measures a pool from now on, whether it has connected already or not."""
    errors, state = (
        Errors(telemetry, "db_connection_errors_total", "ConnectionRefusedError", "TimeoutError"),
        Pool(telemetry, "db", name),
    )
    listener = _Listener(telemetry)
    if getattr(pool._connect, "_touchline", False):
        return
    pool._connect = _counting(pool._connect, errors, listener)
    for holder in pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(listener)
    telemetry.contract.renew.append(lambda: state.tell(pool.get_size() - pool.get_idle_size(), pool.get_max_size()))


def _counting(connect: Any, errors: Errors, listener: _Listener) -> Any:
    """The same way to a connection, whose failures are counted and whose connections are listened to."""

    async def connected(*arguments: Any, **named: Any) -> Any:
        try:
            connection = await connect(*arguments, **named)
        except Exception as error:
            errors.count(error)
            raise
        try:
            connection.add_query_logger(listener)
        except Exception as fault:
            listener.guard.caught("listening to a connection", fault)
        return connection

    connected._touchline = True  # type: ignore[attr-defined]
    return connected


class _Listener:
    """What asyncpg calls after each query, with its record."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry, self.guard = telemetry, telemetry.contract.guard
        self._queries: dict[object, Queries] = {}

    def __call__(self, record: Any) -> None:
        try:
            if record.query.startswith(RESET):
                return
            queries = self._of(record)
            began = queries.calls.begin()
            ago = float(record.elapsed)
            queries.end(Began(time_ns() - int(ago * 1e9), perf_counter() - ago, began.place), record.query, record.exception)
        except Exception as fault:
            self.guard.caught("measuring a query", fault)

    def _of(self, record: Any) -> Queries:
        """Queries of the place that a connection goes to: a pool may know several hosts, of which one answers."""
        address, database = record.conn_addr, record.conn_params.database
        known = self._queries.get((address, database))
        if known is None:
            host, port = address if isinstance(address, tuple) else (str(address), None)
            known = self._queries[address, database] = Queries(self._telemetry, "postgresql", host, port, database)
        return known
