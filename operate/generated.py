"""The generated files of the clone. In: a build's files and the clone's directory. Out: what differs, and the clone brought to the build,
every file replaced atomically. Everything below a generated place that the build does not produce is an orphan, and so is a module that
was written into an application of this project and is no longer asked for: it says in its first line whose it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from generators.conventions import GENERATED_MODULE
from generators.emit.serialize import to_json
from generators.spec.model import schema

PLACES = (
    "prometheus/**",
    "alertmanager/**",
    "grafana/**",
    "jaeger/**",
    "compose/**",
    "docs/runbooks/*.md",
    "spec/schema.json",
)
"""Where every file is generated. docs/runbooks/notes/ is written by people: `*` does not cross a directory."""

SCHEMA = "spec/schema.json"

NOT_OURS = frozenset({"node_modules", "__pycache__"})
"""Directories that hold nobody's sources."""

Kind = Literal["changed", "missing", "orphaned"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One file that is not as the spec says."""

    path: str
    kind: Kind


def of(build: Mapping[str, str]) -> dict[str, str]:
    """Everything generated in a clone: a build's files, and the schema that editors read, which no spec changes."""
    return {**build, SCHEMA: to_json(schema())}


def differences(root: Path, files: Mapping[str, str], project: str = "") -> tuple[Difference, ...]:
    """Every file that is changed, missing or orphaned, byte by byte, in the order of their names. The modules of a `project` may
    stand anywhere; without one none is looked for."""
    found: list[Difference] = []
    for name, text in files.items():
        try:
            present = (root / name).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            found.append(Difference(name, "missing"))
        else:
            if present != text.encode():
                found.append(Difference(name, "changed"))
    ours = (*_present(root), *(_modules(root, project) if project else ()))
    found.extend(Difference(name, "orphaned") for name in ours if name not in files)
    return tuple(sorted(found))


def write(root: Path, files: Mapping[str, str], project: str = "") -> tuple[Difference, ...]:
    """Bring the clone to the build, orphans removed; returns what was different."""
    found = differences(root, files, project)
    _replace(root, files, found)
    for difference in found:
        if difference.kind == "orphaned":
            _remove(root, root / difference.path)
    return found


def put(root: Path, files: Mapping[str, str]) -> tuple[Difference, ...]:
    """Write files into a directory that is not ours: what else is there stays."""
    found = tuple(one for one in differences(root, files) if one.kind != "orphaned")
    _replace(root, files, found)
    return found


def _replace(root: Path, files: Mapping[str, str], found: tuple[Difference, ...]) -> None:
    """Write every temporary file before the first is renamed, so that a full disk leaves everything as it was."""
    staged: list[tuple[Path, Path]] = []
    try:
        for difference in found:
            if difference.kind != "orphaned":
                staged.append((_stage(root / difference.path, files[difference.path]), root / difference.path))
        while staged:
            temporary, final = staged[0]
            temporary.replace(final)
            staged.pop(0)
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)


def _stage(final: Path, text: str) -> Path:
    final.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.", suffix=".touchline")
    with open(descriptor, "wb") as file:
        file.write(text.encode())
        os.fchmod(file.fileno(), 0o644)
    return Path(name)


def _remove(root: Path, path: Path) -> None:
    path.unlink()
    directory = path.parent
    while directory != root and not any(directory.iterdir()):
        directory.rmdir()
        directory = directory.parent


def _present(root: Path) -> Iterator[str]:
    """Every file below a generated place."""
    for place in PLACES:
        top, _, rest = place.partition("/")
        if rest == "**":
            yield from (str(p.relative_to(root)) for p in sorted((root / top).rglob("*")) if p.is_file())
        else:
            parent = (root / place).parent
            if parent.is_dir():
                names = (p for p in sorted(parent.iterdir()) if p.is_file() and fnmatch(p.name, Path(place).name))
                yield from (str(p.relative_to(root)) for p in names)


def _modules(root: Path, project: str) -> Iterator[str]:
    """Every module that was written for this project, wherever it stands; another project's in the same clone is not ours to judge."""
    first = f"{GENERATED_MODULE}{project}:".encode()
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in NOT_OURS)
        for name in sorted(names):
            path = Path(directory, name)
            if name.endswith(".py") and path.is_file():
                with path.open("rb") as file:
                    if file.read(len(first)) == first:
                        yield path.relative_to(root).as_posix()
