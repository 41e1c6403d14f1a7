"""What functions make of the types of their arguments. In: a call and those types. Out: its type.

The rules are those of https://prometheus.io/docs/prometheus/latest/querying/functions/; a function
that no table names keeps the labels and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from generators.promql.labels import Labels, labels_of
from generators.promql.syntax import Call, Expr, MatrixSelector, NumberLiteral, StringLiteral, Unary, VectorSelector
from generators.promql.types.kinds import UNKNOWN, Kind, Type
from generators.promql.types.parts import bare
from generators.promql.types.ranges import ANY, FLAG, POSITIVE, Range
from generators.promql.types.units import EVENTS, RATIO, SECONDS, Unit
from generators.record import replace

SAME_VALUE = frozenset(
    [
        "sort",
        "sort_desc",
        "sort_by_label",
        "sort_by_label_desc",
        "last_over_time",
        "first_over_time",
        "abs",
        "ceil",
        "floor",
        "round",
    ]
)
AVERAGES = frozenset(
    ["avg_over_time", "min_over_time", "max_over_time", "quantile_over_time", "mad_over_time", "stddev_over_time"]
)
RATES = frozenset({"rate", "irate", "increase"})
SLOPES = frozenset({"rate", "irate", "deriv"})
OF_EVENTS = frozenset({"count_over_time", "changes", "resets", "histogram_count"})
TIMES = frozenset(
    [
        "timestamp",
        "start_timestamp",
        "ts_of_first_over_time",
        "ts_of_last_over_time",
        "ts_of_max_over_time",
        "ts_of_min_over_time",
    ]
)
CLOCK: Mapping[str, Range] = MappingProxyType(
    {
        "day_of_month": Range(1, 31),
        "day_of_week": Range(0, 6),
        "day_of_year": Range(1, 366),
        "days_in_month": Range(28, 31),
        "hour": Range(0, 23),
        "minute": Range(0, 59),
        "month": Range(1, 12),
        "year": POSITIVE,
    }
)


def literal(expr: Expr) -> float | None:
    """The number that an expression is, with its sign; None when it is none."""
    expr = bare(expr)
    if isinstance(expr, NumberLiteral):
        return expr.value
    if isinstance(expr, Unary):
        inner = literal(expr.expr)
        return None if inner is None else -inner if expr.op == "-" else inner
    return None


def called(call: Call, args: tuple[Type, ...]) -> Type:
    """The type of a function's result."""
    name = call.function
    if name in ("time", "start", "end"):
        return Type("scalar", SECONDS, Labels(frozenset()), key=frozenset(), range=POSITIVE, normal=POSITIVE)
    if name in ("vector", "scalar") and args:
        return _single(args[0], name)
    if name in ("absent", "absent_over_time"):
        return _absent(call)
    if name in CLOCK:
        base = args[0] if args else replace(UNKNOWN, labels=Labels(frozenset()), key=frozenset())
        return of_value(base, EVENTS, CLOCK[name])
    if not args or name in ("pi", "step", "range", "max_of", "min_of"):
        return Type("scalar", labels=Labels(frozenset()), key=frozenset())
    if name in _SPECIAL:
        return _SPECIAL[name](call, args)
    subject = args[-1] if name in ("quantile_over_time",) else args[0]
    return _ranged(name, subject)


def _ranged(name: str, subject: Type) -> Type:
    """Functions of one series at a time."""
    if name in SAME_VALUE:
        positive = name == "abs"
        values = Range(0, max(abs(subject.range.low), abs(subject.range.high))) if positive else subject.range
        normal = ANY if positive else subject.normal
        keeps = name.startswith(("sort", "last_over", "first_over"))
        kept = subject if keeps else subject.nameless()
        whole = name in ("ceil", "floor", "round")
        return replace(kept, range=_rounded(values) if whole else values, normal=_rounded(normal) if whole else normal)
    if name in RATES or name in ("deriv", "delta", "idelta"):
        return rated(name, subject)
    if name in AVERAGES:
        kept = subject.nameless()
        return kept if not name.startswith(("std", "mad")) else replace(kept, range=POSITIVE, normal=ANY, cumulative=False)
    if name == "sum_over_time":
        values, normal = summed(subject.range), summed(subject.normal)
        return replace(subject.nameless(), range=values, normal=normal, cumulative=False)
    if name in OF_EVENTS:
        return replace(of_value(subject, EVENTS, POSITIVE), zero=name != "count_over_time")
    if name == "present_over_time":
        return of_value(subject, EVENTS, Range(1, 1), Range(1, 1))
    if name in TIMES:
        return of_value(subject, SECONDS, POSITIVE)
    if name == "histogram_sum":
        return of_value(subject, subject.observed, ANY)
    if name == "histogram_avg":
        return of_value(subject, subject.observed, ANY)
    if name == "sgn":
        return of_value(subject, None, Range(-1, 1))
    if name == "predict_linear":
        return replace(of_value(subject, subject.unit, ANY), infinite=subject.infinite)
    return of_value(subject, None, POSITIVE if name in ("sqrt", "exp") else ANY)


