"""Functions over a range, at every step. In: a store, one series of a range selector, the range. Out: its column. The formulas are
Prometheus's own (promql/functions.go of the pinned release), in its order of operations, since a comparison may hang on the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from generators.proof.meaning.columns import STALE, Column, Series, Store

Samples = list[tuple[int, float]]
"""(seconds, value), oldest first; never empty."""


@dataclass(frozen=True, slots=True)
class Range:
    """The last `width` seconds, `back` seconds ago."""

    width: int
    back: int


def windows(store: Store, series: Series, span: Range) -> Iterator[tuple[int, int, int]]:
    """For every step: its end in seconds, and which of `present(series)` lie within (end - width, end], as a slice."""
    at = [index * store.step for index, value in enumerate(series.raw) if value is not None and value != STALE]
    low = high = 0
    for end in range(-span.back, store.steps * store.step - span.back, store.step):
        while high < len(at) and at[high] <= end:
            high += 1
        while low < high and at[low] <= end - span.width:
            low += 1
        yield end, low, high


def present(store: Store, series: Series) -> Samples:
    """The samples that are there."""
    step = store.step
    return [(index * step, value) for index, value in enumerate(series.raw) if value is not None and value != STALE]


def over_range(store: Store, series: Series, span: Range, function: Callable[[Samples, int], float | None]) -> Column:
    """`function(samples, end)` at every step that has samples."""
    samples = present(store, series)
    return [function(samples[low:high], end) if high > low else None for end, low, high in windows(store, series, span)]


@dataclass(frozen=True, slots=True)
class Rise:
    """rate, increase and delta: `per` is the range for a rate and 1 else; a counter's resets are made good."""

    per: float
    counter: bool


RISES = {"rate": True, "increase": True, "delta": False}


def rise_over(store: Store, series: Series, span: Range, kind: Rise) -> Column:
    """The difference over the range, extrapolated to its edges (extrapolatedRate)."""
    samples = present(store, series)
    lost = _lost(samples) if kind.counter else [0.0] * len(samples)
    column: Column = []
    for end, low, high in windows(store, series, span):
        if high - low < 2:
            column.append(None)
            continue
        first, last = samples[low], samples[high - 1]
        result = last[1] - first[1] + (lost[high - 1] - lost[low])
        between = last[0] - first[0]
        start = float(first[0] - (end - span.width))
        after = float(end - last[0])
        average = between / (high - low - 1)
        if start >= average * 1.1:
            start = average / 2
        if kind.counter and result > 0 and first[1] >= 0:
            start = min(start, between * (first[1] / result))
        if after >= average * 1.1:
            after = average / 2
        column.append(result * ((between + start + after) / between / kind.per))
    return column


def _lost(samples: Samples) -> list[float]:
    """What resets have taken away, up to each sample."""
    lost, total, before = [], 0.0, -math.inf
    for _, value in samples:
        if value < before:
            total += before
        before = value
        lost.append(total)
    return lost


def _changes(samples: Samples, _: int) -> float:
    return float(sum(one[1] != other[1] for one, other in pairwise(samples)))


def _resets(samples: Samples, _: int) -> float:
    return float(sum(one[1] > other[1] for one, other in pairwise(samples)))


def _average(samples: Samples, _: int) -> float:
    return math.fsum(value for _, value in samples) / len(samples)


def _irate(samples: Samples, _: int) -> float | None:
    if len(samples) < 2:
        return None
    (before, was), (at, now) = samples[-2:]
    return (now if now < was else now - was) / (at - before)


OVER_TIME: dict[str, Callable[[Samples, int], float | None]] = {
    "avg_over_time": _average,
    "sum_over_time": lambda samples, _: math.fsum(value for _, value in samples),
    "min_over_time": lambda samples, _: min(value for _, value in samples),
    "max_over_time": lambda samples, _: max(value for _, value in samples),
    "count_over_time": lambda samples, _: float(len(samples)),
    "last_over_time": lambda samples, _: samples[-1][1],
    "present_over_time": lambda samples, _: 1.0,
    "changes": _changes,
    "resets": _resets,
    "irate": _irate,
    "deriv": lambda samples, end: None if len(samples) < 2 else line(samples, samples[0][0])[0],
}
"""Functions of a range and nothing else."""


def line(samples: Samples, origin: int) -> tuple[float, float]:
    """Slope and intercept of the straight line through samples by least squares (linearRegression)."""
    if all(value == samples[0][1] for _, value in samples):
        return 0.0, samples[0][1]
    count = float(len(samples))
    xs = [float(at - origin) for at, _ in samples]
    sum_x, sum_y = math.fsum(xs), math.fsum(value for _, value in samples)
    covariance = math.fsum(x * value for x, (_, value) in zip(xs, samples, strict=True)) - sum_x * sum_y / count
    variance = math.fsum(x * x for x in xs) - sum_x * sum_x / count
    slope = covariance / variance
    return slope, sum_y / count - slope * sum_x / count


def extended(seconds: float) -> Callable[[Samples, int], float | None]:
    """predict_linear over so many seconds."""

    def extend(samples: Samples, end: int) -> float | None:
        if len(samples) < 2:
            return None
        slope, intercept = line(samples, end)
        return slope * seconds + intercept

    return extend
