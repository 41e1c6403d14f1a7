"""Metrics as an application touches them. In: numbers with label values. Out: slots of the store that hold the sums. The compiler's
module makes one typed class a metric; here is what they share, with label values as a tuple in the declared order.

The way of a number is short: the slots of a label set are found by its tuple in a dictionary, and one statement adds. Under the
interpreter's lock that statement is never interrupted (between reading and writing a slot no other code can run: the interpreter changes
threads at calls and backward jumps only), so that no lock of our own is needed, and a signal handler that counts cannot wait for one."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, ClassVar

from touchline_client import records
from touchline_client.records import EXEMPLAR_SLOTS

if TYPE_CHECKING:
    from touchline_client.contract import Contract

LONGEST = 256
"""Characters of a label value; what is longer is cut."""
OTHER = "other"
DECLARED_SETS = 1_000
"""Label sets that begin at 0 because all their values are declared; beyond, they begin when they are first seen."""
Labels = tuple[str, ...]


class Metric:
    """One metric of a contract. `values` are the declared values by label; `labels` give the order of every tuple."""

    kind: ClassVar[str] = ""
    __slots__ = ("_cells", "_contract", "_limit", "_lock", "_ready", "_slots", "help", "labels", "name", "shape", "values")

    def __init__(
        self, name: str, help: str, labels: Sequence[str], values: Mapping[str, Sequence[str]], shape: str, slots: int
    ) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self.values: Mapping[str, Sequence[str]] = dict(values)
        self.shape = shape
        self._slots = slots
        self._cells: dict[Labels, memoryview[float]] = {}
        self._ready: dict[Labels, memoryview[float]] = {}
        self._contract: Contract | None = None
        self._limit = 0
        self._lock = threading.RLock()

    def bind(self, contract: Contract, limit: int) -> None:
        """Become part of a contract, with at most `limit` label sets in this process."""
        self._contract, self._limit = contract, limit

    @property
    def touched(self) -> bool:
        """Whether this process has ever written to it; to begin at 0 is not to be written to."""
        return bool(self._cells)

    def declare(self, labels: Labels) -> None:
        """Let a label set be there before its first number: a counter at 0, whose first increase is then seen."""
        if self._contract is not None and not self._contract.off and self._find(labels) is None:
            self._contract.begin()
            self._add_ready(labels)

    def begin(self) -> None:
        """Let every declared label set be there, where all values of all labels are declared. Gauges have no value before the first."""
        if self.kind == "gauge" or not all(label in self.values for label in self.labels):
            return
        values = [self.values[label] for label in self.labels]
        for labels in product(*values) if prod(map(len, values)) <= DECLARED_SETS else ():
            self._add_ready(labels)

    def forget(self) -> None:
        """In a forked process: the slots are the parent's."""
        self._lock = threading.RLock()
        self._cells, self._ready = {}, {}

    def other(self, labels: Labels) -> Labels:
        """The label set that stands for those beyond the limit: declared values stay, the free ones become `other`."""
        return tuple(
            value if value in self.values.get(label, ()) else OTHER for label, value in zip(self.labels, labels, strict=True)
        )

    def _find(self, labels: Labels) -> memoryview[float] | None:
        cell = self._cells.get(labels)
        return self._ready.get(labels) if cell is None else cell

    def _add_ready(self, labels: Labels) -> memoryview[float] | None:
        with self._lock:
            if labels not in self._ready and labels not in self._cells:
                cell = self._allocate(labels)
                if cell is None:
                    return None
                self._ready[labels] = cell
            return self._find(labels)

    def _allocate(self, labels: Labels) -> memoryview[float] | None:
        assert self._contract is not None
        return self._contract.store.allocate(records.encode_key(self.name, self.shape, labels), self._slots)

    def _slow(self, labels: Labels, write: Callable[[memoryview[float]], None], doing: str) -> None:
        """The way of a label set that is seen for the first time, and of every fault."""
        contract = self._contract
        if contract is None or contract.off:
            return
        try:
            cell = self._cell(contract, labels)
            if cell is None:
                contract.guard.lost(f"room {self.name}", f"there is no room for a label set of {self.name}")
            else:
                write(cell)
        except Exception as error:
            contract.guard.caught(f"{doing} {self.name}", error)

    def _cell(self, contract: Contract, given: Labels) -> memoryview[float] | None:
        """The slots of a label set, which are found at once from now on."""
        contract.begin()
        labels = tuple(value[:LONGEST] if type(value) is str else str(value)[:LONGEST] for value in given)
        if len(labels) != len(self.labels):
            raise ValueError(f"{len(labels)} label values for {len(self.labels)} labels")
        with self._lock:
            cell = self._ready.pop(labels, None) or self._cells.get(labels)
            if cell is None and len(self._cells) + len(self._ready) >= self._limit:
                contract.guard.lost(
                    f"label sets {self.name}", f"{self.name} has {self._limit} label sets, further ones are counted as '{OTHER}'"
                )
                return self._overflow(labels)
            cell = self._allocate(labels) if cell is None else cell
            if cell is not None:
                cell = self._cells.setdefault(labels, cell)
                if labels != given and len(self._cells) < 2 * self._limit:
                    self._cells[given] = cell
            return cell

    def _overflow(self, labels: Labels) -> memoryview[float] | None:
        other = self.other(labels)
        cell = self._cells.get(other) or self._add_ready(other)
        if cell is not None:
            self._cells[other] = cell
            self._ready.pop(other, None)
        return cell


