"""What tracing every request costs: ours beside OpenTelemetry's instrumentation of FastAPI, with its SDK's usual batches over OTLP HTTP,
with and without its spans of send and receive, and beside FastAPI's own. In: one process a variant, all alive at once, asked in turns; a
collector that only counts. Out: `Figure`s of CPU beyond the bare application, and of allocations, sending included."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.figure import Figure, ratio
from bench.peers import environment, interpreter
from bench.processes import ROOT, BenchError

ROUNDS, REQUESTS, MEASURED = 20, 300, 200
"""REQUESTS in a turn: few enough that the peers' queue (2048 spans) holds the spans of all of them, and none is spared by dropping."""
PEERS = {
    "opentelemetry_lean": "OpenTelemetry without send and receive spans",
    "opentelemetry": "OpenTelemetry with send and receive spans",
    "fastapi_own": "FastAPI's own with OpenTelemetry's SDK",
}
MOST = {"opentelemetry_lean": 0.5, "opentelemetry": 0.5}
VARIANTS = ("bare", "ours", *PEERS)


class Process:
    """A variant that waits to be asked."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process, self._name = process, name

    def ask(self, what: str) -> float:
        """Its answer. Raises BenchError when it has none."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self.answer())

    def answer(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise BenchError(f"the process of {self._name} has ended: see what it said above")
        return line


def run() -> Iterator[Figure]:
    """Turns in a changing order, so that none always comes behind the same other."""
    python = str(interpreter())
    cpu: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with ExitStack() as stack:
        port, counted = stack.enter_context(collector())
        processes = {name: stack.enter_context(_process(python, name, f"http://127.0.0.1:{port}/{name}")) for name in VARIANTS}
        counted.clear()
        for turn in range(ROUNDS):
            for name in (*VARIANTS[turn % len(VARIANTS) :], *VARIANTS[: turn % len(VARIANTS)]):
                cpu[name].append(processes[name].ask(f"cpu {REQUESTS}") * 1e6 / REQUESTS)
        _every_span_came(counted)
        counts = {name: process.ask(f"allocations {MEASURED}") for name, process in processes.items()}
    yield from _figures(cpu, counts, counted)


def _every_span_came(counted: Mapping[str, int]) -> None:
    for name in VARIANTS[1:]:
        if counted[name] < ROUNDS * REQUESTS or counted[name] % (ROUNDS * REQUESTS):
            raise BenchError(f"{name} sent {counted[name]} spans of {ROUNDS * REQUESTS} requests: some were dropped")


def _figures(cpu: Mapping[str, list[float]], counts: Mapping[str, float], counted: Mapping[str, int]) -> Iterator[Figure]:
    beyond = {name: [one - none for one, none in zip(cpu[name], cpu["bare"], strict=True)] for name in VARIANTS}
    spent = {name: median(values) for name, values in beyond.items()}
    for name, words in PEERS.items():
        spans = counted[name] // counted["ours"]
        bare = f"a bare route of {median(cpu['bare']):.0f} us"
        detail = f"{spent['ours']:.0f} us / {spent[name]:.0f} us beyond {bare}, {spans} spans to our 1"
        yield Figure("tracing", f"CPU a request, by {words}", ratio(beyond["ours"], beyond[name]), "x", MOST.get(name), detail)
    for name, words in PEERS.items():
        ours, theirs = (counts[each] - counts["bare"] for each in ("ours", name))
        detail = f"+{ours:.0f} / +{theirs:.0f} on {counts['bare']:.0f} allocations"
        yield Figure("tracing", f"allocations of a request, by {words}", ours / theirs, "x", MOST.get(name), detail)


@contextmanager
def _process(python: str, name: str, endpoint: str) -> Iterator[Process]:
    command = [python, "-m", "bench.traced", name]
    started = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint),
    )
    try:
        process = Process(started, name)
        process.answer()
        yield process
    finally:
        if started.stdin is not None:
            started.stdin.close()
        started.wait()


@contextmanager
def collector() -> Iterator[tuple[int, Counter[str]]]:
    """A collector that says yes, and counts the spans of each path."""
    counted: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = ExportTraceServiceRequest()
            request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans = sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)
            counted[self.path.split("/")[1]] += spans
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, counted
    finally:
        server.shutdown()
        server.server_close()
