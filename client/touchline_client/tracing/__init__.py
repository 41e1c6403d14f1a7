"""Tracing. In: OpenTelemetry's environment variables, then requests and calls. Out: spans sent by OTLP over HTTP to a collector that
decides which traces are kept. Needs opentelemetry-api, and no SDK; without an endpoint nothing of it is imported."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from touchline_client.guard import Guard
from touchline_client.http import FLUSH
from touchline_client.tracing import settings
from touchline_client.tracing.settings import Settings

if TYPE_CHECKING:
    from touchline_client.contract import Contract
    from touchline_client.tracing.tracer import Tracer

log = logging.getLogger("touchline_client.tracing")

NAME = "touchline-client"


def configured(contract: Contract, app: object) -> Tracer | None:
    """The tracer of an application, as the process's environment asks for it."""
    tracer = configure(contract.service, contract.guard, os.environ)
    if tracer is not None:
        _alone(app)
    return tracer


def _alone(app: object) -> None:
    """FastAPI from 0.16x makes spans itself as soon as anybody has set a TracerProvider, of the same requests, with their query strings.
    This says for an application what `FastAPI(telemetry={"tracing": False})` says, unless it was given a provider of its own."""
    own = getattr(app, "_telemetry", None)
    if isinstance(own, dict) and own.get("tracing") and own.get("tracer_provider") is None:
        own["tracing"] = False


def configure(service: str, guard: Guard, environment: Mapping[str, str]) -> Tracer | None:
    """The tracer that the environment asks for, as the one that opentelemetry-api gives to everybody, unless there is such a one
    already. None when no endpoint is set. `service` is the contract's name; the environment may give another."""
    found = settings.read(environment, service)
    if found is None:
        return None
    if find_spec("opentelemetry") is None:
        log.warning("traces: an endpoint is set, but opentelemetry-api is not installed: pip install 'touchline-client[tracing]'")
        return None
    from touchline_client.tracing import provider

    tracer = begin(found, guard)
    provider.offer(tracer.provider)
    atexit.register(tracer.flush, FLUSH)  # where no server tells of the end
    return tracer


def begin(found: Settings, guard: Guard) -> Tracer:
    """A tracer that sends to these settings' address, and is known to nobody else."""
    from touchline_client.tracing import wire
    from touchline_client.tracing.export import Exporter
    from touchline_client.tracing.post import Poster
    from touchline_client.tracing.tracer import Tracer

    sdk = {"telemetry.sdk.name": NAME, "telemetry.sdk.language": "python", "telemetry.sdk.version": _version()}
    process = wire.resource({**found.resource, **sdk, "service.name": found.service})
    headers = dict(found.headers)
    exporter = Exporter(lambda: Poster(found.address, headers, found.authority), process, guard)
    return Tracer(exporter, wire.scope(NAME, _version()))


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:  # run from its source
        return "0"