class Counter(Metric):
    """What only rises."""

    kind = "counter"
    __slots__ = ()

    def __init__(
        self, name: str, help: str = "", labels: Sequence[str] = (), values: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(name, help, labels, values or {}, "counter", 1 + EXEMPLAR_SLOTS)

    def add(self, by: float = 1.0, labels: Labels = ()) -> None:
        """Count `by` (0 or more). Never raises: what cannot be counted is dropped and counted as dropped."""
        try:
            if 0.0 <= by < inf:
                self._cells[labels][0] += by
                return
        except Exception:
            pass
        self._slow(labels, lambda cell: _add_to(cell, by), "counting")

    def reach(self, total: float, labels: Labels = ()) -> None:
        """Somebody else counts: this process stands at `total` now. Never raises."""
        self._slow(labels, lambda cell: _add_to(cell, max(0.0, total - cell[0])), "counting")

    def exemplify(self, trace_id: str, value: float, labels: Labels) -> None:
        """Point to the trace of what was just counted, at most once a second."""
        _exemplify(self, 1, trace_id, value, labels)


class Gauge(Metric):
    """What rises and falls. `workers` says how the values of several processes are joined: sum, max, min, or the latest set."""

    kind = "gauge"
    __slots__ = ("_latest",)

    def __init__(
        self,
        name: str,
        help: str = "",
        labels: Sequence[str] = (),
        values: Mapping[str, Sequence[str]] | None = None,
        workers: str = "sum",
    ) -> None:
        super().__init__(name, help, labels, values or {}, f"gauge:{workers}", 2)
        self._latest = workers == "latest"

    def assign(self, value: float, labels: Labels = ()) -> None:
        """It is `value` now. Never raises."""
        try:
            cell = self._cells[labels]
            cell[0] = value
            if self._latest:
                cell[1] = time.time()
        except Exception:
            self._slow(labels, lambda cell: _assign(cell, value), "setting")

    def add(self, by: float = 1.0, labels: Labels = ()) -> None:
        """It has risen by `by`, or fallen where that is negative. Never raises."""
        try:
            cell = self._cells[labels]
            cell[0] += by
            if self._latest:
                cell[1] = time.time()
        except Exception:
            self._slow(labels, lambda cell: _assign(cell, cell[0] + by), "setting")


class Histogram(Metric):
    """How often values fell into which bucket. `buckets` are the upper bounds, rising; a last one without bound is added."""

    kind = "histogram"
    __slots__ = ("_low", "_sum", "bounds")

    def __init__(
        self,
        name: str,
        help: str = "",
        labels: Sequence[str] = (),
        values: Mapping[str, Sequence[str]] | None = None,
        buckets: Sequence[float] = (),
    ) -> None:
        self.bounds = tuple(map(float, buckets))
        shape = "histogram:" + ",".join(map(repr, self.bounds))
        buckets_and_sum = len(self.bounds) + 2
        super().__init__(name, help, labels, values or {}, shape, buckets_and_sum + (len(self.bounds) + 1) * EXEMPLAR_SLOTS)
        self._sum = len(self.bounds) + 1
        self._low = -inf if self.bounds and self.bounds[0] < 0 else 0.0

    def record(self, value: float, labels: Labels = ()) -> None:
        """Count `value` into its bucket. Never raises: what is no number, or below 0 where no bound is, is dropped, and counted so."""
        try:
            if self._low <= value < inf:
                cell = self._cells[labels]
                cell[self._sum] += value
                cell[bisect_left(self.bounds, value)] += 1.0
                return
        except Exception:
            pass
        self._slow(labels, lambda cell: self._record(cell, value), "observing")

    def exemplify(self, trace_id: str, value: float, labels: Labels) -> None:
        """Point from the value's bucket to a trace, at most once a second for each bucket."""
        _exemplify(self, self._sum + 1 + bisect_left(self.bounds, value) * EXEMPLAR_SLOTS, trace_id, value, labels)

    def _record(self, cell: memoryview[float], value: float) -> None:
        number = float(value)
        if not self._low <= number < inf:
            raise ValueError(f"{number} cannot be observed")
        cell[self._sum] += number
        cell[bisect_left(self.bounds, number)] += 1.0


def _add_to(cell: memoryview[float], by: float) -> None:
    number = float(by)
    if not 0.0 <= number < inf:
        raise ValueError(f"a counter cannot rise by {number}")
    cell[0] += number


def _assign(cell: memoryview[float], value: float) -> None:
    cell[0] = float(value)
    cell[1] = time.time()


def _exemplify(metric: Counter | Histogram, slot: int, trace_id: str, value: float, labels: Labels) -> None:
    try:
        cell, now = metric._cells[labels], time.time()
        if now - cell[slot + EXEMPLAR_SLOTS - 1] >= 1.0:
            records.pack_exemplar(cell, slot, trace_id, value, now)
    except KeyError:
        pass  # beyond the limit: `other` has no exemplars
    except Exception as error:
        if metric._contract is not None:
            metric._contract.guard.caught(f"pointing to a trace from {metric.name}", error)
