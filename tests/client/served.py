"""The application that uvicorn serves in the tests of several workers. Each worker says who it is in a gauge of its own and in each
answer."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import touchline_client
from tests.client.contracts import shop
from touchline_client import Counter, Gauge, Histogram

CALLS = Counter("calls_total", "Calls", ("kind",), {"kind": ("a", "b")})
SIZES = Histogram("call_size", "Sizes", ("kind",), buckets=(1.0, 2.0, 3.0))
WORKER = Gauge("worker", "Who is there", ("pid",))
CONTRACT = shop(CALLS, SIZES, WORKER)
PID = str(os.getpid())


async def call(request: Request) -> PlainTextResponse:
    """One call, counted by the application beside what the middleware counts."""
    WORKER.assign(1.0, (PID,))
    CALLS.add(1.0, ("a",))
    SIZES.record(1.5, ("b",))
    SIZES.exemplify("0af7651916cd43dd8448eb211c80319c", 1.5, ("b",))
    return PlainTextResponse(PID)


app = Starlette(routes=[Route("/call/{number}", call)])
telemetry = touchline_client.instrument(app, CONTRACT)
