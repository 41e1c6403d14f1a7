"""Functions over a range, at every step. In: the track of one series of a range selector, the range. Out: its column. The formulas are
Prometheus's own (promql/functions.go of the pinned release), in its order of operations, since a comparison may hang on the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from generators.proof.meaning.columns import STALE, Column, Track

Samples = list[tuple[int, float]]
"""(seconds, value), oldest first; never empty."""


@dataclass(frozen=True, slots=True)
class Range:
    """The last `width` seconds, `back` seconds ago."""

    width: int
    back: int


@lru_cache(maxsize=512)
def windows(at: tuple[int, ...], step: int, steps: int, span: Range) -> tuple[tuple[int, int, int], ...]:
    """For every step: its end in seconds, and which of the samples taken `at` these seconds lie within (end - width, end], as a slice."""
    found = []
    low = high = 0
    for end in range(-span.back, steps * step - span.back, step):
        while high < len(at) and at[high] <= end:
            high += 1
        while low < high and at[low] <= end - span.width:
            low += 1
        found.append((end, low, high))
    return tuple(found)


def present(track: Track) -> Samples:
    """The samples that are there."""
    step = track.step
    return [(index * step, value) for index, value in enumerate(track.raw) if value is not None and value != STALE]


def _windows(track: Track, samples: Samples, span: Range) -> tuple[tuple[int, int, int], ...]:
    return windows(tuple([at for at, _ in samples]), track.step, len(track.raw), span)


def over_range(track: Track, span: Range, name: str) -> Column:
    """A function of OVER_TIME at every step that has samples."""

    def work() -> Column:
        samples, function = present(track), OVER_TIME[name]
        return [function(samples[low:high], end) if high > low else None for end, low, high in _windows(track, samples, span)]

    return track.once((name, span), work)


@dataclass(frozen=True, slots=True)
class Rise:
    """rate, increase and delta: `per` is the range for a rate and 1 else; a counter's resets are made good."""

    per: float
    counter: bool


RISES = {"rate": True, "increase": True, "delta": False}


class Shape(NamedTuple):
    """A window of at least two samples: seconds between its first and last, how far the difference is extrapolated before the first
    and after the last, and by how much it grows thereby."""

    between: int
    before: float
    after: float
    growth: float


Frame = tuple[int, int, Shape]
"""The first and last sample of a window, and its shape."""


@lru_cache(maxsize=512)
def _frames(at: tuple[int, ...], step: int, steps: int, span: Range) -> tuple[Frame | None, ...]:
    """The windows of all series with samples at these seconds."""
    frames: list[Frame | None] = []
    for end, low, high in windows(at, step, steps, span):
        many = high - low
        shape = _shape(at[low] - (end - span.width), end - at[high - 1], at[high - 1] - at[low], many - 1) if many > 1 else None
        frames.append((low, high - 1, shape) if shape else None)
    return tuple(frames)


@lru_cache(maxsize=512)
def _shape(start: int, after: int, between: int, gaps: int) -> Shape:
    average = between / gaps
    before, behind = (average / 2 if edge >= average * 1.1 else float(edge) for edge in (start, after))
    return Shape(between, before, behind, (between + before + behind) / between)


def rise_over(track: Track, span: Range, kind: Rise) -> Column:
    """The difference over the range, extrapolated to its edges (extrapolatedRate)."""
    return track.once((kind, span), lambda: _rise(track, span, kind))


def _rise(track: Track, span: Range, kind: Rise) -> Column:
    samples = present(track)
    at, values = tuple([at for at, _ in samples]), [value for _, value in samples]
    frames = _frames(at, track.step, len(track.raw), span)
    lost = _lost(values) if kind.counter else None
    counter, per = kind.counter, kind.per
    column: Column = []
    for frame in frames:
        if frame is None:
            column.append(None)
            continue
        low, last, (between, before, after, growth) = frame
        first = values[low]
        result = values[last] - first
        if lost:
            result += lost[last] - lost[low]
        if counter and result > 0 and first >= 0:
            start = between * (first / result)
            if start < before:
                growth = (between + start + after) / between
        column.append(result * (growth / per))
    return column


def _lost(values: list[float]) -> list[float] | None:
    """What resets have taken away, up to each sample; None without resets."""
    if values == sorted(values):
        return None
    lost, total, before = [], 0.0, -math.inf
    for value in values:
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
}
"""Functions of a range and nothing else."""


def lines_over(track: Track, span: Range) -> tuple[Column, Column]:
    """Slope of the straight line through each window by least squares, and its height at the window's end (linearRegression). Sums run
    along the whole track, so that a window costs two subtractions; Prometheus adds up each window, which differs in the last bits."""
    work = _Lines(track, span)
    slopes = track.once(("slope", span), lambda: work.found[0])
    return slopes, track.once(("height", span), lambda: work.found[1])


@dataclass(frozen=True)
class _Lines:
    track: Track
    span: Range

    @cached_property
    def found(self) -> tuple[Column, Column]:
        samples = present(self.track)
        since, values = self._since(samples), [value for _, value in samples]
        xs, squares, sums, products = self._sums(samples)
        slopes: Column = []
        heights: Column = []
        for end, low, high in _windows(self.track, samples, self.span):
            count = high - low
            if count < 2:
                slopes.append(None)
                heights.append(None)
                continue
            x, total = xs[high] - xs[low], sums[high] - sums[low]
            if since[high - 1] <= low:
                slope, height = 0.0, values[low]
            else:
                slope = (products[high] - products[low] - x * total / count) / (squares[high] - squares[low] - x * x / count)
                height = total / count - slope * (x / count - (end - samples[0][0]))
            slopes.append(slope)
            heights.append(height)
        return slopes, heights

    @staticmethod
    def _since(samples: Samples) -> list[int]:
        """Since which sample each value has stood."""
        since: list[int] = []
        for index, (_, value) in enumerate(samples):
            since.append(since[-1] if index and samples[index - 1][1] == value else index)
        return since

    @staticmethod
    def _sums(samples: Samples) -> tuple[list[int], list[int], list[float], list[float]]:
        """Sums up to each sample: of seconds since the first, their squares, values, and seconds times values."""
        seconds = [at - samples[0][0] for at, _ in samples]
        values = [value for _, value in samples]
        products = (x * value for x, value in zip(seconds, values, strict=True))
        return (
            [*accumulate(seconds, initial=0)],
            [*accumulate((x * x for x in seconds), initial=0)],
            [*accumulate(values, initial=0.0)],
            [*accumulate(products, initial=0.0)],
        )
