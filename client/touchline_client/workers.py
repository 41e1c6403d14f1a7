"""The numbers of all processes of a service as one. In: the files in the directory where they meet. Out: every label set with its joined
slots. What a dead process has counted stays: its file is folded into the archive. Its gauges are gone at once.

Who can take the lock on a process's file knows that it is dead. The archive names the files that are in it, and is replaced by renaming:
whenever a process is killed here, each file is counted either by itself or in the archive, never in both and never in neither. All this
happens under one lock of the directory."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from touchline_client.records import EXEMPLAR_SLOTS, Key, read_records, write_all
from touchline_client.store import LIVE, Store

ARCHIVE = "archive"
FOLDED = "folded"
EVERY = 64
"""Label sets after which the interpreter is given to whoever waits for it."""
PATIENCE = 1.0
"""Seconds to wait for the directory's lock; a process that was stopped while it held it must not stop the others' scrapes for ever."""

Slots = list[float]


class BusyError(Exception):
    """Another process has held the directory for too long."""


@dataclass(slots=True)
class Joined:
    """Slots by key, `folded` the names of the files that are in an archive."""

    slots: dict[Key, Slots] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)

    def add(self, key: Key, values: Sequence[float]) -> None:
        """Join a label set of one more process."""
        have = self.slots.get(key)
        if have is None:
            self.slots[key] = list(values)
        elif len(have) == len(values):
            _join(key[1], have, values)

    def add_all(self, found: Iterable[tuple[Key, Sequence[float]]]) -> None:
        """Join all label sets of one more process."""
        for number, (key, values) in enumerate(found):
            if number % EVERY == 0:
                time.sleep(0)  # requests are served by another thread, which waits for the interpreter
            self.add(key, values)


Limit = Callable[[Key, int], Key]
"""What a label set is called in the archive, which has so many of its metric already."""


def read(store: Store, limit: Limit, failed: Callable[[str, BaseException], None]) -> Joined:
    """Everything that the processes of the service have counted, this one included. Raises BusyError."""
    if store.path is None or store.directory is None:
        joined = Joined()
        content = store.content()
        for key, values in read_records(content) if content else ():
            joined.add(key, values)
        if store.shared is None:
            return joined
        joined.slots.clear()  # what only this process knows would come and go with who answers the scrape
    directory = store.directory or store.shared
    assert directory is not None
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        return _read(directory, store.path, limit, failed)


def _read(directory: Path, own: Path | None, limit: Limit, failed: Callable[[str, BaseException], None]) -> Joined:
    archive = _archive(directory, failed)
    live, dead = Joined(), []
    for path in sorted(directory.glob(f"*{LIVE}")):
        if path.name in archive.folded:
            path.unlink(missing_ok=True)
            continue
        try:
            data, alive = _content(path, own)
            time.sleep(0)
            found = list(read_records(data))
        except (OSError, ValueError) as error:
            failed(f"reading {path.suffix} file", error)
            continue
        if not alive:
            dead.append((path, found))
        else:
            live.add_all(found)
    if dead:
        for path, found in dead:
            _fold(archive, path.name, found, limit)
        _replace(directory, archive, [path for path, _ in dead], failed)
    live.add_all(archive.slots.items())
    return live


def _fold(archive: Joined, name: str, found: list[tuple[Key, tuple[float, ...]]], limit: Limit) -> None:
    archive.folded.add(name)
    sets: dict[str, int] = {}
    for metric, _, _ in archive.slots:
        sets[metric] = sets.get(metric, 0) + 1
    for key, values in found:
        if key[1].startswith("gauge"):
            continue
        if key not in archive.slots:
            key = limit(key, sets.get(key[0], 0))
            sets[key[0]] = sets.get(key[0], 0) + (key not in archive.slots)
        archive.add(key, values)


def _replace(directory: Path, archive: Joined, dead: list[Path], failed: Callable[[str, BaseException], None]) -> None:
    """Write the archive, then take the files in it away. Where that cannot be done they stay, and are folded at the next scrape."""
    new = directory / f".{ARCHIVE}.new"
    names: Key = ("", FOLDED, (json.dumps(sorted(archive.folded)),))

    def everything() -> Iterator[tuple[Key, Sequence[float]]]:
        yield names, ()
        yield from archive.slots.items()

    try:
        new.write_bytes(write_all(everything(), os.getpid(), time.time()))
        new.replace(directory / ARCHIVE)
    except OSError as error:
        failed("folding the file of a dead process", error)
        new.unlink(missing_ok=True)
        return
    for path in dead:
        path.unlink(missing_ok=True)


def _archive(directory: Path, failed: Callable[[str, BaseException], None]) -> Joined:
    archive = Joined()
    try:
        for key, values in read_records((directory / ARCHIVE).read_bytes()):
            if key[:2] == ("", FOLDED):
                # The names of files that are gone need not be kept.
                archive.folded |= {name for name in json.loads(key[2][0]) if (directory / name).exists()}
            else:
                archive.add(key, values)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        failed("reading the archive", error)
    return archive


def _content(path: Path, own: Path | None) -> tuple[bytes, bool]:
    """The bytes of a process's file, and whether the process lives."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        alive = path == own or not _taken(file)
        return os.pread(file, os.fstat(file).st_size, 0), alive
    finally:
        os.close(file)  # with it the lock goes


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + PATIENCE
        while not _taken(file):
            if time.monotonic() > until:
                raise BusyError("another process has held the directory of metrics for too long")
            time.sleep(0.005)
        yield
    finally:
        os.close(file)


def _join(shape: str, have: Slots, values: Sequence[float]) -> None:
    kind, _, how = shape.partition(":")
    if kind == "gauge":
        _join_gauge(how, have, values)
        return
    sums = 1 if kind == "counter" else len(how.split(",")) + 2 if how else 2
    for index in range(sums):
        have[index] += values[index]
    for index in range(sums, len(have), EXEMPLAR_SLOTS):
        if values[index + EXEMPLAR_SLOTS - 1] > have[index + EXEMPLAR_SLOTS - 1]:  # the newer exemplar
            have[index : index + EXEMPLAR_SLOTS] = values[index : index + EXEMPLAR_SLOTS]


def _join_gauge(how: str, have: Slots, values: Sequence[float]) -> None:
    if how == "latest":
        if values[1] >= have[1]:
            have[:] = values
    elif how == "max":
        have[0] = max(have[0], values[0])
    elif how == "min":
        have[0] = min(have[0], values[0])
    else:
        have[0] += values[0]
