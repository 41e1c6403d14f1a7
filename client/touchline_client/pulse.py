"""The process and its event loop, looked at from inside. In: /proc and the clock. Out: process_* and event_loop_lag_seconds, renewed
every second by a timer on the running loop, which holds neither a thread nor a task.

The lag is how late the timer is called: the longest in the last five to ten seconds, so that a scrape that comes every five misses none."""

from __future__ import annotations

import asyncio
import os
import resource
import time
import weakref
from pathlib import Path

from touchline_client.contract import Contract
from touchline_client.metrics import Counter, Gauge

BEAT = 0.25
"""Seconds between two looks at the lag."""
WINDOW = 5.0
PROCESS_EVERY = 1.0
PROC = Path("/proc/self")


class Pulse:
    """Renews what the contract has of process_* and event_loop_lag_seconds."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        metrics = contract.metrics
        self._lag = _gauge(metrics.get("event_loop_lag_seconds"))
        self._memory = _gauge(metrics.get("process_resident_memory_bytes"))
        self._files = _gauge(metrics.get("process_open_fds"))
        self._most_files = _gauge(metrics.get("process_max_fds"))
        self._start = _gauge(metrics.get("process_start_time_seconds"))
        cpu = metrics.get("process_cpu_seconds_total")
        self._cpu = cpu if isinstance(cpu, Counter) else None
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        self.forget()
        contract.on_fork.append(self.forget)

    def forget(self) -> None:
        """In a new process: nothing is counted yet, no timer runs."""
        self._worst, self._worst_before = 0.0, 0.0
        self._window_ends, self._process_at = 0.0, 0.0
        self._loop = None

    def start(self) -> None:
        """Begin on the running loop of asyncio, once a loop; under another kind of loop the lag stays unmeasured."""
        self.process()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._loop is None or self._loop() is not loop:
            self._loop = weakref.ref(loop)
            if self._lag is not None:
                self._lag.assign(0.0)
            loop.call_later(BEAT, self._beat, loop, loop.time() + BEAT)

    def _beat(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        try:
            if self._loop is None or self._loop() is not loop:
                return
            if now >= self._window_ends:
                self._worst_before, self._worst, self._window_ends = self._worst, 0.0, now + WINDOW
            self._worst = max(self._worst, now - due)
            if self._lag is not None:
                self._lag.assign(max(self._worst, self._worst_before))
            if now >= self._process_at:
                self._process_at = now + PROCESS_EVERY
                self.process()
        except Exception as error:
            self._contract.guard.caught("looking at the process", error)
        loop.call_later(BEAT, self._beat, loop, loop.time() + BEAT)

    def process(self) -> None:
        """Renew process_*, and what integrations look at. Never raises."""
        for renew in self._contract.renew:
            try:
                renew()
            except Exception as error:
                self._contract.guard.caught("looking at a pool", error)
        try:
            if self._cpu is not None:
                self._cpu.reach(time.process_time())
            if self._start is not None:
                self._start.assign(_STARTED)
            if self._memory is not None:
                self._memory.assign(_resident())
            if self._files is not None:
                self._files.assign(float(len(os.listdir(PROC / "fd"))))
            if self._most_files is not None:
                self._most_files.assign(float(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
        except Exception as error:
            self._contract.guard.caught("looking at the process", error)


def _gauge(metric: object) -> Gauge | None:
    return metric if isinstance(metric, Gauge) else None


def _resident() -> float:
    """Bytes of memory that the process has now; where there is no /proc, the most that it has had."""
    try:
        return float((PROC / "statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


_STARTED = time.time() - time.process_time()
"""About when the process began, in seconds since the epoch."""
