"""Which values an expression can have: intervals with their arithmetic. In: bounds. Out: `Range`. It says the widest in doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass

_INF = math.inf


@dataclass(frozen=True, slots=True)
class Range:
    """All values from `low` to `high`, both included; infinite where nothing bounds them."""

    low: float = -_INF
    high: float = _INF

    def __add__(self, other: Range) -> Range:
        return _of(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Range:
        return Range(-self.high, -self.low)

    def __sub__(self, other: Range) -> Range:
        return self + -other

    def __mul__(self, other: Range) -> Range:
        corners = [_product(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Range(min(corners), max(corners))

    def __truediv__(self, other: Range) -> Range:
        if other.low > 0 or other.high < 0:
            corners = [_quotient(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
            return Range(min(corners), max(corners))
        return Range(0, _INF) if self.low >= 0 and other.low >= 0 else ANY

    def union(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))

    def clamped(self, low: float, high: float) -> Range:
        """The values after clamp(low, high)."""
        return Range(min(max(self.low, low), high), max(min(self.high, high), low))

    def met(self, other: Range) -> Range | None:
        """The values that are in both; None when there are none."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Range(low, high) if low <= high else None

    @property
    def known(self) -> bool:
        return self.low > -_INF or self.high < _INF

    def __str__(self) -> str:
        left = "" if self.low == -_INF else f"{self.low:g}"
        right = "" if self.high == _INF else f"{self.high:g}"
        return left if left == right and left else f"{left}..{right}"


def _of(low: float, high: float) -> Range:
    return Range(-_INF if math.isnan(low) else low, _INF if math.isnan(high) else high)


def _product(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _quotient(a: float, b: float) -> float:
    return 0.0 if math.isinf(b) else a / b


ANY = Range()
POSITIVE = Range(0, _INF)
FLAG = Range(0, 1)


def always(op: str, value: Range, bound: float) -> bool:
    """Whether `value op bound` holds for every value of the range."""
    tests = {
        ">": value.low > bound,
        ">=": value.low >= bound,
        "<": value.high < bound,
        "<=": value.high <= bound,
        "==": value.low == value.high == bound,
        "!=": not value.low <= bound <= value.high,
    }
    return tests[op]


OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}


def never(op: str, value: Range, bound: float) -> bool:
    """Whether `value op bound` holds for no value of the range."""
    return always(OPPOSITE[op], value, bound)


def kept(op: str, value: Range, bound: Range) -> Range:
    """The values that a comparison with anything in `bound` lets through."""
    limits = {
        ">": Range(bound.low),
        ">=": Range(bound.low),
        "<": Range(high=bound.high),
        "<=": Range(high=bound.high),
        "==": bound,
    }
    return value.met(limits.get(op, ANY)) or value
