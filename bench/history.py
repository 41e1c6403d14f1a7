"""Back-filled history of one outage-free time. In: how many services, series each and hours. Out: a Prometheus data directory in
which both forms find what they read: raw counters, and what their own recordings would have left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.plain import WINDOWS
from bench.processes import BenchError
from bench.system import names
from operate.tools import path

SCRAPE = 30
"""Seconds between samples: the coarsest that leaves the shortest rate of ours (a minute) its two samples."""


def backfill(folder: Path, services: int, series: int, hours: int, end: int) -> Path:
    """Write the history up to `end` (a Unix time) as blocks; where they are."""
    text, data = folder / f"history-{series}.om", folder / f"data-{series}"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(_families(services, series, range(end - hours * 3600, end + 1, SCRAPE), end))
        file.write("# EOF\n")
    command = (str(path("promtool")), "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(data))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"promtool could not back-fill: {done.stderr[-1000:]}")
    text.unlink()
    return data


def _families(services: int, series: int, times: range, end: int) -> Iterator[str]:
    """Counters, then each recorded family at the cadence it is recorded at."""
    yield "# TYPE http_requests counter\n"
    for service in names(services):
        for number in range(series):
            status, step = ("500", 1) if number % 2 else ("200", 1000)
            labels = f'service="{service}",instance="i{number // 2}",method="GET",endpoint="/items",status="{status}"'
            yield "".join(f"http_requests_total{{{labels}}} {index * step} {at}\n" for index, at in enumerate(times))
    slow, recent = times[:: 240 // SCRAPE], range(end - 600, end + 1, SCRAPE)
    ours = {
        "slo:sli_total:rate": (times, "30"),
        "slo:sli_errors:rate": (times, "0.03"),
        "slo:sli_total:sum": (slow, "240"),
        "slo:sli_errors:sum": (slow, "0.24"),
        "slo:error_budget:ratio": (recent, "0.001"),
        **{f"slo:burn_rate:{window}": (recent, "1") for window in WINDOWS},
    }
    for name, (at, value) in ours.items():
        yield from _gauges(name, at, value, 'slo="{0}-availability"', services)
    info = 'slo="{0}-availability",service="{0}",tier="standard",owner="platform",objective="0.999",window="30d"'
    yield from _gauges("slo:event_floor:info", recent, "10", info, services)
    own = 'sloth_id="{0}-availability",sloth_service="{0}",sloth_slo="{0}-availability"'
    plain = {f"slo:sli_error:ratio_rate{window}": (times if window == "5m" else recent) for window in (*WINDOWS, "30d")}
    facts = ("slo:current_burn_rate:ratio", "slo:period_burn_rate:ratio")
    for name, at in (plain | dict.fromkeys(facts, recent)).items():
        yield from _gauges(name, at, "0.001", own, services)


def _gauges(name: str, times: range, value: str, form: str, services: int) -> Iterator[str]:
    yield f"# TYPE {name} gauge\n"
    for service in names(services):
        own = form.format(service)
        yield "".join(f"{name}{{{own}}} {value} {at}\n" for at in times)
