"""What evaluating the rules costs a real Prometheus. In: fifty SLOs with back-filled history. Out: CPU and samples of every rule's
expression in our shape beside the plain form, asked in turns of one server at one moment of the history. What a query costs
by itself (HTTP, parsing) is measured with `vector(1)` and taken off both sides; appending results is in neither."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.figure import Figure
from bench.history import backfill
from bench.plain import plain_rules, slos_of
from bench.processes import BenchError
from bench.system import names, write_spec
from generators.build import build
from operate.tools import path

SERVICES, HOURS, ROUNDS = 50, 6, 3
TARGETS = {20: 1 / 12, 2: 1 / 4}
"""Series of each service, and the most that our shape may cost of the plain form."""
PLAIN_CADENCE = 30


@dataclass(frozen=True, slots=True)
class Rules:
    """Expressions, each with the seconds between two evaluations of it."""

    expressions: tuple[tuple[str, int], ...]

    def at(self, cadence: int) -> list[str]:
        """Those of one cadence."""
        return [expr for expr, every in self.expressions if every == cadence]

    @property
    def cadences(self) -> list[int]:
        """Every cadence there is."""
        return sorted({every for _, every in self.expressions})


class Server:
    """A Prometheus on a random loopback port that answers queries at one moment."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, at: int) -> None:
        self._process, self._base, self._at = process, f"http://127.0.0.1:{port}", at

    def ready(self) -> bool:
        """Whether it answers."""
        if self._process.poll() is not None:
            raise BenchError(f"prometheus ended with {self._process.returncode}")
        try:
            with urllib.request.urlopen(f"{self._base}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def cost(self, expressions: list[str]) -> tuple[float, int]:
        """CPU seconds and samples of asking all of them once."""
        before, samples = self._cpu(), 0
        for expr in expressions:
            query = urllib.parse.urlencode({"query": expr, "time": self._at, "stats": "all"}).encode()
            with urllib.request.urlopen(f"{self._base}/api/v1/query", query, timeout=60) as answer:
                said: dict[str, Any] = json.load(answer)
            samples += int(said["data"]["stats"]["samples"]["totalQueryableSamples"])
        return self._cpu() - before, samples

    def _cpu(self) -> float:
        """Nanosecond clock of the whole process: /proc/PID/schedstat counts one thread only, so its threads are summed."""
        total = 0
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


def run() -> Iterator[Figure]:
    """Both numbers of series."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        spec = write_spec(here, SERVICES)
        forms = {"ours": _ours(build(spec).files["prometheus/rules/slo.yml"]), "plain": _plain()}
        for series, most in TARGETS.items():
            yield from _compare(here, forms, series, most)


def _ours(text: str) -> Rules:
    found = []
    for group in yaml.safe_load(text)["groups"]:
        every = {"30s": 30, "4m": 240}[group["interval"]]
        for rule in group["rules"]:
            if not rule.get("labels", {}).get("slo", "").endswith("-latency"):
                found.append((rule["expr"], every))
    return Rules(tuple(found))


def _plain() -> Rules:
    slos = tuple(slos_of(service)[0] for service in names(SERVICES))
    groups = yaml.safe_load(plain_rules(slos))["groups"]
    return Rules(tuple((rule["expr"], PLAIN_CADENCE) for group in groups for rule in group["rules"]))


def _compare(folder: Path, forms: dict[str, Rules], series: int, most: float) -> Iterator[Figure]:
    end = int(time.time()) // 240 * 240
    print(f"evaluation: writing {HOURS} h of history, {series} series a service", file=sys.stderr, flush=True)
    data = backfill(folder, SERVICES, series, HOURS, end)
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    whole: dict[str, list[float]] = {"ours": [], "plain": []}
    read = {"ours": 0, "plain": 0}
    with _prometheus(folder, data, end) as server:
        for turn in range(ROUNDS + 1):
            idle = server.cost(["vector(1)"] * 200)[0] / 200
            for form, rules in forms.items():
                parts = {every: server.cost(rules.at(every)) for every in rules.cadences}
                net = {every: max(0.0, cpu - idle * len(rules.at(every))) for every, (cpu, _) in parts.items()}
                read[form] = sum(samples for _, samples in parts.values())
                if turn:  # the first turn fills caches
                    rates[form].append(sum(cpu / every for every, cpu in net.items()))
                    whole[form].append(sum(net.values()))
    counts = {form: len(rules.expressions) for form, rules in forms.items()}
    title = f"{series} series a service"
    ours, plain = (f"{median(whole[form]) * 1000:.0f} ms for {counts[form]} rules" for form in ("ours", "plain"))
    shown = f"{ours} by {plain}"

    yield Figure("evaluation", f"one full evaluation, {title}", median(whole["ours"]) / median(whole["plain"]), "x", most, shown)
    share = median(rates["ours"]) / median(rates["plain"])
    yield Figure(
        "evaluation", f"CPU at each one's cadence, {title}", share, "x", most, "ours every 30 s and 240 s, plain every 30 s"
    )
    yield Figure(
        "evaluation", f"samples read, {title}", read["ours"] / read["plain"], "x", None, f"{read['ours']} by {read['plain']}"
    )


@contextmanager
def _prometheus(folder: Path, data: Path, at: int) -> Iterator[Server]:
    config = folder / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        str(path("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=90d",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"})
    try:
        server = Server(process, port, at)
        deadline = time.monotonic() + 60
        while not server.ready():
            if time.monotonic() > deadline:
                raise BenchError("prometheus was not ready within a minute")
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(30)
