"""Two services that a test serves with uvicorn. In: the environment: PostgreSQL, Redis, the other service. Out: applications as a user
writes them: one call wires each, one line each database, cache and client."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import redis.asyncio
from fastapi import FastAPI
from opentelemetry import trace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import touchline_client
from tests.client.contracts import BUCKETS, http_metrics
from touchline_client import Contract, Counter, Histogram, Keep
from touchline_client.logs import JsonFormatter, TraceFilter

KEEP = Keep(errors=True, slower_than=2.0, operations=(("POST", "/orders"),))
MORE = (
    Histogram("db_query_duration_seconds", "", ("operation", "table"), buckets=BUCKETS),
    Counter("cache_lookups_total", "", ("result",), {"result": ("hit", "miss")}),
)
log = logging.getLogger("shop")
handler = logging.StreamHandler()
handler.addFilter(TraceFilter())
handler.setFormatter(JsonFormatter())
log.addHandler(handler)

models = FastAPI()
touchline_client.instrument(models, Contract("shop-models", http_metrics(), keep=KEEP))


@models.get("/models/{name}")
async def model(name: str) -> dict[str, str]:
    """Answers for a model."""
    return {"model": name}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Joins what the application has."""
    yield
    await asked.aclose()
    await cache.aclose()
    await engine.dispose()


api = FastAPI(lifespan=lifespan)
telemetry = touchline_client.instrument(api, Contract("shop-api", (*http_metrics(), *MORE), keep=KEEP))
engine = create_async_engine(f"postgresql+asyncpg://postgres@127.0.0.1:{os.environ['SHOP_POSTGRES']}/postgres")
cache = redis.asyncio.Redis(port=int(os.environ["SHOP_REDIS"]))
asked = httpx.AsyncClient(base_url=f"http://127.0.0.1:{os.environ['SHOP_MODELS']}")
telemetry.database("main", engine)
telemetry.cache("cache", cache)
telemetry.client(asked)
tracer = trace.get_tracer("shop")


@api.post("/orders")
async def order() -> dict[str, str]:
    """Asks everything there is."""
    await cache.get("an order")
    async with engine.connect() as connection:
        await connection.execute(text("SELECT relname FROM pg_class WHERE relname = :name"), {"name": "a name"})
    with tracer.start_as_current_span("weigh"):
        answer = await asked.get("/models/elo", params={"who": "ann@example.com"})
        log.warning("weighed for %s", answer.json()["model"])
    return {"trace": telemetry_id()}


def telemetry_id() -> str:
    """Of the trace that runs."""
    return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)
