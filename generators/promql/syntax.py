"""The tree of a PromQL expression: what `parse` makes, `print` writes, `walk` reads and `build` assembles.

In: nothing. Out: frozen nodes, each with its span in the text it was read from, and `ParseFault`. Spans do not take part
in comparison, so two expressions are equal when they mean the same text, wherever they stand. Names follow Prometheus's
own grammar (https://prometheus.io/docs/prometheus/latest/querying/basics/)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Literal, NamedTuple

from generators.record import dataclass

Kind = Literal["scalar", "vector", "matrix", "string"]
MatchOp = Literal["=", "!=", "=~", "!~"]
Card = Literal["one-to-one", "many-to-one", "one-to-many"]
Extension = Literal["anchored", "smoothed"]

# What Prometheus itself accepts only with `--enable-feature=...`; the same names.
EXPERIMENTAL_FUNCTIONS = "promql-experimental-functions"
FILL_MODIFIERS = "promql-binop-fill-modifiers"

NANOSECONDS = 1_000_000_000


class Span(NamedTuple):
    """Offsets of the first character and of the one after the last, counted in characters from 0."""

    start: int
    end: int


NO_SPAN = Span(0, 0)


class ParseFault(Exception):  # noqa: N818 - the house's word is fault
    """What is wrong with an expression, where, and how to mend it; `faults` are all found in it, this one first."""

    def __init__(self, span: Span, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.span = span
        self.what = what
        self.fix = fix or "See https://prometheus.io/docs/prometheus/latest/querying/basics/"
        self.faults: tuple[ParseFault, ...] = (self,)

    @property
    def offset(self) -> int:
        return self.span.start

    def line_column(self, text: str) -> tuple[int, int]:
        """Line and column, both from 1, of the fault in the text that was parsed."""
        before = text[: self.span.start]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1

    def __str__(self) -> str:
        return f"{self.span.start}: parse error: {self.what}"


def first_of(faults: Iterable[ParseFault]) -> ParseFault:
    """The fault that stands first in the text, carrying all the others."""
    ordered = tuple(sorted(faults, key=lambda fault: fault.span))
    ordered[0].faults = ordered
    return ordered[0]


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in nanoseconds, as Prometheus keeps it; prints as `1h30m`."""

    nanoseconds: int
    span: Span = field(default=NO_SPAN, compare=False, repr=False)

    @property
    def seconds(self) -> float:
        return self.nanoseconds / NANOSECONDS


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; `duration` when it was written as one (`5m` is 300, and prints as `5m` again)."""

    value: float
    duration: bool = False
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string, unquoted; bytes that are no UTF-8 are kept as lone surrogates (`surrogateescape`)."""

    value: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DurationExpr:
    """Arithmetic where a duration stands: `[1m + 30s]`, `offset -step()`. `right` alone is a sign, neither a call."""

    op: str
    left: DurationTerm | None = None
    right: DurationTerm | None = None
    wrapped: bool = False
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


DurationTerm = NumberLiteral | DurationExpr
Length = Duration | DurationExpr


@dataclass(frozen=True, slots=True)
class At:
    """The `@` modifier: a time in milliseconds since the epoch, or the start or end of the query."""

    time: int | Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher. A metric name written as a bare string in braces is a matcher of `__name__`."""

    name: str
    op: MatchOp
    value: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """`name{matchers} @ at offset offset`. `name` is empty when the metric is named in the braces, or not at all."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    at: At | None = None
    offset: Length | None = None
    extension: Extension | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """`selector[range]`; the modifiers stand in the selector."""

    selector: VectorSelector
    range: Length
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """`expr[range:step]`; without a step the global evaluation interval holds."""

    expr: Expr
    range: Length
    step: Length | None = None
    at: At | None = None
    offset: Length | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Paren:
    """Parentheses, kept because Prometheus keeps and prints them."""

    expr: Expr
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-expr` or `+expr`; a signed number is a `NumberLiteral`."""

    op: Literal["+", "-"]
    expr: Expr
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How the two sides of a binary operation find each other: on/ignoring, group_left/group_right, fill."""

    on: bool = False
    labels: tuple[str, ...] = ()
    card: Card = "one-to-one"
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


BY_ALL_LABELS = VectorMatching()
"""What holds where nothing was said."""


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right`; `matching` is None where nothing was said about it, or where a side is a scalar."""

    op: str
    left: Expr
    right: Expr
    return_bool: bool = False
    matching: VectorMatching | None = None
    op_span: Span = field(default=NO_SPAN, compare=False, repr=False)
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`function(args)`."""

    function: str
    args: tuple[Expr, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`op by (grouping) (param, expr)`."""

    op: str
    expr: Expr
    grouping: tuple[str, ...] = ()
    without: bool = False
    param: Expr | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


Expr = NumberLiteral | StringLiteral | VectorSelector | MatrixSelector | Subquery | Paren | Unary | Binary | Call | Aggregation