def rated(name: str, subject: Type) -> Type:
    """A derivative: of a counter, of buckets, of a native histogram; of anything else it is wrong and told elsewhere."""
    unit = subject.unit.over(SECONDS) if subject.unit and name in SLOPES else subject.unit
    falling = name in ("deriv", "delta", "idelta")
    kind = subject.kind if subject.kind in ("buckets", "native histogram", "unknown") else "gauge"
    return replace(
        subject.nameless(),
        kind=kind,
        unit=unit,
        range=ANY if falling else POSITIVE,
        normal=ANY if falling else POSITIVE,
        zero=not falling,
        cumulative=False,
        infinite=(),
    )


def of_value(subject: Type, unit: Unit | None, values: Range, normal: Range = ANY) -> Type:
    """The same series with a value of another nature."""
    return replace(
        subject.nameless(),
        kind="gauge",
        unit=unit,
        range=values,
        normal=normal,
        zero=False,
        cumulative=False,
        infinite=(),
        bounds=(),
    )


def _rounded(values: Range) -> Range:
    return Range(values.low - 1 if values.low % 1 else values.low, values.high + 1 if values.high % 1 else values.high)


def summed(values: Range) -> Range:
    return Range(values.low if values.low >= 0 else float("-inf"), 0 if values.high <= 0 else float("inf"))


def _single(inner: Type, name: str) -> Type:
    nothing = Labels(frozenset())
    kind: Kind = "scalar" if name == "scalar" else "gauge"
    return replace(
        inner,
        kind=kind,
        labels=nothing,
        sure=frozenset(),
        fixed={},
        key=frozenset(),
        cumulative=inner.cumulative,
        aggregated=True,
    )


def _absent(call: Call) -> Type:
    kept = labels_of(call)
    fixed = {}
    inner = call.args[0]
    selector = inner.selector if isinstance(inner, MatrixSelector) else inner
    if isinstance(selector, VectorSelector):
        fixed = {one.name: one.value for one in selector.matchers if one.op == "=" and kept.may_have(one.name)}
    one = Range(1, 1)
    return Type("gauge", EVENTS, kept, frozenset(fixed), fixed, frozenset(), one, ANY, aggregated=True)


def _quantile(call: Call, args: tuple[Type, ...]) -> Type:
    histogram = args[-1]
    bounds = histogram.bounds
    top = max(bounds, default=float("inf"))
    low = min(0.0, *bounds) if bounds else float("-inf")
    kept = histogram.nameless()
    return replace(
        kept,
        kind="gauge",
        unit=histogram.observed,
        labels=kept.labels.without("le"),
        sure=kept.sure - {"le"},
        fixed={name: value for name, value in kept.fixed.items() if name != "le"},
        key=None if kept.key is None else kept.key - {"le"},
        range=Range(low, top) if bounds else ANY,
        normal=ANY,
        zero=False,
        cumulative=False,
        bounds=(),
        observed=None,
    )


def _fraction(call: Call, args: tuple[Type, ...]) -> Type:
    return replace(_quantile(call, args), unit=RATIO, range=FLAG)


def _clamped(call: Call, args: tuple[Type, ...]) -> Type:
    subject = args[0].nameless()
    limits = [literal(arg) for arg in call.args[1:]]
    low = limits[0] if call.function in ("clamp", "clamp_min") and limits else None
    high = limits[-1] if call.function in ("clamp", "clamp_max") and limits else None
    bounds = (float("-inf") if low is None else low, float("inf") if high is None else high)
    if bounds[0] > bounds[1] or bounds != bounds:
        return replace(subject, range=ANY, normal=ANY)
    values, normal = subject.range.clamped(*bounds), subject.normal.clamped(*bounds)
    finite = high is not None
    return replace(
        subject, range=values, normal=normal, zero=subject.zero and values.low <= 0, infinite=() if finite else subject.infinite
    )


def _relabelled(call: Call, args: tuple[Type, ...]) -> Type:
    target = call.args[1] if len(call.args) > 1 else None
    subject = args[0]
    if not isinstance(target, StringLiteral):
        return replace(subject, labels=Labels(), sure=frozenset(), fixed={}, key=None)
    name = target.value
    fixed = {label: value for label, value in subject.fixed.items() if label != name}
    key = subject.key if subject.key is None or name not in subject.key else None
    return replace(subject, labels=subject.labels.joined(name), sure=subject.sure - {name}, fixed=fixed, key=key)


_SPECIAL: Mapping[str, Callable[[Call, tuple[Type, ...]], Type]] = MappingProxyType(
    {
        "histogram_quantile": _quantile,
        "histogram_fraction": _fraction,
        "histogram_quantiles": lambda call, args: replace(_quantile(call, args[:1]), labels=labels_of(call), key=None),
        "clamp": _clamped,
        "clamp_min": _clamped,
        "clamp_max": _clamped,
        "label_replace": _relabelled,
        "label_join": _relabelled,
        "info": lambda call, args: replace(args[0], labels=Labels()),
    }
)
