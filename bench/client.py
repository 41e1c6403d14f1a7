"""What the client library costs a request, beside the known ones: prometheus-fastapi-instrumentator, starlette-exporter and
OpenTelemetry's metrics. In: .venv-peers/, made here at the pins of bench/peers.txt. Out: `Figure`s, ours by the best of theirs: what each
adds to a bare FastAPI application, in CPU time and in allocations, in one process and in turns.

Ours counts in a mapped file that several workers share. Theirs are measured in their own fastest way, in memory for one process alone,
and once more in prometheus_client's multi-process mode, which is what ours does."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.figure import Figure
from bench.peers import environment, interpreter
from bench.processes import ROOT, BenchError

ROUNDS = 40
NOT_PEERS = ("bare", "ours")
TARGET = 0.5
SHARED = ("prometheus-fastapi-instrumentator", "starlette-exporter")
"""What prometheus_client's multi-process mode is for; OpenTelemetry has none."""


def run() -> Iterator[Figure]:
    """In memory first, then shared by processes, then allocations."""
    python = interpreter()
    for mode, peers in (("in memory", None), ("several processes", SHARED)):
        spent: dict[str, list[float]] = json.loads(_measured(python, mode, "cpu", str(ROUNDS)))
        added = {
            name: [max(one - bare, 1e-9) for one, bare in zip(each, spent["bare"], strict=True)]
            for name, each in spent.items()
            if name != "bare" and (name in NOT_PEERS or peers is None or name in peers)
        }
        yield from _cpu(mode, added, median(spent["bare"]))
    counted = {name: json.loads(_measured(python, "in memory", "allocations", name)) for name in spent}
    yield from _allocations(counted)


def _cpu(mode: str, added: Mapping[str, list[float]], bare: float) -> Iterator[Figure]:
    cost = {name: median(each) * 1e6 for name, each in added.items()}
    best = min((name for name in cost if name != "ours"), key=lambda name: cost[name])
    for name in sorted(cost.keys() - {"ours"}, key=lambda name: cost[name]):
        detail = (
            f"CPU +{cost['ours']:.1f} us / +{cost[name]:.1f} us on a request of {bare * 1e6:.0f} us, medians of {ROUNDS} chunks"
        )
        most = TARGET if name == best and mode == "in memory" else None
        yield Figure("client", f"metrics, {mode}: a request, by {name}", cost["ours"] / cost[name], "x", most, detail)


def _allocations(counted: Mapping[str, float]) -> Iterator[Figure]:
    added = {name: count - counted["bare"] for name, count in counted.items() if name != "bare"}
    best = min((name for name in added if name != "ours"), key=lambda name: added[name])
    for name in sorted(added.keys() - {"ours"}, key=lambda name: added[name]):
        detail = f"+{added['ours']:.0f} / +{added[name]:.0f} on {counted['bare']:.0f} allocations"
        most = TARGET if name == best else None
        yield Figure("client", f"metrics: allocations of a request, by {name}", added["ours"] / added[name], "x", most, detail)


def _measured(python: Path, mode: str, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        shared = {"PROMETHEUS_MULTIPROC_DIR": folder} if mode == "several processes" else {}
        ran = subprocess.run(
            [python, str(ROOT / "bench" / "instrumented.py"), *arguments],
            env=environment(TOUCHLINE_METRICS_DIR=folder, **shared),
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise BenchError(f"{' '.join(arguments)} failed in .venv-peers: {ran.stderr[-2000:]}")
    return ran.stdout
