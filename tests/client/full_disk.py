"""What happens on a full disk, told as JSON. In: a directory on a file system of a few hundred KiB, and "start" or "later", which is when
it is full. Out: how many of a thousand requests were answered, and what a scrape said then, and again when there was room."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import touchline_client
from tests.client.contracts import shop
from tests.client.load import samples
from touchline_client import Counter

SOLD = Counter("sold_total", "", ("kind",))


async def sell(request: Request) -> PlainTextResponse:
    """Each request brings a label set that was never seen."""
    SOLD.add(1.0, (request.path_params["kind"],))
    return PlainTextResponse("sold")


async def main(directory: Path, when: str) -> None:
    """Fill the disk, ask, scrape; empty it, ask, scrape."""
    big = directory / "big"
    if when == "start":
        fill(big)
    app = Starlette(routes=[Route("/sell/{kind}", sell)])
    touchline_client.instrument(app, shop(SOLD, label_sets=100_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        await client.get("/sell/first")
        if when == "later":
            fill(big)
        answers = [(await client.get(f"/sell/{number}")).status_code for number in range(3_000)]
        full = (await client.get("/metrics")).text
        big.unlink()
        await asyncio.sleep(1.1)
        await client.get("/sell/last")
        after = (await client.get("/metrics")).text
    print(json.dumps({"answered": answers.count(200), "full": total(full), "after": total(after), "size": size(directory)}))


def fill(big: Path) -> None:
    """Take all the room there is."""
    with big.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def total(page: str) -> dict[str, float]:
    """What the tests want to know of a page."""
    seen = samples(page)
    return {
        "sold": sum(value for series, value in seen.items() if series.startswith("sold_total")),
        "last": seen.get('sold_total{kind="last"}', 0.0),
        "dropped": seen.get('telemetry_dropped_total{telemetry="metrics"}', -1.0),
        "requests": sum(value for series, value in seen.items() if series.startswith("http_requests_total")),
    }


def size(directory: Path) -> int:
    """Bytes of all files."""
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


if __name__ == "__main__":
    asyncio.run(main(Path(os.environ["TOUCHLINE_METRICS_DIR"]), sys.argv[1]))
