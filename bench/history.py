"""Back-filled history of a quiet time. In: how many services, series each and days. Out: Prometheus data directories in which both
forms find what they read: raw counters, and what their own recordings would have left behind. Values waver, since what never
changes is stored in a bit a sample and read in no time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from math import sin
from pathlib import Path

from bench.plain import WINDOWS
from bench.processes import BenchError
from bench.system import names
from operate.tools import path

SCRAPE = 15
"""Seconds between samples."""

PACE = {"200": 300.0, "500": 0.06}
"""Requests of one series in one scrape, by status: a fifth of the budget of 99.9 % burns, and nothing fires."""

JOB = "bench"


def backfill(folder: Path, services: int, series: int, days: int, end: int) -> Path:
    """Write the history up to `end` (a Unix time), a day at a time, as blocks; where they are."""
    data = folder / f"history-{series}"
    for day in range(days):
        print(f"evaluation: writing day {day + 1} of {days}, {series} series a service", file=sys.stderr, flush=True)
        start = end - (days - day) * 86400
        text = folder / "history.om"
        with text.open("w", encoding="utf-8") as file:
            file.writelines(_families(services, series, range(start, start + 86400, SCRAPE), end - days * 86400))
            file.write("# EOF\n")
        # One pass over the text for each block: the largest that this flag's doubling lets a day have.
        command = ("tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=18h", str(text), str(data))
        done = subprocess.run((str(path("promtool")), *command), capture_output=True, text=True)
        text.unlink()
        if done.returncode:
            raise BenchError(f"promtool could not back-fill: {done.stderr[-1000:]}")
    return data


def copied(data: Path, to: Path) -> Path:
    """The same blocks for another server: they are never written to, so links do."""
    shutil.copytree(data, to, copy_function=os.link)
    return to


def counted(status: str, at: float, since: int) -> int:
    """What a counter of this status stands at in a quiet time that began at `since`; never falls."""
    scrapes = (at - since) / SCRAPE
    return int(PACE[status] * (scrapes + sin(scrapes) / 3))


def series_of(service: str, series: int) -> Iterator[tuple[str, str]]:
    """Labels in Prometheus's notation and status of each raw series of a service."""
    for number in range(series):
        status = "500" if number % 2 else "200"
        yield f'service="{service}",instance="i{number // 2}",method="GET",endpoint="/items",status="{status}"', status


def _families(services: int, series: int, times: range, since: int) -> Iterator[str]:
    """Counters, then each recorded family at the cadence it is recorded at."""
    yield "# TYPE http_requests counter\n"
    for service in names(services):
        for labels, status in series_of(service, series):
            name = f'http_requests_total{{job="{JOB}",{labels}}}'
            yield "".join(f"{name} {counted(status, at, since)} {at}\n" for at in times)
    fast, slow = times[:: 30 // SCRAPE], times[:: 240 // SCRAPE]
    own, plain = 'slo="{0}-availability"', 'sloth_id="{0}-availability",sloth_service="{0}",sloth_slo="{0}-availability"'
    rate, share = PACE["200"] * series / 2 / SCRAPE, PACE["500"] / PACE["200"]
    for name, at, value, labels in (
        ("slo:sli_total:rate", fast, rate, own),
        ("slo:sli_errors:rate", fast, rate * share, own),
        ("slo:sli_total:sum", slow, rate * 8, own),
        ("slo:sli_errors:sum", slow, rate * share * 8, own),
        *((f"slo:burn_rate:{window}", fast, share * 1000, own) for window in WINDOWS),
        *((f"slo:sli_error:ratio_rate{window}", fast, share, plain) for window in WINDOWS),
    ):
        yield f"# TYPE {name} gauge\n"
        for service in names(services):
            line = f"{name}{{{labels.format(service)}}}"
            yield "".join(f"{line} {value * (1 + moment // 30 % 11 / 97):.6g} {moment}\n" for moment in at)
