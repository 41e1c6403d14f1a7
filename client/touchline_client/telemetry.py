"""One call wires an application. In: an ASGI application and its contract. Out: the same application, measured, and the object by which
databases, caches and HTTP clients join."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from touchline_client.contract import DIRECTORY, Contract
from touchline_client.guard import LOG
from touchline_client.http import Middleware
from touchline_client.pulse import Pulse
from touchline_client.routes import Templates
from touchline_client.scrape import Page
from touchline_client.seam import App, Tracer


class Telemetry:
    """What measures one application. `app` is the application to serve: the same object where it is Starlette's or FastAPI's, which is
    changed in place, else the wrapped one."""

    def __init__(self, app: Any, contract: Contract, tracer: Tracer | None) -> None:
        self.app = app
        self.contract, self.tracer = contract, tracer

    def dropped(self, telemetry: str, number: int = 1) -> None:
        """Count what could not be kept. Never raises."""
        self.contract.dropped(telemetry, number)

    def database(self, name: str, engine: Any) -> None:
        """Measure a pool and its queries: an Engine or AsyncEngine of SQLAlchemy, or a Pool of asyncpg. `name` is the label `pool`."""
        self._join("database", name, engine)

    def cache(self, name: str, client: Any) -> None:
        """Measure a client of Redis (redis.Redis or redis.asyncio.Redis)."""
        self._join("cache", name, client)

    def client(self, client: Any) -> None:
        """Trace what a client of HTTP asks (httpx.Client or httpx.AsyncClient)."""
        self._join("client", client)

    def _join(self, what: str, *arguments: Any) -> None:
        """`touchline_client.integrations.WHAT.watch(telemetry, …)`, imported when it is used: it needs what the application has."""
        if self.contract.off:
            return
        try:
            importlib.import_module(f"touchline_client.integrations.{what}").watch(self, *arguments)
        except Exception as error:
            self.contract.guard.caught(f"joining a {what}", error)


def instrument(app: Any, contract: Contract, *, tracer: Tracer | None = None) -> Telemetry:
    """Measure an application: before it serves its first request. Without a `tracer`, tracing is as the environment says.

    It stands before everything else the application has, its own handling of errors included. Raises nothing: what cannot be
    wired is told in the log, and the application runs without it."""
    if contract.off:
        return Telemetry(app, contract, None)
    tracer = _configured(app, contract) if tracer is None else tracer
    telemetry = Telemetry(app, contract, tracer)
    try:
        _tell_of_workers(contract)
        pulse = Pulse(contract)

        def measured(inner: App) -> Middleware:
            return Middleware(inner, contract, Templates(app), tracer, pulse, Page(contract, pulse))

        if hasattr(app, "build_middleware_stack"):
            _wrap_stack(app, measured)
        else:
            telemetry.app = measured(app)
    except Exception as error:
        contract.guard.caught("wiring the application", error)
    return telemetry


def _tell_of_workers(contract: Contract) -> None:
    """Several workers without a directory in common: each scrape would show the one that happens to answer."""
    processes = sys.modules.get("multiprocessing.process")
    if contract.store.shared is None and processes is not None and processes.parent_process() is not None:
        LOG.warning(
            "this is one of several processes, and %s is not set: each exports its own numbers alone. Set it to a directory that "
            "the workers share, empty at the first start",
            DIRECTORY,
        )


def _wrap_stack(app: Any, measured: Any) -> None:
    """Outside everything: what Starlette itself puts outside everything else answers for exceptions, and that answer counts."""
    if app.middleware_stack is not None:
        app.middleware_stack = measured(app.middleware_stack)
        return
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: measured(build())


def _configured(app: Any, contract: Contract) -> Tracer | None:
    """The tracer that the environment asks for, if any."""
    try:
        tracing = importlib.import_module("touchline_client.tracing")
    except ImportError as error:
        LOG.debug("no tracing: %s", error)
        return None
    try:
        tracer: Tracer | None = tracing.configured(contract, app)
        return tracer
    except Exception as error:
        contract.guard.caught("setting tracing up", error, "spans")
        return None
