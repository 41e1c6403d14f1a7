"""The queries of one database. In: a statement and when it began. Out: its time by operation and table, and a span that says no more than
these and where the database is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from touchline_client.http import found
from touchline_client.integrations.calls import Began, Calls
from touchline_client.integrations.statement import Statement, Statements
from touchline_client.metrics import OTHER, Histogram

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

HISTOGRAM = "db_query_duration_seconds"
SYSTEMS = {"mssql": "microsoft.sql_server", "oracle": "oracle.db"}
"""Names that the conventions give otherwise than SQLAlchemy."""

Pairs = tuple[tuple[str, str | int | bool], ...]


class Queries:
    """Measures queries. `system` is the kind of database as SQLAlchemy names it; where it is, is told as far as it is known."""

    def __init__(self, telemetry: Telemetry, system: str, host: str | None, port: int | None, database: str | None) -> None:
        self.calls = Calls(telemetry, HISTOGRAM, "operation", "table")
        histogram = found(telemetry.contract, Histogram, HISTOGRAM, "operation", "table")
        self._statements = Statements(histogram.values.get("table", ()) if histogram is not None else ())
        self._system = SYSTEMS.get(system, system)
        where = {"db.system.name": self._system, "server.address": host, "server.port": port, "db.namespace": database}
        self._where: Pairs = tuple((key, value) for key, value in where.items() if value)
        self._described = lru_cache(1000)(self._describe)

    def end(self, began: Began, text: str, error: BaseException | None = None) -> None:
        """A query is over."""
        try:
            statement = self._statements.read(text)
            self.calls.end(began, statement, *self._described(statement), error)
        except Exception as fault:
            self.calls.guard.caught("measuring a query", fault)

    def _describe(self, statement: Statement) -> tuple[str, Pairs]:
        """A span's name and attributes."""
        known = [("db.operation.name", statement.operation), ("db.collection.name", statement.table)]
        said = [(key, value) for key, value in known if value != OTHER]
        return " ".join(value for _, value in said) or self._system, (*self._where, *said)
