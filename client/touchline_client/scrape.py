"""The answer to a scrape. In: a request for the metrics. Out: the page over all processes of the service, made in a thread of our own, so
that no request waits while files are read; 503 where it cannot be had, which Prometheus shows as a failed scrape, rather than numbers
that are wrong."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from touchline_client import exposition, workers
from touchline_client.contract import Contract
from touchline_client.guard import LOG
from touchline_client.pulse import Pulse
from touchline_client.records import Key
from touchline_client.seam import Scope, Send

MOST_WAITING = 4
"""Scrapes that may wait for one another; more than one Prometheus asks is usual, more than four at once is a fault of theirs."""
REPORT_AFTER = 600.0
"""Seconds after which a metric that nobody has touched is told in the log."""


class Page:
    """Answers scrapes for one contract."""

    def __init__(self, contract: Contract, pulse: Pulse) -> None:
        self._contract, self._pulse = contract, pulse
        self.forget()
        contract.on_fork.append(self.forget)

    def forget(self) -> None:
        """In a new process: the thread stayed in the old one."""
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._lock = threading.Lock()
        self._report_at: float | None = time.monotonic() + REPORT_AFTER

    async def __call__(self, scope: Scope, send: Send) -> None:
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
        openmetrics = exposition.wants_openmetrics(accept)
        status, kind, body = await self._answer(openmetrics)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, openmetrics: bool) -> tuple[int, str, bytes]:
        if self._waiting >= MOST_WAITING:
            return 503, "text/plain; charset=utf-8", b"too many scrapes at once\n"
        self._waiting += 1
        try:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="touchline-scrape")
            body = await asyncio.get_running_loop().run_in_executor(self._thread, self.text, openmetrics)
            return 200, exposition.OPENMETRICS_TYPE if openmetrics else exposition.TEXT_TYPE, body
        except Exception as error:
            self._contract.guard.caught("answering a scrape", error)
            return 503, "text/plain; charset=utf-8", b"the metrics cannot be read now; the application's log says why\n"
        finally:
            self._waiting -= 1

    def text(self, openmetrics: bool) -> bytes:
        """The page. Raises BusyError where another process holds the directory."""
        contract = self._contract
        contract.begin()
        self._pulse.process()
        self._report()
        joined = workers.read(contract.store, self._limit, contract.guard.caught)
        return (exposition.openmetrics if openmetrics else exposition.plain)(contract.metrics, joined.slots)

    def _limit(self, key: Key, sets: int) -> Key:
        """What has died must not grow without bound either."""
        name, shape, labels = key
        metric = self._contract.metrics.get(name)
        if sets < self._contract.label_sets or metric is None or len(labels) != len(metric.labels):
            return key
        return name, shape, metric.other(labels)

    def _report(self) -> None:
        if self._report_at is not None and time.monotonic() > self._report_at:
            self._report_at = None
            if untouched := self._contract.untouched():
                LOG.warning("declared and never written to in this process: %s", ", ".join(untouched))
