"""Functions over a range, at every step. In: the track of one series of a range selector, the range. Out: its column. The formulas are
Prometheus's own (promql/functions.go of the pinned release), in its order of operations, since a comparison may hang on the last bit."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from generators.proof.meaning.columns import STALE, Column, Track
from generators.record import dataclass

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
    if at and at[-1] - at[0] == (len(at) - 1) * step and not (span.back % step or span.width % step):
        many = len(at)
        highs = [0] * ((at[0] + span.back) // step) + [*range(1, many + 1)] + [many] * steps
        lows = [0] * (span.width // step) + highs
        return tuple(zip(range(-span.back, steps * step - span.back, step), lows, highs, strict=False))
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
        samples = present(track)
        around = _windows(track, samples, span)
        if name in _COUNTED:
            told = [0, *accumulate((float(_COUNTED[name](one, two)) for (_, one), (_, two) in pairwise(samples)), initial=0.0)]
            return [told[high] - told[low + 1] if high > low else None for _, low, high in around]
        function = OVER_TIME[name]
        return [function(samples[low:high], end) if high > low else None for end, low, high in around]

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
        low, last, shape = frame
        first = values[low]
        result = values[last] - first
        if lost:
            result += lost[last] - lost[low]
        if counter and 0 <= first < 2 * result:  # further from nothing than the range reaches back, else
            start = shape.between * (first / result)
            if start < shape.before:
                column.append(result * ((shape.between + start + shape.after) / shape.between / per))
                continue
        column.append(result * (shape.growth / per))
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


def _average(samples: Samples, _: int) -> float:
    return math.fsum(value for _, value in samples) / len(samples)


def _irate(samples: Samples, _: int) -> float | None:
    if len(samples) < 2:
        return None
    (before, was), (at, now) = samples[-2:]
    return (now if now < was else now - was) / (at - before)


_COUNTED: dict[str, Callable[[float, float], bool]] = {"changes": operator.ne, "resets": operator.gt}
"""What is counted between neighbours."""

OVER_TIME: dict[str, Callable[[Samples, int], float | None]] = {
    "avg_over_time": _average,
    "sum_over_time": lambda samples, _: math.fsum(value for _, value in samples),
    "min_over_time": lambda samples, _: min(value for _, value in samples),
    "max_over_time": lambda samples, _: max(value for _, value in samples),
    "count_over_time": lambda samples, _: float(len(samples)),
    "last_over_time": lambda samples, _: samples[-1][1],
    "present_over_time": lambda samples, _: 1.0,
    "irate": _irate,
}
"""Functions of a range and nothing else."""

RANGED = frozenset((*OVER_TIME, *_COUNTED))
"""All that `over_range` knows."""


def slope_over(track: Track, span: Range) -> Column:
    """deriv: the slope of the straight line through each window."""

    def work() -> Column:
        lines = Lines(present(track))
        at = [at for at, _ in lines.samples]
        around = _windows(track, lines.samples, span)
        return [lines.through(low, high, at[low])[0] if high - low > 1 else None for _, low, high in around]

    return track.once(("deriv", span), work)


def ahead_over(track: Track, span: Range, seconds: float) -> Column:
    """predict_linear: the height of that line so many seconds later."""

    def work() -> Column:
        lines, column = Lines(present(track)), []
        for end, low, high in _windows(track, lines.samples, span):
            slope, height = lines.through(low, high, end) if high - low > 1 else (None, None)
            column.append(None if slope is None or height is None else slope * seconds + height)
        return column

    return track.once(("predict_linear", span, seconds), work)


class Lines:
    """Straight lines by least squares through any part of some samples (linearRegression). Sums run along all samples, so that a part
    costs two subtractions; in whole numbers of the finest binary place among the values, so that no bit is lost."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def through(self, low: int, high: int, origin: int) -> tuple[float, float]:
        """Slope and height at `origin` of the line through samples[low:high]."""
        if self._since[high - 1] <= low:
            return 0.0, self.samples[low][1]
        count, first = float(high - low), self.samples[0][0]
        xs, squares, values, products = (sums[high] - sums[low] for sums in self._sums)
        shift = origin - first
        products -= shift * values
        squares += shift * (shift * (high - low) - 2 * xs)
        sum_x, sum_y = float(xs - shift * (high - low)), values / self._unit
        covariance = products / self._unit - sum_x * sum_y / count
        variance = float(squares) - sum_x * sum_x / count
        slope = covariance / variance
        return slope, sum_y / count - slope * sum_x / count

    @cached_property
    def _since(self) -> list[int]:
        """Since which sample each value has stood."""
        since: list[int] = []
        for index, (_, value) in enumerate(self.samples):
            since.append(since[-1] if index and self.samples[index - 1][1] == value else index)
        return since

    @cached_property
    def _unit(self) -> int:
        """By which power of two every value becomes a whole number."""
        return max((value.as_integer_ratio()[1] for _, value in self.samples), default=1)

    @cached_property
    def _sums(self) -> tuple[list[int], ...]:
        """Sums up to each sample: of seconds since the first, their squares, values, and seconds times values."""
        seconds = [at - self.samples[0][0] for at, _ in self.samples]
        values = [top * (self._unit // below) for top, below in (value.as_integer_ratio() for _, value in self.samples)]
        products = [x * value for x, value in zip(seconds, values, strict=True)]
        return tuple([*accumulate(some, initial=0)] for some in (seconds, [x * x for x in seconds], values, products))
