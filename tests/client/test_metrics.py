"""The engine: what is counted is there, in one process and in forks of it, whoever counts, and whatever is given to it."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.contracts import shop
from tests.client.load import samples
from touchline_client import Contract, Counter, Gauge, Histogram
from touchline_client.pulse import Pulse
from touchline_client.scrape import Page

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory where the processes of a test meet."""
    monkeypatch.setenv("TOUCHLINE_METRICS_DIR", str(tmp_path))
    return tmp_path / "shop"


def page(contract: Contract, openmetrics: bool = False) -> str:
    return Page(contract, Pulse(contract)).text(openmetrics).decode()


def seen(contract: Contract) -> dict[str, float]:
    return samples(page(contract))


def test_what_is_counted_is_there() -> None:
    sold, stock, price = Counter("sold_total", "", ("kind",)), Gauge("stock"), Histogram("price", buckets=(1, 2.5))
    contract = shop(sold, stock, price)
    sold.add(1.0, ("a",))
    sold.add(2.5, ("a",))
    stock.assign(7.0)
    stock.add(-3.0)
    for value in (0.5, 1.0, 2.0, 99.0):
        price.record(value)
    found = seen(contract)
    assert found['sold_total{kind="a"}'] == 3.5
    assert found["stock"] == 4.0
    assert [found[f'price_bucket{{le="{le}"}}'] for le in ("1.0", "2.5", "+Inf")] == [2.0, 3.0, 4.0]
    assert (found["price_sum"], found["price_count"]) == (102.5, 4.0)


def test_declared_label_sets_begin_at_0_and_gauges_have_no_value_before_their_first() -> None:
    values = {"kind": ("a", "b")}
    sold, stock = Counter("sold_total", "", ("kind",), values), Gauge("stock", "", ("kind",), values)
    price = Histogram("price", "", ("kind",), values, buckets=(1.0,))
    found = seen(shop(sold, stock, price))
    assert {found[f'sold_total{{kind="{kind}"}}'] for kind in "ab"} == {0.0}
    assert {found[f'price_count{{kind="{kind}"}}'] for kind in "ab"} == {0.0}
    assert not [series for series in found if series.startswith("stock")]


def test_what_nobody_has_touched_is_told() -> None:
    sold = Counter("sold_total", "", ("kind",), {"kind": ("a",)})
    lost = Counter("lost_total")
    contract = shop(sold, lost)
    seen(contract)
    assert {"sold_total", "lost_total"} <= set(contract.untouched())
    sold.add(1.0, ("a",))
    assert "sold_total" not in contract.untouched()
    assert "lost_total" in contract.untouched()


