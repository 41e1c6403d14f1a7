"""Which format a scrape gets, and the form of what both formats have in common. That Prometheus reads both is test_prometheus."""

from __future__ import annotations

import math

import pytest

from touchline_client import Counter, Gauge, Histogram
from touchline_client.exposition import openmetrics, plain, wants_openmetrics
from touchline_client.metrics import Metric
from touchline_client.records import Key, pack_exemplar

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", False),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=1.0.0, */*;q=0.1", True),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.9", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=much", False),
        ("APPLICATION/OpenMetrics-Text", True),
    ],
)
def test_the_format_is_the_one_that_is_liked_best(accept: str, wanted: bool) -> None:
    assert wants_openmetrics(accept) is wanted


def with_exemplar(value: float) -> list[float]:
    """A counter's slots."""
    cell = memoryview(bytearray(48)).cast("d")
    cell[0] = value
    pack_exemplar(cell, 1, "0af7651916cd43dd8448eb211c80319c", 1.0, 1700000000.0)
    return list(cell)


def test_only_counters_and_buckets_have_exemplars_and_only_in_openmetrics() -> None:
    metrics: dict[str, Metric] = {"a_total": Counter("a_total"), "b": Counter("b")}
    slots: dict[Key, list[float]] = {(name, "counter", ()): with_exemplar(2.0) for name in metrics}
    lines = openmetrics(metrics, slots).decode().splitlines()
    assert 'a_total 2.0 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 1.0 1700000000.000' in lines
    assert "b 2.0" in lines
    assert "trace_id" not in plain(metrics, slots).decode()


def test_the_page_is_as_the_formats_say() -> None:
    metrics: dict[str, Metric] = {
        "a_total": Counter("a_total", 'a\\b "c"\nd', ("x",)),
        "b": Counter("b"),
        "c": Gauge("c"),
        "d": Histogram("d", buckets=(0.5,)),
    }
    slots: dict[Key, list[float]] = {
        ("a_total", "counter", ("1",)): [3.0, *[0.0] * 5],
        ("b", "counter", ()): [1e20, *[0.0] * 5],
        ("c", "gauge:sum", ()): [-math.inf, 0.0],
        ("d", "histogram:0.5", ()): [1.0, 2.0, math.nan, *[0.0] * 10],
    }
    samples = [
        'a_total{x="1"} 3.0',
        "b 1e+20",
        "c -Inf",
        'd_bucket{le="0.5"} 1.0',
        'd_bucket{le="+Inf"} 3.0',
        "d_sum NaN",
        "d_count 3.0",
    ]
    pages = [(made(metrics, slots).decode()) for made in (openmetrics, plain)]
    for page in pages:
        assert [line for line in page.splitlines() if not line.startswith("#")] == samples
        assert page.endswith("\n")
    assert r"# HELP a a\\b \"c\"\nd" in pages[0]
    assert r'# HELP a_total a\\b "c"\nd' in pages[1]
    assert [line for line in pages[0].splitlines() if "TYPE" in line or "EOF" in line] == [
        "# TYPE a counter", "# TYPE b unknown", "# TYPE c gauge", "# TYPE d histogram", "# EOF",
    ]  # fmt: skip
    assert "# EOF" not in pages[1]
