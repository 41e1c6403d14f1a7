"""Series as columns. In: promtool's input series as legs of samples. Out: `Column` (one value for each step of a test, None where
there is none) and `Store`, which finds series by selector. Samples stand on the steps: sample i is taken at i * step seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping

from generators.promql import Expr
from generators.promql.syntax import Matcher, VectorSelector
from generators.record import dataclass

LOOKBACK = 300
"""How far an instant query looks back, in seconds: for so long a series that has gone still seems to be there
(https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness)."""

STALE = float("-inf")
"""A staleness marker among raw samples; no test uses this value for anything else."""

Column = list[float | None]
Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, Column]
"""The series of an instant vector by their labels, `__name__` among them."""

NAME = "__name__"


class Same:
    """A column as a key: the same one, not an equal one, so that it costs nothing to look up what was worked out of it before. A cache
    that holds the key holds the column, whose identity therefore stays its own."""

    __slots__ = ("column",)

    def __init__(self, column: Column) -> None:
        self.column = column

    def __hash__(self) -> int:
        return id(self.column)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.column is other.column


class Unforeseen(Exception):  # noqa: N818 - not an error: a part of PromQL that is not worked out here
    """The expression uses something whose value cannot be foreseen here; the message names it."""


class Track:
    """The raw samples of a series, one every `step` seconds. Many series of many tests do the same, and share their track: so what is
    worked out of one (`done`, by what it is) is worked out once."""

    __slots__ = ("done", "raw", "step")

    def __init__(self, step: int, raw: Column) -> None:
        self.step, self.raw = step, raw
        self.done: dict[Hashable, Column] = {}

    def once(self, what: Hashable, work: Callable[[], Column]) -> Column:
        """The column that `what` names, worked out the first time. Nobody may alter it."""
        found = self.done.get(what)
        if found is None:
            found = self.done[what] = work()
        return found

    def instant(self) -> Column:
        """The last sample at every step: not older than the look-back, none after a staleness marker."""
        whole = None not in self.raw and STALE not in self.raw
        return self.raw if whole else self.once("instant", lambda: _held(self.raw, (LOOKBACK - 1) // self.step))


@dataclass(frozen=True, slots=True)
class Series:
    """One input series: its labels without the name, and its samples."""

    labels: Mapping[str, str]
    pairs: Labels
    track: Track


class Store:
    """The input series of one test, by metric name. `steps` evaluations, one every `step` seconds, the first at 0. `known` are values
    worked out before, by the identity of their trees (held, so that no other takes their place in memory)."""

    def __init__(self, step: int, steps: int) -> None:
        self.step, self.steps = step, steps
        self.series: dict[str, list[Series]] = {}
        self.known: dict[int, tuple[Expr, Vector]] = {}

    def add(self, name: str, labels: Labels, track: Track) -> None:
        """`track` holds `steps` samples."""
        self.series.setdefault(name, []).append(Series(dict(labels), labels, track))

    def select(self, selector: VectorSelector) -> Iterable[Series]:
        """The series that a selector matches."""
        if not selector.name or selector.at is not None or selector.extension is not None:
            raise Unforeseen("a selector without a name, with @ or with a modifier")
        some = self.series.get(selector.name, ())
        return [one for one in some if all(matches(it, one.labels.get(it.name, "")) for it in selector.matchers)]

    def instant(self, series: Series, back: int) -> Column:
        """What an instant query sees at every step, `back` seconds earlier."""
        seen = series.track.instant()
        if not back:
            return seen
        whole, part = divmod(back, self.step)
        if part:
            raise Unforeseen("an offset that is no number of steps")
        return ([None] * whole + seen)[: self.steps]


def matches(matcher: Matcher, value: str) -> bool:
    """Whether a label value satisfies a matcher; a missing label is an empty one."""
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except re.error:
        return False
    return found == (matcher.op == "=~")


def _held(raw: Column, least: int) -> Column:
    held: Column = []
    last: float | None = None
    age = 0
    for value in raw:
        if value is None:
            age += 1
        else:
            last, age = (None if value == STALE else value), 0
        held.append(last if age <= least else None)
    return held
