"""Types of expressions: kind, unit, labels and bounds of what every part of one gives. In: a tree, and the types of the series it reads.
Out: `Types`. Decision: docs/decisions/0005-types-of-expressions.md."""

from generators.promql.types.infer import Series, Types, infer
from generators.promql.types.kinds import UNKNOWN, Kind, Type, either
from generators.promql.types.parts import bare, part_of, unfiltered
from generators.promql.types.ranges import ANY, FLAG, POSITIVE, Range
from generators.promql.types.shown import Line, shown
from generators.promql.types.units import BYTES, EVENTS, PER_SECOND, RATIO, SECONDS, Unit, unit_of

__all__ = [
    "ANY",
    "BYTES",
    "EVENTS",
    "FLAG",
    "PER_SECOND",
    "POSITIVE",
    "RATIO",
    "SECONDS",
    "UNKNOWN",
    "Kind",
    "Line",
    "Range",
    "Series",
    "Type",
    "Types",
    "Unit",
    "bare",
    "either",
    "infer",
    "part_of",
    "shown",
    "unfiltered",
    "unit_of",
]
