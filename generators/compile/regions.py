"""Sets of alerts by their labels, and arithmetic on them: what they share, what one leaves of another. In: conditions of routes.
Out: regions that do not overlap, so that Alertmanager, which tells once for every route that matches, tells each channel once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from generators.fault import NOWHERE, Where
from generators.ir.alerting import Matcher
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Values:
    """The values a label may have: those of `names`, or all but those."""

    names: frozenset[str]
    but: bool = False

    def __and__(self, other: Values) -> Values:
        if self.but and other.but:
            return Values(self.names | other.names, but=True)
        if self.but or other.but:
            allowed, refused = (other, self) if self.but else (self, other)
            return Values(allowed.names - refused.names)
        return Values(self.names & other.names)

    def __invert__(self) -> Values:
        return Values(self.names, not self.but)

    def __contains__(self, value: str) -> bool:
        return (value in self.names) != self.but

    @property
    def empty(self) -> bool:
        return not self.names and not self.but


@dataclass(frozen=True, slots=True)
class Region:
    """Alerts whose labels have these values, and how they are told: in which hours (None: always), how often again, and during
    which maintenance not at all."""

    labels: Mapping[str, Values]
    hours: frozenset[str] | None
    repeat: int
    mute: tuple[str, ...] = field(default=())
    where: Where = NOWHERE

    @property
    def empty(self) -> bool:
        return any(values.empty for values in self.labels.values())

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels, as far as it asks for them, are some of its alerts' labels."""
        return all(labels[name] in values for name, values in self.labels.items() if name in labels)

    def within(self, labels: Mapping[str, Values]) -> Region:
        """The part of it whose labels also have these values."""
        merged = {name: self.labels[name] & values if name in self.labels else values for name, values in labels.items()}
        return replace(self, labels={**self.labels, **merged})

    def without(self, labels: Mapping[str, Values]) -> Iterable[Region]:
        """The rest of it, in parts that do not overlap."""
        seen: dict[str, Values] = {}
        for name, values in labels.items():
            part = self.within({**seen, name: ~values})
            if not part.empty:
                yield part
            seen[name] = values

    def matchers(self) -> tuple[Matcher, ...]:
        """What Alertmanager must match."""
        return tuple(_matcher(name, values) for name, values in self.labels.items() if values.names)


def _matcher(label: str, values: Values) -> Matcher:
    names = sorted(values.names)
    if len(names) == 1:
        return Matcher(label, "!=" if values.but else "=", names[0])
    return Matcher(label, "!~" if values.but else "=~", "|".join(names))


def apart(regions: Iterable[Region]) -> list[Region]:
    """The same alerts in regions that do not overlap; what several took is told in the hours of each, as often as the most
    insistent says."""
    found: list[Region] = []
    for new in regions:
        found = _joined(found, new)
    return found


def _joined(found: list[Region], new: Region) -> list[Region]:
    parts, rest = [], [new]
    for old in found:
        both = old.within(new.labels)
        if both.empty:
            parts.append(old)
            continue
        rest = [piece for one in rest for piece in one.without(old.labels)]
        hours = None if old.hours is None or new.hours is None else old.hours | new.hours
        repeat = min(old.repeat, new.repeat)
        if (hours, repeat) == (old.hours, old.repeat):
            parts.append(old)
        else:
            parts += [*old.without(new.labels), replace(both, hours=hours, repeat=repeat)]
    return parts + rest


def muted(region: Region, labels: Mapping[str, Values], intervals: tuple[str, ...]) -> list[Region]:
    """The same alerts, with the part that has these labels silent during the intervals."""
    both = region.within(labels)
    return [*region.without(labels), replace(both, mute=(*both.mute, *intervals))]
