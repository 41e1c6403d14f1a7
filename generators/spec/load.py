"""From files to the spec's model. In: the path of a spec (YAML or Jsonnet), with what it includes. Out: a `Loaded` spec whose
`source` knows the place of every value, and the faults: all of them at once, each with its place and how to mend it. A spec of
which only some entries have the wrong form is still given, without them, so that the rest can be judged in the same run."""

from __future__ import annotations

from pathlib import Path

from generators.fault import Fault, Where
from generators.record import dataclass
from generators.spec.include import include
from generators.spec.model import Kind, Spec
from generators.spec.read import read
from generators.spec.recover import recover
from generators.spec.source import Place, Source
from generators.spec.validate import validate

_UNFINISHED = frozenset({"yaml", "jsonnet", "encoding", "include", "form"})
"""Faults after which parts of the text are unknown: what else is missing would be an echo."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A spec with its faults of form; None where too little of it can be told. `broken` are the places of entries left out for
    their form: what only misses them is no fault of its own."""

    spec: Spec | None
    source: Source
    faults: tuple[Fault, ...]
    broken: frozenset[Place] = frozenset()


def load(path: Path, shown: str = "") -> Loaded:
    """Read a spec and everything it includes. `shown` is the name faults use for the file. Raises OSError when the spec itself
    cannot be read."""
    shown = shown or str(path)
    source = read(path, shown)
    if isinstance(source.value, dict):
        include(source, path, shown)
    elif not source.faults:
        source.faults.append(Fault("form", source.where(()), "a spec is a mapping", "Begin with `project:`."))
    if any(fault.id in _UNFINISHED for fault in source.faults):
        return Loaded(None, source, tuple(source.faults))
    spec, faults, broken = recover(source)
    return Loaded(spec, source, (*source.faults, *faults), broken)


def load_kind(path: Path, shown: str) -> tuple[Kind | None, Source, tuple[Fault, ...]]:
    """Read one file of the catalogue. Raises OSError."""
    source = read(path, shown)
    if source.faults:
        return None, source, tuple(source.faults)
    kind, faults = validate(Kind, source)
    return kind, source, faults


def unreadable(shown: str, error: OSError) -> Fault:
    """The fault of a spec that is not there."""
    return Fault("spec", Where(shown), f"the spec cannot be read: {error.strerror}", "Name a spec with --spec FILE.")
