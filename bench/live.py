"""A system that goes on after its history, and the servers that watch it. In: services, series, an outage. Out: an exporter on
loopback whose counters continue the back-filled ones, and Prometheus processes that scrape it, with or without rules."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.history import JOB, SCRAPE, counted, series_of
from bench.processes import BenchError
from bench.system import names
from operate.tools import path


@dataclass(slots=True)
class Outage:
    """Every request of a service fails for `length` seconds; service number n begins `stagger` * n seconds after `start` (a Unix
    time, set when it is known), so that no form is lucky with the moment."""

    length: float
    stagger: float
    start: float = float("inf")

    def begins(self, number: int) -> float:
        """When service number n begins to fail."""
        return self.start + self.stagger * number

    def span(self, number: int, at: float) -> tuple[float, float]:
        """From when until when the service has failed, as far as `at` has seen it; both `at` before it begins."""
        start = min(self.begins(number), at)
        return start, min(start + self.length, at)


class Exporter:
    """Counters that went on from `since`; good requests become bad ones during the outage."""

    def __init__(self, services: int, series: int, since: int, outage: Outage) -> None:
        self._services, self._series, self._since, self._outage = names(services), series, since, outage

    def text(self) -> str:
        """The exposition of this moment."""
        at, lines = time.time(), ["# TYPE http_requests_total counter"]
        for number, service in enumerate(self._services):
            start, end = self._outage.span(number, at)
            moved = counted("200", end, self._since) - counted("200", start, self._since)
            for labels, status in series_of(service, self._series):
                value = counted(status, at, self._since) + (moved if status == "500" else -moved)
                lines.append(f"http_requests_total{{{labels}}} {value}")
        return "\n".join(lines) + "\n"

    @contextmanager
    def served(self) -> Iterator[int]:
        """The port it listens on while the block runs."""
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prometheus."""

    process: subprocess.Popen[bytes]
    port: int

    def ready(self) -> bool:
        """Whether it answers."""
        if self.process.poll() is not None:
            raise BenchError(f"prometheus ended with {self.process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def cpu(self) -> float:
        """Seconds of CPU so far, in all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def range(self, expr: str, start: float, end: float) -> list[dict[str, Any]]:
        """Series of a query over a time, a point a second."""
        query = urllib.parse.urlencode({"query": expr, "start": start, "end": end, "step": 1}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query_range", query, timeout=120) as answer:
            said: dict[str, Any] = json.load(answer)
        found: list[dict[str, Any]] = said["data"]["result"]
        return found

    def instant(self, expr: str) -> list[dict[str, Any]]:
        """Series of a query now."""
        query = urllib.parse.urlencode({"query": expr}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query", query, timeout=120) as answer:
            said: dict[str, Any] = json.load(answer)
        found: list[dict[str, Any]] = said["data"]["result"]
        return found


@contextmanager
def prometheus(folder: Path, data: Path, exporter: int, rules: str) -> Iterator[Server]:
    """One that scrapes the exporter's port and itself, evaluates these rules (text; "" for none) and stands on this history."""
    folder.mkdir()
    (folder / "rules.yml").write_text(rules or "groups: []\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = {
        "global": {"scrape_interval": f"{SCRAPE}s", "evaluation_interval": "30s"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [
            {"job_name": JOB, "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}]},
            {"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]},
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    command = [
        str(path("prometheus")),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=90d",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"})
    try:
        server = Server(process, port)
        deadline = time.monotonic() + 120
        while not server.ready():
            if time.monotonic() > deadline:
                raise BenchError("prometheus was not ready within two minutes")
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(60)
