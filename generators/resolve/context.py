"""What every part of resolving needs: the spec with its places, the catalogue, where we build for, and the list of faults."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from generators.catalogue import ANY, Catalogue, Entry
from generators.fault import Fault, Where
from generators.ir.contract import HISTOGRAM_SUFFIXES
from generators.ir.stack import EngineName
from generators.plan import Text
from generators.spec.model import Environment, Spec
from generators.spec.source import Place, Source

S = TypeVar("S", bound=str)

_SECTIONS: Mapping[str, Place] = {
    "metric": ("metrics",),
    "alert": ("alerts",),
    "channel": ("notify", "channels"),
    "hours": ("notify", "hours"),
}
"""Where the spec names things of a kind that can be left out for their form."""


@dataclass
class Context:
    """One resolving. `blamed` are metrics and other names already reported as unknown or broken, `broken` the places of entries left
    out for their form: what only follows from them is no new fault. `lacking` are the packaged programs that the local engine
    will not find, with why."""

    spec: Spec
    source: Source
    catalogue: Catalogue
    environment_name: str
    engine: EngineName
    faults: list[Fault] = field(default_factory=list)
    blamed: set[str] = field(default_factory=set)
    broken: frozenset[Place] = frozenset()
    lacking: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        metrics = [str(place[1]) for place in self.broken if place[0] == "metrics"]
        self.blamed |= {name + suffix for name in metrics for suffix in ("", *HISTOGRAM_SUFFIXES)}

    @property
    def environment(self) -> Environment:
        return self.spec.environments[self.environment_name]

    @property
    def locales(self) -> tuple[str, ...]:
        """The project's own locale first, then the others that texts are written in."""
        project = self.spec.project
        return tuple(dict.fromkeys((project.locale, *project.locales)))

    @property
    def has_unknown_kinds(self) -> bool:
        """Whether a service is of a kind that the catalogue does not know."""
        return any(service.kind not in self.catalogue.kinds for service in self.spec.services.values())

    @property
    def used_kinds(self) -> dict[str, Entry]:
        """The kinds of which there are services, in the catalogue's order, and the one that all services are of."""
        used = {ANY, *(service.kind for service in self.spec.services.values())}
        return {name: self.catalogue.kinds[name] for name in self.catalogue.kinds if name in used}

    def where(self, *place: str | int) -> Where:
        return self.source.where(place)

    def where_key(self, *place: str | int) -> Where:
        return self.source.where_key(place)

    def fault(self, id: str, where: Where, what: str, fix: str) -> None:
        self.faults.append(Fault(id, where, what, fix))

    def unknown(self, kind: str, name: str, known: Collection[str], place: Place) -> None:
        """Report a name that nothing has, with the nearest that something has; not one that was left out for its form."""
        if (*_SECTIONS.get(kind, ()), name) not in self.broken:
            keyed = place and place[-1] == name
            where = self.source.where_key(place) if keyed else self.source.where(place)
            self.fault(f"unknown-{kind}", where, f"no {kind} is called '{name}'", did_you_mean(name, known))

    def text(self, value: Mapping[str, str] | None, fallback: str = "") -> Text:
        """A text in every locale of the project: a single string serves all; a missing locale takes en, then any."""
        if not value:
            return dict.fromkeys(self.locales, fallback)
        if "" in value:
            return dict.fromkeys(self.locales, value[""])
        spare = value.get("en") or next(iter(value.values()))
        return {locale: value.get(locale, spare) for locale in self.locales}


def did_you_mean(name: str, known: Collection[str]) -> str:
    """How to mend an unknown name."""
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    listed = sorted(known)
    return f"Known: {', '.join(listed[:12])}{', …' if len(listed) > 12 else ''}." if listed else "None is declared yet."


def as_tuple(value: S | list[S]) -> tuple[S, ...]:
    """One or several, as several."""
    return tuple(value) if isinstance(value, list) else (value,)
