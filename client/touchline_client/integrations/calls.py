"""Calls of an application to what it depends on. In: when a call began and how it ended. Out: a number in a histogram and a span. No
fault of ours leaves these methods."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from touchline_client.http import found
from touchline_client.metrics import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry
    from touchline_client.tracing.tracer import Attributes, Tracer
    from touchline_client.tracing.w3c import Place


class Began(NamedTuple):
    """When a call began, by both clocks, and where it stands in its trace."""

    wall: int
    clock: float
    place: Place | None


class Calls:
    """The calls of one kind."""

    def __init__(self, telemetry: Telemetry, histogram: str, *labels: str) -> None:
        contract = telemetry.contract
        self.guard = contract.guard
        self._tracer = spans_of(telemetry)
        self._histogram = found(contract, Histogram, histogram, *labels)

    def begin(self) -> Began:
        """Now. Outside of every trace there will be no span."""
        place = None
        if self._tracer is not None:
            try:
                place = self._tracer.place()
            except Exception as error:
                self.guard.caught("looking for the trace of a call", error, "spans")
        return Began(time_ns(), perf_counter(), place)

    def end(
        self, began: Began, labels: tuple[str, ...], name: str, attributes: Attributes, error: BaseException | str | None = None
    ) -> None:
        """It is over; `error` is what it failed with, or that error's type."""
        try:
            seconds = perf_counter() - began.clock
            if isinstance(error, BaseException) and not isinstance(error, Exception):
                error = None  # its task was cancelled, as of a request whose client has left
            if self._histogram is not None:
                self._histogram.record(seconds, labels)
            if began.place is not None and self._tracer is not None:
                self._tracer.called(began.place, name, attributes, began.wall, seconds, error)
        except Exception as fault:
            self.guard.caught("measuring a call", fault)


def spans_of(telemetry: Telemetry) -> Tracer | None:
    """Our own tracer; one that a test has put there makes no spans of calls."""
    if telemetry.tracer is None:
        return None
    from touchline_client.tracing.tracer import Tracer

    return telemetry.tracer if isinstance(telemetry.tracer, Tracer) else None


class Errors:
    """Failures by their type, whose names are few: they are classes."""

    def __init__(self, telemetry: Telemetry, counter: str, *usual: str) -> None:
        """`usual` are there at 0 before the first: a failure that is the first sample of its series is no increase."""
        self._counter = found(telemetry.contract, Counter, counter, "error_type")
        if self._counter is not None:
            for name in usual:
                self._counter.declare((name,))

    def count(self, error: BaseException) -> None:
        """One more."""
        if self._counter is not None:
            self._counter.add(1.0, (type(error).__name__,))


class Pool:
    """How many connections of a pool are in use, and how many there may be: looked at when a scrape comes, as pools are replaced."""

    def __init__(self, telemetry: Telemetry, kind: str, name: str) -> None:
        """`kind` is `db` or `cache`."""
        self._labels = (name,)
        self._active = found(telemetry.contract, Gauge, f"{kind}_connections_active", "pool")
        self._most = found(telemetry.contract, Gauge, f"{kind}_connections_max", "pool")

    def tell(self, active: float | None, most: float | None) -> None:
        """What there is now; None for what is not known, or has no bound."""
        if active is not None and self._active is not None:
            self._active.assign(active, self._labels)
        if most is not None and self._most is not None:
            self._most.assign(most, self._labels)


def once(thing: Any) -> bool:
    """Whether this has not been joined before: twice would count twice."""
    if getattr(thing, "_touchline", None) is not None:
        return False
    thing._touchline = True
    return True
