"""When an alert fires. In: an alert of the Plan and the store of a test. Out: for each series of its condition, at which steps it fires
and with what value. What `for`, `keep_firing_for`, `missing:` and `enough:` mean stands here a second time on purpose, from the
documentation of the spec and of Prometheus, so that a slip in the compiler cannot move the expectation as well."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from generators import conventions as name
from generators.plan import Alert
from generators.promql import Expr, parse
from generators.promql.syntax import (
    NANOSECONDS,
    Aggregation,
    Binary,
    Call,
    Duration,
    MatrixSelector,
    NumberLiteral,
    Subquery,
    VectorMatching,
    VectorSelector,
)
from generators.proof.meaning.columns import NAME, Column, Labels, Same, Store, Unforeseen
from generators.proof.meaning.evaluate import vector
from generators.proof.trees import bare
from generators.record import dataclass

HOLD = 3600
"""How long `missing: hold` judges by the last value that was seen."""


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of one series of the condition: the labels of its alert, those of the series, and step by step whether it fires and
    the step its value was last seen at."""

    labels: Mapping[str, str]
    series: Mapping[str, str]
    firing: tuple[bool, ...]
    seen: tuple[int, ...]
    values: Column

    @property
    def longest(self) -> int:
        """For how many steps the condition holds at a stretch, at most."""
        return max((len(list(steps)) for holds, steps in groupby(value is not None for value in self.values) if holds), default=0)


def courses(alert: Alert, store: Store) -> tuple[Course, ...]:
    """Every series that the condition ever holds for. Raises Unforeseen."""
    found = vector(condition(alert), store)
    taken: dict[Labels, int] = {}
    all_of = []
    for series, column in found.items():
        labels = _labels(alert, dict(series))
        taken[frozenset(labels.items())] = taken.get(frozenset(labels.items()), 0) + 1
        firing, seen = _state(alert.hold, alert.keep_firing, Same(column), store.step)
        all_of.append(Course(labels, dict(series), firing, seen, column))
    if any(count > 1 for count in taken.values()):
        raise Unforeseen("two series with one alert's labels")
    return tuple(all_of)


def _labels(alert: Alert, series: Mapping[str, str]) -> dict[str, str]:
    """What the condition keeps of the series, and what people said of the alert."""
    labels = {label: value for label, value in series.items() if label != NAME}
    labels |= {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.labels}
    if not alert.origin and alert.service:
        labels |= alert.service.labels
    return labels


@lru_cache(maxsize=512)
def _state(hold: int, keep_firing: int, same: Same, step: int) -> tuple[tuple[bool, ...], tuple[int, ...]]:
    """Pending for `for`, then firing; when it is over, for `keep_firing_for` longer."""
    firing, seen = [], []
    since = kept = -1
    fires, last = False, 0
    for index, value in enumerate(same.column):
        at = index * step
        if value is not None:
            since = at if since < 0 else since
            kept, last = -1, index
        elif since >= 0:
            kept = at if kept < 0 else kept
            if not fires or at - kept >= keep_firing:
                since, fires = -1, False
        fires = fires or (since >= 0 and at - since >= hold)
        firing.append(fires)
        seen.append(last)
    return tuple(firing), tuple(seen)


def condition(alert: Alert) -> Expr:
    """The whole condition: as written, or by its last value where that holds, or where nothing is; if there is enough to judge on."""
    return _condition(alert.when, alert.value, alert.op, alert.bound, alert.missing, _guard(alert))


Guard = tuple[str, int, Decimal, tuple[str, ...]]


def _guard(alert: Alert) -> Guard | None:
    return (alert.enough.selector, alert.enough.over, alert.enough.at_least, alert.enough.by) if alert.enough else None


@lru_cache(maxsize=512)
def _condition(when: str, value: str, op: str, bound: Decimal | None, missing: str, guard: Guard | None) -> Expr:
    tree = parse(when)
    if missing == "hold" and bound is not None:
        measured = bare(parse(value))
        last = Binary(op, Call("last_over_time", (_last(measured),)), NumberLiteral(float(bound)))
        tree = Binary("or", tree, Binary("unless", last, measured))
    elif missing == "fire":
        tree = Binary("or", tree, Call("absent", (bare(parse(value)),)))
    if guard is None:
        return tree
    selector, over, least, by = guard
    counter = parse(selector)
    assert isinstance(counter, VectorSelector)
    counted = Aggregation("sum", Call("increase", (MatrixSelector(counter, Duration(over * NANOSECONDS)),)), by)
    return Binary("and", tree, Binary(">=", counted, NumberLiteral(float(least))), matching=VectorMatching(True, by))


def _last(measured: Expr) -> MatrixSelector | Subquery:
    if isinstance(measured, VectorSelector):
        return MatrixSelector(measured, Duration(HOLD * NANOSECONDS))
    return Subquery(measured, Duration(HOLD * NANOSECONDS), Duration(60 * NANOSECONDS))
