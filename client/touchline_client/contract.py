"""The contract of one service: what it exports, and nothing else can be exported. In: the metrics and facts that the compiler wrote into
the application's module. Out: the metrics by name, bound to this process's store, and which of them nobody has touched."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from touchline_client.guard import LOG, Guard
from touchline_client.metrics import Counter, Metric
from touchline_client.store import Store

LABEL_SETS = 2_000
"""Label sets that a metric may have in one process."""
OFF = "TOUCHLINE_OFF"
DIRECTORY = "TOUCHLINE_METRICS_DIR"
DROPPED = "telemetry_dropped_total"


@dataclass(frozen=True, slots=True)
class Keep:
    """Which traces Jaeger is sure to keep: those with errors, those slower than so many seconds, and those of (method, route)."""

    errors: bool = False
    slower_than: float | None = None
    operations: tuple[tuple[str, str], ...] = ()


class Contract:
    """What a service exports. `operations` are its declared (method, route); `metrics_path` is where it answers the scrape."""

    def __init__(
        self,
        service: str,
        metrics: Iterable[Metric],
        *,
        keep: Keep = Keep(),  # noqa: B008  (it is immutable)
        operations: tuple[tuple[str, str], ...] = (),
        metrics_path: str = "/metrics",
        label_sets: int = LABEL_SETS,
    ) -> None:
        self.service, self.keep, self.operations, self.metrics_path = service, keep, operations, metrics_path
        self.label_sets = label_sets
        self.metrics: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in metrics})
        self.off = os.environ.get(OFF, "").lower() in ("1", "true", "yes", "on") or not _has_lock()
        self.guard = Guard(self._count_dropped)
        shared = os.environ.get(DIRECTORY, "")
        place = Path(shared) / re.sub(r"[^\w.-]", "_", service) if shared else None
        self.store = Store(place, self._forked, self.guard.troubled)
        self.on_fork: list[Callable[[], None]] = []
        self.renew: list[Callable[[], None]] = []
        """Called every second and before each scrape, to set gauges that are looked at rather than counted."""
        self._begun = False
        self._lock = threading.RLock()
        for metric in self.metrics.values():
            metric.bind(self, label_sets)

    def begin(self) -> None:
        """Take memory, and let every declared label set begin at 0. Once a process, by whoever counts first."""
        if self._begun or self.off:
            return
        with self._lock:
            if not self._begun:
                self._begun = True
                for metric in self.metrics.values():
                    metric.begin()

    def untouched(self) -> tuple[str, ...]:
        """The metrics that this process has never written to."""
        return tuple(name for name, metric in self.metrics.items() if not metric.touched)

    def dropped(self, telemetry: str, number: int = 1) -> None:
        """Count `number` pieces of `telemetry` ("spans", "metrics") that could not be kept. Never raises."""
        self.guard.lost(f"dropped {telemetry}", f"{telemetry} could not be kept", telemetry, number)

    def _count_dropped(self, telemetry: str, number: int) -> None:
        metric = self.metrics.get(DROPPED)
        if isinstance(metric, Counter):
            metric.add(float(number), (telemetry,))

    def _forked(self) -> None:
        self._lock, self._begun = threading.RLock(), False
        for metric in self.metrics.values():
            metric.forget()
        for forget in self.on_fork:
            forget()


def _has_lock() -> bool:
    """Whether the interpreter has its lock, on which counting leans (see metrics.py); without it we stay off rather than count wrong."""
    has: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    if not has:
        LOG.error("touchline-client is off: it does not count right on a free-threaded Python yet; run it with PYTHON_GIL=1")
    return has
