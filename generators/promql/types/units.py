"""Units of values: what is measured, in which multiple. In: the words people write ("milliseconds", "per minute"). Out: `Unit`, which
can be multiplied and divided.

Base units are those of Prometheus (https://prometheus.io/docs/practices/naming/#base-units). What is counted (requests, connections,
restarts) has no dimension: a ratio of two counts and a count are told apart by their noun only, and nouns are never compared."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Dimensions = tuple[tuple[str, int], ...]

_SECOND: Dimensions = (("seconds", 1),)
_BYTE: Dimensions = (("bytes", 1),)


@dataclass(frozen=True, slots=True)
class Unit:
    """`dimensions` are base units with their powers; a value times `scale` is in base units. `noun` is only for people."""

    dimensions: Dimensions = ()
    scale: Fraction = Fraction(1)
    noun: str = ""

    def times(self, other: Unit) -> Unit:
        return self._with(other, 1)

    def over(self, other: Unit) -> Unit:
        return self._with(other, -1)

    def _with(self, other: Unit, sign: int) -> Unit:
        powers = dict(self.dimensions)
        for name, power in other.dimensions:
            powers[name] = powers.get(name, 0) + sign * power
        dimensions = tuple(sorted((name, power) for name, power in powers.items() if power))
        scale = self.scale * other.scale if sign > 0 else self.scale / other.scale
        countable = other.noun in (RATIO.noun, EVENTS.noun, "")
        return Unit(dimensions, scale, self.noun if countable and dimensions == self.dimensions else "")

    def power_of(self, name: str) -> int:
        return dict(self.dimensions).get(name, 0)

    def scaled(self, factor: Fraction) -> Unit:
        """The unit of a value that was multiplied by `factor` in order to convert it: seconds times 1000 are milliseconds."""
        return Unit(self.dimensions, self.scale / factor, self.noun)

    def same_as(self, other: Unit) -> bool:
        """Whether values in both units can be added and compared."""
        return self.dimensions == other.dimensions and self.scale == other.scale

    def __str__(self) -> str:
        for name, unit in _NAMED.items():
            if self.same_as(unit) and (self.dimensions or unit.noun == self.noun or self.scale != 1):
                return name
        if not self.dimensions:
            return self.noun or (RATIO.noun if self.scale == 1 else f"1/{1 / self.scale}")
        return _spelled(self)


def _spelled(unit: Unit) -> str:
    for name, length in _PER.items() if unit.power_of("seconds") == -1 else ():
        rest = unit.times(Unit(_SECOND, length))
        above = next((words for words, named in _NAMED.items() if rest.same_as(named)), "")
        if above:
            return f"{above} per {name}" if rest.dimensions else f"per {name}"
    parts = "·".join(name if power == 1 else f"{name}^{power}" for name, power in unit.dimensions)
    return parts if unit.scale == 1 else f"{float(unit.scale):g} {parts}"


RATIO = Unit(noun="ratio")
EVENTS = Unit(noun="events")
SECONDS = Unit(_SECOND)
BYTES = Unit(_BYTE)
PER_SECOND = RATIO.over(SECONDS)

_BINARY = ("kibi", "mebi", "gibi", "tebi")
_DECIMAL = ("kilo", "mega", "giga", "tera")
_PER = {"second": Fraction(1), "minute": Fraction(60), "hour": Fraction(3600), "day": Fraction(86400)}

_NAMED: dict[str, Unit] = {
    "seconds": SECONDS,
    "milliseconds": Unit(_SECOND, Fraction(1, 1000)),
    "microseconds": Unit(_SECOND, Fraction(1, 10**6)),
    "nanoseconds": Unit(_SECOND, Fraction(1, 10**9)),
    "minutes": Unit(_SECOND, Fraction(60)),
    "hours": Unit(_SECOND, Fraction(3600)),
    "days": Unit(_SECOND, Fraction(86400)),
    "bytes": BYTES,
    "bits": Unit(_BYTE, Fraction(1, 8)),
    **{f"{prefix}bytes": Unit(_BYTE, Fraction(1024 ** (power + 1))) for power, prefix in enumerate(_BINARY)},
    **{f"{prefix}bytes": Unit(_BYTE, Fraction(1000 ** (power + 1))) for power, prefix in enumerate(_DECIMAL)},
    **{name: Unit(((name, 1),)) for name in ("celsius", "meters", "volts", "amperes", "joules", "watts", "grams")},
    "ratio": RATIO,
    "percent": Unit((), Fraction(1, 100), "percent"),
}
_OTHER_NAMES = {
    "": "",
    "s": "seconds",
    "ms": "milliseconds",
    "percentage": "percent",
    "second": "seconds",
    "byte": "bytes",
    "hertz": "per second",
}


def unit_of(words: str) -> Unit | None:
    """The unit that words name: `seconds`, `bytes per second`, `per minute`; any other noun counts things. None for no words."""
    words = words.strip().lower()
    words = _OTHER_NAMES.get(words, words)
    if not words:
        return None
    noun, per, length = words.rpartition("per ")
    if per:
        below = Unit(_SECOND, _PER[length]) if length in _PER else unit_of(length) or EVENTS
        return (unit_of(noun) or EVENTS).over(below)
    return _NAMED.get(words) or Unit(noun=words)


# Factors by which people convert, and the dimension that tells a conversion from a plain multiple: a rate times 60 is per minute, twice
# a duration is still a duration.
_CONVERSIONS: tuple[tuple[str, frozenset[int]], ...] = (
    ("seconds", frozenset({60, 3600, 86400, 1000, 10**6, 10**9})),
    ("bytes", frozenset({8, 1000, 10**6, 10**9, 1024, 1024**2, 1024**3, 1024**4})),
)


def converted(unit: Unit | None, factor: float) -> Unit | None:
    """The unit of a value that was multiplied by a number: converted where the number is a step between units, else as it was."""
    if unit is None or not factor or factor in (float("inf"), float("-inf")) or factor != factor:
        return unit
    up = factor >= 1
    step = factor if up else 1 / factor
    whole = round(step)
    if abs(step - whole) > 1e-9 * step:
        return unit
    known = {100} if not unit.dimensions else set().union(*(steps for name, steps in _CONVERSIONS if unit.power_of(name)))
    if whole not in known:
        return unit
    changed = unit.scaled(Fraction(whole) if up else Fraction(1, whole))
    return changed if changed.dimensions or changed.scale != 1 else RATIO
