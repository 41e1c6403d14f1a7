"""What input series do over a test. In: phases, each so many samples of some inputs. Out: promtool's notation of every series, and the
same as a `Store`, so that what must come of it can be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, repeat
from typing import Literal, NamedTuple

from generators.ir.tests import InputSeries
from generators.proof.meaning.columns import STALE, Column, Labels, Store, Track
from generators.record import dataclass

FlowKind = Literal["level", "rising", "sloping", "clock", "steps"]

BETWEEN_STEPS = 2
"""Samples from one change of a stepping series to the next."""


class Key(NamedTuple):
    """One series: its metric and its labels, sorted, none of them empty."""

    metric: str
    labels: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        inner = ",".join(f'{label}="{value}"' for label, value in self.labels)
        return f"{self.metric}{{{inner}}}"

    def altered(self, **labels: str) -> Key:
        """The same with other values of some labels."""
        return key(self.metric, dict(self.labels) | labels)


def key(metric: str, labels: Mapping[str, str]) -> Key:
    """A series by its labels; empty labels are no labels."""
    return Key(metric, tuple(sorted((label, value) for label, value in labels.items() if value)))


def written(metric: str, labels: Mapping[str, str]) -> str:
    """A series in promtool's notation; empty labels are no labels."""
    return key(metric, labels).text


class Flow(NamedTuple):
    """What one input series does: stand at `value` (level); rise by `value` a second, from nothing (rising: a counter) or from `base`
    (sloping: a gauge); be `value` behind the clock; or make `value` changes and then stand (steps). `reset` starts a counter anew.
    A tuple, since it is hashed for every series of every test."""

    value: Decimal
    kind: FlowKind = "level"
    base: Decimal = Decimal(0)
    reset: bool = False


Inputs = dict[Key, Flow]


@dataclass(frozen=True, slots=True)
class Phase:
    """So many samples during which these series, and no others, are there."""

    samples: int
    inputs: Mapping[Key, Flow]


@dataclass(frozen=True, slots=True)
class Play:
    """A test's input: what promtool is given, and the same to reckon with."""

    series: tuple[InputSeries, ...]
    store: Store


def play(phases: Sequence[Phase], step: int) -> Play:
    """The phases one after the other. A series that is missing in a phase goes stale there, as a target that is gone does."""
    samples = sum(phase.samples for phase in phases)
    store = Store(step, samples)
    series = []
    for one in dict.fromkeys(key for phase in phases for key in phase.inputs):
        notation, track = _course(tuple([(phase.samples, phase.inputs.get(one)) for phase in phases]), step)
        text, labels = _told(one)
        series.append(InputSeries(text, notation))
        store.add(one.metric, labels, track)
    return Play(tuple(series), store)


@lru_cache(maxsize=4096)
def _told(one: Key) -> tuple[str, Labels]:
    """A series' notation and its labels."""
    return one.text, frozenset(one.labels)


Legs = tuple[tuple[int, Flow | None], ...]


@lru_cache(maxsize=4096)
def _course(legs: Legs, step: int) -> tuple[str, Track]:
    """What a series does, in promtool's notation and as a track: of several that do the same, one and the same."""
    parts: list[str] = []
    raw: Column = []
    reached: Decimal | None = None
    for count, flow in _run_together(legs):
        if flow is None:
            gone = raw and raw[-1] is not None
            parts += ["stale", *_gap(count - 1)] if gone else _gap(count)
            raw += [STALE if gone else None, *[None] * (count - 1)]
            continue
        for start, slope, many in _legs(flow, reached, len(raw), count, step):
            parts.append(_leg(start, slope, many))
            raw += _line(start, slope, many)
            reached = start + slope * (many - 1)
    return " ".join(parts), Track(step, raw)


def _run_together(legs: Legs) -> list[tuple[int, Flow | None]]:
    """Neighbours that do the same are one leg."""
    joined: list[tuple[int, Flow | None]] = []
    for count, flow in legs:
        if joined and joined[-1][1] == flow and not (flow and (flow.reset or flow.kind == "steps")):
            joined[-1] = (joined[-1][0] + count, flow)
        elif count:
            joined.append((count, flow))
    return joined


def _legs(flow: Flow, reached: Decimal | None, at: int, count: int, step: int) -> list[tuple[Decimal, Decimal, int]]:
    """Straight lines (start, rise each sample, samples) that a flow is made of, `at` samples after the beginning."""
    none = Decimal(0)
    if flow.kind == "level":
        return [(flow.value, none, count)]
    if flow.kind == "clock":
        return [(at * step - flow.value, Decimal(step), count)]
    if flow.kind == "steps":
        begin = flow.base if reached is None else reached
        steps = min(int(flow.value), count // BETWEEN_STEPS)
        climb = [(begin + number, none, BETWEEN_STEPS) for number in range(1, steps + 1)]
        rest = count - steps * BETWEEN_STEPS
        return [*climb, *([(begin + steps, none, rest)] if rest else [])]
    rise = flow.value * step
    if reached is None or flow.reset:
        return [(flow.base, rise, count)]
    return [(reached + rise, rise, count)]


def _leg(start: Decimal, slope: Decimal, many: int) -> str:
    if not slope:
        return f"{plain(start)}x{many - 1}" if many > 1 else plain(start)
    sign = "" if slope < 0 else "+"
    return f"{plain(start)}{sign}{plain(slope)}x{many - 1}"


def _gap(count: int) -> list[str]:
    return [f"_x{count}"] if count > 0 else []


def _line(start: Decimal, slope: Decimal, many: int) -> list[float | None]:
    """Floats added up one by one, as promtool does."""
    value, rise = float(start), float(slope)
    if not rise:
        return [value] * many
    return [*accumulate(repeat(rise, many - 1), initial=value)]


def plain(value: Decimal) -> str:
    """A number without exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
