"""A trace through two services into PostgreSQL and Redis, read back from a real Jaeger, and found from a metric in a real Prometheus."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.emit.test_jaeger import TRACING, on_free_ports, running
from tests.emit.tools import need
from tests.ports import free_ports

pytestmark = [pytest.mark.engine, pytest.mark.databases]
ROOT = Path(__file__).resolve().parent.parent.parent
WORKERS, REQUESTS = 2, 40


def get(address: str, method: str = "GET") -> Any:
    """What answers, as JSON."""
    with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10) as answer:
        return json.load(answer)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for what must come; the limit only ends a test that has failed."""
    limit = time.monotonic() + 60
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < limit, f"never seen: {what}"
        time.sleep(0.2)


@contextmanager
def process(command: list[str], log: Path, environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """One that runs for a block, and ends as a server does."""
    with log.open("ab") as out:
        started = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env={**environment})
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        assert started.wait(30) is not None


@contextmanager
def service(name: str, port: int, workers: int, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """An application of traced_shop, under uvicorn, once it answers."""
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        f"tests.client.traced_shop:{name}",
        "--port",
        str(port),
        "--workers",
        str(workers),
    ]
    shared = folder / name
    shared.mkdir()
    with process(command, folder / f"{name}.log", {**os.environ, **environment, "TOUCHLINE_METRICS_DIR": str(shared)}):
        until(lambda: bool(get(f"http://127.0.0.1:{port}/openapi.json")), name)
        yield


@contextmanager
def prometheus(folder: Path, port: int, targets: Mapping[str, int]) -> Iterator[str]:
    """A Prometheus that keeps exemplars."""
    jobs = [{"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{to}"]}]} for name, to in targets.items()]
    config = folder / "prometheus.json"  # JSON is YAML
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    address = f"127.0.0.1:{port}"
    keep = ["--enable-feature=exemplar-storage", f"--storage.tsdb.path={folder}/data"]
    with process(
        [need("prometheus"), f"--config.file={config}", f"--web.listen-address={address}", *keep], folder / "prometheus.log"
    ):
        yield f"http://{address}"


@dataclasses.dataclass(frozen=True)
class Site:
    """Where everything is."""

    api: str
    jaeger: str
    prometheus: str
    folder: Path

    def trace(self, ident: str) -> dict[str, Any]:
        """As Jaeger's API gives it."""
        found: dict[str, Any] = get(f"{self.jaeger}/api/traces/{ident}")["data"][0]
        return found

    def exemplars(self, query: str) -> set[str]:
        """Trace ids that a metric points to."""
        asked = urllib.parse.urlencode({"query": query, "start": time.time() - 600, "end": time.time() + 1})
        found = get(f"{self.prometheus}/api/v1/query_exemplars?{asked}")["data"]
        return {each["labels"]["trace_id"] for series in found for each in series["exemplars"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("traces")
    tracing = on_free_ports(TRACING)
    api, models, metrics, tables, keys = free_ports(5)
    with ExitStack() as stack:
        stack.enter_context(running(folder, tracing))
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{tracing.otlp_http}",
            "SHOP_POSTGRES": str(stack.enter_context(databases.postgres(folder, tables))),
            "SHOP_REDIS": str(stack.enter_context(databases.redis(folder, keys))),
            "SHOP_MODELS": str(models),
        }
        stack.enter_context(service("models", models, 1, folder, environment))
        stack.enter_context(service("api", api, WORKERS, folder, environment))
        asked = stack.enter_context(prometheus(folder, metrics, {"shop-api": api, "shop-models": models}))
        until(lambda: len(get(f"{asked}/api/v1/query?query=up==1")["data"]["result"]) == 2, "both scraped")
        yield Site(f"http://127.0.0.1:{api}", f"http://{tracing.query_http}", asked, folder)


def test_a_trace_from_the_edge_to_the_databases_is_found_from_a_metric(site: Site) -> None:
    traces = [get(f"{site.api}/orders", "POST")["trace"] for _ in range(REQUESTS)]
    until(lambda: all(len(site.trace(each)["spans"]) == 6 for each in traces), "every trace whole in Jaeger")
    found = site.trace(traces[0])
    spans = {span["spanID"]: span for span in found["spans"]}
    services = {ident: process["serviceName"] for ident, process in found["processes"].items()}
    way = {
        (services[span["processID"]], span["operationName"]): [
            spans[reference["spanID"]]["operationName"] for reference in span["references"]
        ]
        for span in spans.values()
    }
    assert way == {
        ("shop-api", "POST /orders"): [],
        ("shop-api", "redis GET"): ["POST /orders"],
        ("shop-api", "SELECT pg_class"): ["POST /orders"],
        ("shop-api", "weigh"): ["POST /orders"],
        ("shop-api", "GET"): ["weigh"],
        ("shop-models", "GET /models/{name}"): ["GET"],
    }
    assert "ann@" not in json.dumps(found)


def test_metrics_point_to_traces_that_are_kept(site: Site) -> None:
    for _ in range(REQUESTS):
        get(f"{site.api}/orders", "POST")
    for metric in ("http_request_duration_seconds_bucket", "http_requests_total"):
        until(lambda metric=metric: bool(site.exemplars(f'{metric}{{endpoint="/orders"}}')), f"exemplars of {metric}")  # type: ignore[misc]
        for ident in site.exemplars(f'{metric}{{endpoint="/orders"}}'):
            until(lambda ident=ident: bool(site.trace(ident)["spans"]), f"trace {ident}")  # type: ignore[misc]


def test_log_lines_carry_the_trace(site: Site) -> None:
    trace = get(f"{site.api}/orders", "POST")["trace"]
    lines = [json.loads(line) for line in (site.folder / "api.log").read_text().splitlines() if line.startswith("{")]
    (line,) = [each for each in lines if each["trace_id"] == trace]
    assert (line["logger"], line["message"]) == ("shop", "weighed for elo")
