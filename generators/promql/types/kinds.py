"""The type of an expression: what it counts or measures, in which unit, with which labels, within which bounds.

In: nothing. Out: `Type`, and how two types become one. Everything unknown stays unknown and can never be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from generators.promql.labels import NAME, Labels
from generators.promql.types.ranges import ANY, Range
from generators.promql.types.units import Unit
from generators.record import dataclass, replace

ALL = Labels()

Kind = Literal["unknown", "counter", "gauge", "buckets", "native histogram", "quantile", "info", "scalar", "string"]


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of the values and series of an expression.

    `kind`: `buckets` are the _bucket series of a classic histogram, `quantile` the quantile series of a summary. `cumulative`: its values
    only rise until a reset, as nobody has taken a rate yet. `unit` None: unknown. `labels` are those its series may have, `sure` those
    all of them have, `fixed` those with one known value. `key` are labels that tell the series apart (None: unknown). `range` bounds
    its values, `normal` those in the state in which nothing may fire. `zero`: 0 is a value of a normal state. `infinite` quotes the
    denominators that may then be 0. `aggregated`: several series may have become one. `bounds` and `observed` are a histogram's bucket
    bounds and the unit of what it observed."""

    kind: Kind = "unknown"
    unit: Unit | None = None
    labels: Labels = ALL
    sure: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)
    key: frozenset[str] | None = None
    range: Range = ANY
    normal: Range = ANY
    zero: bool = False
    infinite: tuple[str, ...] = ()
    cumulative: bool = False
    aggregated: bool = False
    bounds: tuple[float, ...] = ()
    observed: Unit | None = None

    def nameless(self) -> Type:
        return replace(self, labels=self.labels.without(NAME))

    @property
    def shown(self) -> str:
        """The type in words, for people: `counter, seconds, by (job), 0..`."""
        parts: list[str] = ["cumulative " + self.kind if self.cumulative and self.kind != "counter" else self.kind]
        parts += [str(self.unit)] if self.unit else []
        if self.observed:
            parts.append(f"of {self.observed}")
        if self.labels.only is not None:
            parts.append(f"by ({', '.join(sorted(self.labels.only - {NAME}))})")
        elif self.labels.dropped - {NAME}:
            parts.append(f"without ({', '.join(sorted(self.labels.dropped - {NAME}))})")
        parts += [str(self.range)] if self.range.known else []
        parts += [f"normally {self.normal}"] if self.normal.known and self.normal != self.range else []
        parts += [f"infinite when {self.infinite[0]} is 0"] if self.infinite else []
        return ", ".join(parts)


UNKNOWN = Type()


def same_unit(left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit of a value that may come from either side."""
    return left if left and right and left.same_as(right) else None


def common_fixed(left: Mapping[str, str], right: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in left.items() if right.get(name) == value}


def either(left: Type, right: Type) -> Type:
    """The type of what may be of the one or the other: `or`, or two rules that record one name."""
    return Type(
        kind=left.kind if left.kind == right.kind else "unknown",
        unit=same_unit(left.unit, right.unit),
        labels=left.labels.either(right.labels),
        sure=left.sure & right.sure,
        fixed=common_fixed(left.fixed, right.fixed),
        key=left.key | right.key if left.key is not None and right.key is not None else None,
        range=left.range.union(right.range),
        normal=left.normal.union(right.normal),
        zero=left.zero or right.zero,
        infinite=tuple(dict.fromkeys((*left.infinite, *right.infinite))),
        cumulative=left.cumulative and right.cumulative,
        aggregated=left.aggregated or right.aggregated,
        bounds=left.bounds if left.bounds == right.bounds else (),
        observed=same_unit(left.observed, right.observed),
    )
