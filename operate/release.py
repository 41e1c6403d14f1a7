"""Releases: what was built, kept by content. In: the files and the compiled IR of a build. Out: `releases/<hash>/` with those
files and `manifest.json`, complete or not there at all, and from a hash the IR again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.ir.compiled import Compiled
from generators.ir.stack import EngineName
from operate import manifest
from operate.faults import EnvironmentFault
from operate.state import HASH_LENGTH, State, now, sync_directory

MANIFEST = "manifest.json"
FORM = 1
"""The manifest's form; a release of another form is not read."""
KEPT = 10


class ReleaseError(EnvironmentFault):
    """A release is not there, is of another form, or is not what its manifest says."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release on disk."""

    hash: str
    path: Path
    compiled: Compiled
    engine: EngineName
    spec: str
    made: str
    files: Mapping[str, str]
    versions: Mapping[str, str]

    @property
    def environment(self) -> str:
        return self.compiled.environment

    def damage(self) -> tuple[str, ...]:
        """Files of the release that are not as they were built: changed, missing, or added."""
        there = {str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file()} - {MANIFEST}
        changed = [
            f"changed: {name}" for name in self.files if name in there and _digest_file(self.path / name) != self.files[name]
        ]
        missing = [f"missing: {name}" for name in self.files if name not in there]
        return (*changed, *missing, *(f"added: {name}" for name in sorted(there - set(self.files))))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release on its way: its files are on disk under a name no engine reads, at the depth its relative paths count on."""

    hash: str
    path: Path
    files: Mapping[str, str]


def prepare(state: State, files: Mapping[str, str], compiled: Compiled, engine: EngineName, spec: Path) -> Candidate:
    """Write a candidate: every file and the manifest, all on disk."""
    state.prepare()
    sweep(state)
    body = {
        "form": FORM,
        "engine": engine,
        "files": {name: digest(text.encode()) for name, text in sorted(files.items())},
        "versions": {part.name: part.image for part in compiled.stack.components},
        "compiled": manifest.dump(compiled),
    }
    identity = digest(json.dumps(body, sort_keys=True, ensure_ascii=False).encode())[:HASH_LENGTH]
    place = state.releases / f".new-{identity}-{os.getpid()}"
    for name, text in files.items():
        _write(place / name, text)
    head = {"hash": identity, "made": now(), "spec": str(spec)}
    _write(place / MANIFEST, json.dumps(head | body, ensure_ascii=False, indent=1) + "\n")
    return Candidate(identity, place, files)


def keep(state: State, candidate: Candidate) -> Release:
    """Give the candidate its name. A release of the same content that is whole is kept; a damaged one is replaced."""
    place = state.releases / candidate.hash
    if place.exists():
        if not _damaged(state, candidate.hash):
            shutil.rmtree(candidate.path)
            return read(state, candidate.hash)
        shutil.copytree(candidate.path, place, dirs_exist_ok=True)
        for name in [line.removeprefix("added: ") for line in read(state, candidate.hash).damage()]:
            (place / name).unlink()
        shutil.rmtree(candidate.path)
    else:
        candidate.path.rename(place)
    sync_directory(state.releases)
    return read(state, candidate.hash)


def _damaged(state: State, identity: str) -> bool:
    try:
        return bool(read(state, identity).damage())
    except ReleaseError:
        return True


def read(state: State, identity: str) -> Release:
    """The release of that hash, or of the only hash that begins so."""
    matching = [name for name in names(state) if name == identity] or [n for n in names(state) if n.startswith(identity)]
    if len(matching) != 1 or not identity:
        known = ", ".join(names(state)) or "none"
        raise ReleaseError(f"there is no one release {identity!r} in {state.releases} (there: {known})")
    place = state.releases / matching[0]
    try:
        body: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"the manifest of release {matching[0]} cannot be read: {error}") from error
    if body.get("form") != FORM:
        raise ReleaseError(f"release {matching[0]} has form {body.get('form')}, this version reads {FORM}; deploy anew")
    try:
        compiled = manifest.load(Compiled, body["compiled"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReleaseError(f"release {matching[0]} was made by another version of Touchline ({error}); deploy anew") from error
    return Release(
        hash=matching[0],
        path=place,
        compiled=compiled,
        engine=body["engine"],
        spec=body["spec"],
        made=body["made"],
        files=body["files"],
        versions=body["versions"],
    )


def names(state: State) -> tuple[str, ...]:
    """The hashes of all releases, the newest last."""
    if not state.releases.is_dir():
        return ()
    found = [p for p in state.releases.iterdir() if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")]
    return tuple(p.name for p in sorted(found, key=lambda p: (p.stat().st_mtime, p.name)))


def sweep(state: State) -> None:
    """Remove what a killed command left half written. Only the holder of the lock may call this."""
    for left in (*state.releases.glob(".new-*"), *state.releases.glob(".current-*")):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def prune(state: State, protected: frozenset[str]) -> None:
    """Keep the newest releases and the protected ones."""
    for name in names(state)[:-KEPT]:
        if name not in protected:
            with contextlib.suppress(OSError):
                shutil.rmtree(state.releases / name)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_file(path: Path) -> str:
    return digest(path.read_bytes())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