def test_it_is_told_in_the_log_after_a_while(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("touchline_client.scrape.REPORT_AFTER", -1.0)
    contract = shop(Counter("lost_total"))
    answering = Page(contract, Pulse(contract))
    with caplog.at_level(logging.WARNING):
        answering.text(False)
        answering.text(False)
    assert [record.getMessage() for record in caplog.records if "lost_total" in record.getMessage()] != []
    assert len([record for record in caplog.records if "never written" in record.getMessage()]) == 1


BAD = [-1.0, math.nan, math.inf, "many", None, 10**400]


@pytest.mark.parametrize("value", BAD, ids=str)
def test_what_cannot_be_counted_is_dropped_and_counted_as_dropped(value: object, caplog: pytest.LogCaptureFixture) -> None:
    sold, price = Counter("sold_total"), Histogram("price", buckets=(1.0,))
    contract = shop(sold, price)
    for _ in range(3):
        sold.add(value)  # type: ignore[arg-type]
        price.record(value)  # type: ignore[arg-type]
    found = seen(contract)
    assert found.get("sold_total", 0.0) == 0.0
    assert found.get("price_count", 0.0) == 0.0
    assert found['telemetry_dropped_total{telemetry="metrics"}'] == 6.0
    assert len([one for one in caplog.records if "sold_total" in one.getMessage()]) == 1  # told once


@pytest.mark.parametrize("labels", [(), ("a", "b"), (["a"],), None], ids=str)
def test_labels_that_do_not_fit_are_dropped(labels: object) -> None:
    sold = Counter("sold_total", "", ("kind",))
    contract = shop(sold)
    sold.add(1.0, labels)  # type: ignore[arg-type]
    found = seen(contract)
    assert sum(value for series, value in found.items() if series.startswith("sold_total")) in (0.0, 1.0)
    assert found['telemetry_dropped_total{telemetry="metrics"}'] + sum(v for s, v in found.items() if s.startswith("sold")) == 1.0


def test_any_text_is_a_label_value_and_comes_out_as_prometheus_reads_it() -> None:
    sold = Counter("sold_total", "", ("kind",))
    contract = shop(sold)
    for kind in ('a"b', "a\\b", "a\nb", "比赛", "\ud800", "x" * 1000, ""):
        sold.add(1.0, (kind,))
    found = page(contract)
    lines = [line for line in found.splitlines() if line.startswith("sold_total")]
    assert len(lines) == 7
    assert r'sold_total{kind="a\"b"} 1.0' in lines
    assert r'sold_total{kind="a\\b"} 1.0' in lines
    assert r'sold_total{kind="a\nb"} 1.0' in lines
    assert max(map(len, lines)) < 300


def test_beyond_the_limit_label_sets_are_one() -> None:
    sold = Counter("sold_total", "", ("kind", "outcome"), {"outcome": ("ok", "error")})
    contract = shop(sold, label_sets=10)
    for number in range(1_000):
        sold.add(1.0, (f"kind {number}", "ok"))
    found = {series: value for series, value in seen(contract).items() if series.startswith("sold_total")}
    assert sum(found.values()) == 1_000.0
    assert len(found) == 11
    assert found['sold_total{kind="other",outcome="ok"}'] == 990.0
    assert seen(contract)['telemetry_dropped_total{telemetry="metrics"}'] == 990.0


def test_threads_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sold, price = Counter("sold_total", "", ("kind",)), Histogram("price", buckets=(1.0,))
    contract = shop(sold, price)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [(sold.add(1.0, ("a",)), price.record(0.5)) for _ in range(20_000)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    found = seen(contract)
    assert (found['sold_total{kind="a"}'], found["price_count"], found["price_sum"]) == (160_000.0, 160_000.0, 80_000.0)


def test_a_signal_handler_may_count() -> None:
    sold = Counter("sold_total", "", ("kind",))
    contract = shop(sold)
    contract.begin()
    handled = 0

    def handler(number: int, frame: object) -> None:
        nonlocal handled
        handled += 1
        sold.add(1.0, (f"signal {handled % 5}",))

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for number in range(60_000):
            sold.add(1.0, (f"{number % 300}",))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    total = sum(value for series, value in seen(contract).items() if series.startswith("sold_total"))
    assert handled > 0
    assert total == 60_000.0 + handled


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_counts_for_itself_and_what_it_counted_stays(directory: Path) -> None:
    sold, stock = Counter("sold_total"), Gauge("stock")
    contract = shop(sold, stock)
    sold.add(5.0)
    stock.assign(1.0)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        sold.add(2.0)
        stock.assign(10.0)
        os.write(writing, b"x")
        signal.pause()
        os._exit(0)
    os.read(reading, 1)
    both = seen(contract)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    left = seen(contract)
    assert (both["sold_total"], both["stock"]) == (7.0, 11.0)
    assert (left["sold_total"], left["stock"]) == (7.0, 1.0)
    assert len(list(directory.glob("*.worker"))) == 1
    sold.add(1.0)
    assert seen(contract)["sold_total"] == 8.0


def dead(sold: Counter, by: float) -> None:
    """A forked process that counts, and is killed."""
    child = os.fork()
    if child == 0:  # pragma: no cover
        sold.add(by)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def _nothing(*_: object, **__: object) -> None:
    """What a process does that is killed before it."""


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("step", "instead"), [("unlink", _nothing), ("write_bytes", _full), ("replace", _full)])
def test_whoever_ends_while_the_dead_are_folded_nothing_is_counted_twice_or_lost(
    step: str, instead: Any, monkeypatch: pytest.MonkeyPatch, directory: Path
) -> None:
    sold = Counter("sold_total")
    contract = shop(sold)
    sold.add(1.0)
    dead(sold, 2.0)
    with monkeypatch.context() as ended:
        ended.setattr(Path, step, instead)
        assert [seen(contract)["sold_total"] for _ in range(3)] == [3.0] * 3
        dead(sold, 4.0)
        assert [seen(contract)["sold_total"] for _ in range(3)] == [7.0] * 3
        assert len(list(directory.glob("*.worker"))) == 3
    assert [seen(contract)["sold_total"] for _ in range(3)] == [7.0] * 3
    assert len(list(directory.glob("*.worker"))) == 1
    dead(sold, 8.0)
    assert seen(contract)["sold_total"] == 15.0


def test_what_the_dead_leave_is_bounded_too() -> None:
    sold = Counter("sold_total", "", ("kind",))
    contract = shop(sold, label_sets=20)
    for generation in range(5):
        child = os.fork()
        if child == 0:  # pragma: no cover
            for number in range(15):
                sold.add(1.0, (f"{generation} {number}",))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        found = {series: value for series, value in seen(contract).items() if series.startswith("sold")}
        assert sum(found.values()) == 15.0 * (generation + 1)
    assert len(found) == 21


def test_gauges_are_joined_as_the_contract_says(directory: Path) -> None:
    def gauges() -> dict[str, Gauge]:
        return {how: Gauge(f"g_{how}", workers=how) for how in ("sum", "max", "min", "latest")}

    first, second = gauges(), gauges()
    contract, other = shop(*first.values()), shop(*second.values())
    for gauge in first.values():
        gauge.assign(5.0)
    for gauge in second.values():
        gauge.assign(3.0)
    first["latest"].assign(4.0)
    found = seen(contract)
    assert {how: found[f"g_{how}"] for how in first} == {"sum": 8.0, "max": 5.0, "min": 3.0, "latest": 4.0}
    assert seen(other)["g_sum"] == 8.0


def test_exemplars_of_all_processes_are_kept_the_newest_wins() -> None:
    prices = [Histogram("price_seconds", buckets=(1.0, 2.0)) for _ in range(2)]
    solds = [Counter("sold_total") for _ in range(2)]
    contracts = [shop(*pair) for pair in zip(prices, solds, strict=True)]
    for price, sold, value, trace in zip(prices, solds, (0.5, 1.5), (TRACE, TRACE[::-1]), strict=True):
        price.record(value)
        price.exemplify(trace, value, ())
        sold.add(1.0)
        sold.exemplify(trace, 1.0, ())
        price.exemplify("f" * 32, value, ())  # within the second: left out
    text = page(contracts[0], openmetrics=True)
    assert f'price_seconds_bucket{{le="1.0"}} 1.0 # {{trace_id="{TRACE}"}} 0.5 ' in text
    assert f'price_seconds_bucket{{le="2.0"}} 2.0 # {{trace_id="{TRACE[::-1]}"}} 1.5 ' in text
    assert f'sold_total 2.0 # {{trace_id="{TRACE[::-1]}"}} 1.0 ' in text
    assert "f" * 32 not in text
    assert "trace_id" not in page(contracts[0])


def test_an_exemplar_that_is_none_is_dropped() -> None:
    price = Histogram("price", buckets=(1.0,))
    contract = shop(price)
    price.record(0.5)
    price.exemplify("not a trace", 0.5, ())
    assert " # " not in page(contract, openmetrics=True)
    assert seen(contract)['telemetry_dropped_total{telemetry="metrics"}'] == 1.0


def test_the_file_grows_with_what_is_in_it(directory: Path) -> None:
    price = Histogram("price", "", ("kind",), buckets=[float(bound) for bound in range(1, 30)])
    contract = shop(price)
    for number in range(1_000):
        price.record(0.5, (f"kind {number}",))
        price.record(0.5, (f"kind {number}",))
    found = seen(contract)
    assert sum(value for series, value in found.items() if series.startswith("price_count")) == 2_000.0
    (file,) = directory.glob("*.worker")
    assert file.stat().st_size > 1_000_000


def test_what_another_release_has_left_is_not_exported() -> None:
    old = shop(Counter("gone_total"), Histogram("price", buckets=(1.0, 2.0)))
    for metric in old.metrics.values():
        if metric.name == "gone_total":
            metric.add(1.0)  # type: ignore[attr-defined]
        if metric.name == "price":
            metric.record(1.0)  # type: ignore[attr-defined]
    lines = [line for line in page(shop(Histogram("price", buckets=(1.0,)))).splitlines() if line.startswith(("gone", "price"))]
    assert lines == ['price_bucket{le="1.0"} 0.0', 'price_bucket{le="+Inf"} 0.0', "price_sum 0.0", "price_count 0.0"]


def test_the_switch_turns_all_of_it_off(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setenv("TOUCHLINE_OFF", "1")
    sold = Counter("sold_total")
    contract = shop(sold)
    sold.add(1.0)
    contract.dropped("spans", 3)
    assert not directory.exists()
    assert not sold.touched
