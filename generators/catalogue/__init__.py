"""The catalogue: what every service of a kind needs, said once, as data in the spec's own schema. In: the files beside this one.
Out: a `Catalogue` of kinds, each read when it is first asked for, and of the stack's parts; the catalogue's own faults are reported
like those of a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from generators.fault import Fault
from generators.spec.load import load_kind
from generators.spec.model import Kind, Part, Parts
from generators.spec.read import read
from generators.spec.source import Source
from generators.spec.validate import validate

HERE = Path(__file__).parent
SHOWN = "generators/catalogue"
PARTS = "parts.yaml"
ANY = "any"
"""The kind whose alerts and panels every service has, whatever its own kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind and the text it was read from."""

    kind: Kind
    source: Source


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every kind by name, and the stack's own parts with their faults."""

    kinds: Mapping[str, Entry]
    parts: Mapping[str, Part]
    faults: tuple[Fault, ...]


class WrongKindError(Exception):
    """A file of a kind is wrong; `faults` say where and how."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class Kinds(Mapping[str, Entry]):
    """The kinds of a folder by name, which is the file's. Each is read when it is first asked for: a spec uses a few."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.stem: path for path in sorted(folder.glob("*.yaml")) if path.name != PARTS}
        self._read: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        """The kind. Raises KeyError where there is none, WrongKindError where its file is wrong."""
        if name not in self._read:
            path = self._files[name]
            kind, source, faults = load_kind(path, f"{SHOWN}/{path.name}")
            if kind is None:
                raise WrongKindError(faults)
            if kind.kind != name:
                what = f"the file {path.name} holds the kind '{kind.kind}'"
                raise WrongKindError((Fault("value", source.where(("kind",)), what, f"Call the file {kind.kind}.yaml."),))
            self._read[name] = Entry(kind, source)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@cache
def catalogue() -> Catalogue:
    """The catalogue, once a process: its files are part of the compiler, and the tests read every one."""
    parts, faults = validate(Parts, read(HERE / PARTS, f"{SHOWN}/{PARTS}"))
    return Catalogue(Kinds(HERE), parts.parts if parts else {}, faults)
