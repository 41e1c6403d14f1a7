"""The real Prometheus scrapes the page in both formats, from several workers: it takes every sample and every exemplar."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.load import Load, samples, scrape
from tests.client.test_workers import served
from tests.promql.engine import running_prometheus

CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, scrape_protocols: [{protocol}]}}
storage: {{exemplars: {{max_exemplars: 1000}}}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]
"""
EXEMPLARS = "--enable-feature=exemplar-storage"


def ask(address: str, path: str, **query: str) -> Any:
    with urllib.request.urlopen(f"http://{address}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
        return json.load(answer)["data"]


def value(address: str, query: str) -> float:
    result = ask(address, "/api/v1/query", query=query)["result"]
    return float(result[0]["value"][1]) if result else -1.0


def until(right: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 20
    while not right():
        assert time.monotonic() < end, what
        time.sleep(0.1)


@pytest.mark.engine
@pytest.mark.parametrize("protocol", ["OpenMetricsText1.0.0", "PrometheusText0.0.4"])
def test_prometheus_reads_what_we_write(protocol: str, tmp_path: Path) -> None:
    with served(2, tmp_path / "metrics") as port:
        (tmp_path / "prometheus").mkdir()
        with running_prometheus(tmp_path / "prometheus", CONFIG.format(protocol=protocol, port=port), EXEMPLARS) as address:

            async def load() -> int:
                load = Load(port)
                task = asyncio.create_task(load.run(4))
                await load.until(100)
                load.stopping = True
                await task
                return load.sent.answered

            answered = asyncio.run(load())
            until(lambda: value(address, "up") == 1.0, "Prometheus cannot scrape the page")
            count = 'http_request_duration_seconds_count{endpoint="/call/{number}"}'
            until(lambda: value(address, count) == answered, f"Prometheus does not see {answered} requests")
            # A machine that does much at once may be late for one scrape, whose series are then gone until the next.
            second = 'http_request_duration_seconds_bucket{endpoint="/call/{number}",le="1.0"}'
            until(lambda: value(address, second) == answered, f"Prometheus does not see {answered} requests within a second")
            written, taken = len(samples(scrape(port))), 'count({job="shop",__name__!~"up|scrape_.*"})'
            until(lambda: value(address, taken) == written, f"Prometheus does not take {written} samples")
            kinds = ask(address, "/api/v1/metadata")
            assert kinds["http_request_duration_seconds"][0]["type"] == "histogram"
            assert kinds["calls_total" if "0.0.4" in protocol else "calls"][0]["type"] == "counter"
            found = ask(
                address,
                "/api/v1/query_exemplars",
                query="call_size_bucket",
                start=str(time.time() - 600),
                end=str(time.time() + 60),
            )
            traces = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
            assert traces == ({"0af7651916cd43dd8448eb211c80319c"} if "OpenMetrics" in protocol else set())
