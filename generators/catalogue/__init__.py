"""The catalogue: what every service of a kind needs, said once, as data in the spec's own schema. In: the files beside this one.
Out: a `Catalogue` of kinds and of the stack's parts; the catalogue's own faults are reported like those of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generators.fault import Fault
from generators.record import dataclass
from generators.spec.load import load_kind
from generators.spec.model import Kind, Part, Parts
from generators.spec.read import read
from generators.spec.source import Source
from generators.spec.validate import validate

HERE = Path(__file__).parent
SHOWN = "generators/catalogue"
ANY = "any"
"""The kind whose alerts and panels every service has, whatever its own kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind and the text it was read from."""

    kind: Kind
    source: Source


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every kind by name, and the stack's own parts."""

    kinds: Mapping[str, Entry]
    parts: Mapping[str, Part]
    faults: tuple[Fault, ...]


@cache
def catalogue() -> Catalogue:
    """Read the catalogue's files, once a process: they are part of the compiler."""
    kinds: dict[str, Entry] = {}
    faults: list[Fault] = []
    for path in sorted(HERE.glob("*.yaml")):
        if path.name == "parts.yaml":
            continue
        kind, source, wrong = load_kind(path, f"{SHOWN}/{path.name}")
        faults.extend(wrong)
        if kind is not None:
            kinds[kind.kind] = Entry(kind, source)
    parts, wrong = validate(Parts, read(HERE / "parts.yaml", f"{SHOWN}/parts.yaml"))
    return Catalogue(kinds, parts.parts if parts else {}, (*faults, *wrong))
