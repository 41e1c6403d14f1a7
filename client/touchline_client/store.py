"""The memory in which one process counts. In: keys. Out: views of float64 slots, in a file of this process's own that is mapped into
memory, so that whatever kills the process, what it has counted stays; or in plain memory where no file can be had.

The process holds a lock (flock) on its file for its life: who can take the lock knows that the process is gone, which a process id does
not tell. Space is allocated before it is mapped (posix_fallocate): on a full disk a mapped page that does not exist would end the
process."""

from __future__ import annotations

import atexit
import fcntl
import mmap
import os
import secrets
import shutil
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from touchline_client import records

SEGMENT = 128 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""What one process's file may grow to."""
RETRY = 1.0
"""Seconds between two attempts to grow a file that could not grow."""
LIVE = ".worker"


class Store:
    """The slots of this process. `shared` is the directory where the processes of one service meet, None for one of this process alone."""

    def __init__(self, shared: Path | None, forked: Callable[[], None], failed: Callable[[str, BaseException], None]) -> None:
        self.shared = shared
        self.directory: Path | None = None
        self.path: Path | None = None
        self._on_fork, self._failed = forked, failed
        self._reset()
        _STORES.add(self)

    def _reset(self) -> None:
        self._lock = threading.RLock()  # a signal handler may count, too
        self._file = -1
        self._segments: list[memoryview] = []
        self._used, self._end, self._size = 0, 0, 0
        self._not_before = 0.0
        self._opened, self._growing, self._writing = False, False, 0
        self.path = None

    def open(self) -> None:
        """Make this process's file; without one, memory serves. Once."""
        with self._lock:
            if self._opened:
                return
            self._opened = True
            try:
                self._open_file()
            except OSError as error:
                self._failed("opening the file of metrics", error)
            if self._file < 0 and self.shared is None:
                self._append(memoryview(bytearray(SEGMENT)))
            if self._segments:
                records.write_header(self._segments[0], os.getpid(), time.time())
                self._used = records.HEADER_SIZE

    def allocate(self, key: bytes, slots: int) -> memoryview[float] | None:
        """The zeroed slots of a new record, or None where there is no room: the caller drops and counts.

        A signal handler may come in between, in the thread that holds the lock. Python calls it between calls and at backward jumps, so
        that space is taken without either; what the handler has written is published with what it has interrupted."""
        with self._lock:
            self.open()
            size = records.size_of(key, slots)
            while self._segments and size <= SEGMENT - records.HEADER_SIZE and not self._growing:
                end, at, segment = self._end, self._used, self._segments[-1]
                if at + size <= end:
                    self._used = at + size
                    break
                if self._writing or not self._grow():
                    return None
            else:
                return None
            self._writing += 1
            try:
                place = records.write_record(segment, at - (end - SEGMENT), key, slots)
            finally:
                self._writing -= 1
            if not self._writing:
                self._publish()
            return segment[place : place + slots * records.SLOT].cast("d")

    def content(self) -> bytes:
        """What this process has counted, as its file holds it."""
        with self._lock:
            return b"".join(self._segments)

    def _publish(self) -> None:
        struct.pack_into("<Q", self._segments[0], records.USED_AT, self._used)

    def _grow(self) -> bool:
        """One more segment; the rest of the last one is skipped by a record without a key."""
        now = time.monotonic()
        if now < self._not_before or self._size + SEGMENT > MOST_BYTES:
            return False
        self._growing = True
        try:
            more = memoryview(bytearray(SEGMENT)) if self._file < 0 else self._mapped()
            if rest := self._end - self._used:
                filler = (rest - records.RECORD.size) // records.SLOT
                records.RECORD.pack_into(self._segments[-1], SEGMENT - rest, 0, filler)
            self._append(more)
            self._used = self._end - SEGMENT
        except (OSError, ValueError) as error:
            self._not_before = now + RETRY
            self._failed("growing the file of metrics", error)
            return False
        finally:
            self._growing = False
        return True

    def _append(self, segment: memoryview) -> None:
        self._segments.append(segment)
        self._size += SEGMENT
        self._end = self._size

    def _mapped(self) -> memoryview:
        reserve(self._file, self._size, SEGMENT)
        return memoryview(mmap.mmap(self._file, SEGMENT, offset=self._size))

    def _open_file(self) -> None:
        if self.shared is not None:
            self.directory = self.shared
            self.directory.mkdir(parents=True, exist_ok=True)
        elif self.directory is None:  # a forked process counts beside the one it came from
            self.directory = Path(tempfile.mkdtemp(prefix="touchline-"))
            atexit.register(_discard, self.directory, os.getpid())
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        new = self.directory / f".{name}.new"
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            segment = self._mapped()
            records.write_header(segment, os.getpid(), time.time())
            new.rename(self.directory / f"{name}{LIVE}")  # whoever sees it finds it locked
        except BaseException:
            self._file = -1
            os.close(file)
            new.unlink(missing_ok=True)
            raise
        self._append(segment)
        self.path = self.directory / f"{name}{LIVE}"

    def _forked(self) -> None:
        """In a new child: the parent's file is the parent's, and its lock stays with it as long as it has the file open."""
        if self._file >= 0:
            os.close(self._file)
        self._reset()
        self._on_fork()


def _discard(directory: Path, owner: int) -> None:
    """Take a private directory away with the process that made it; those forked from it still have their files open."""
    if os.getpid() == owner:
        shutil.rmtree(directory, ignore_errors=True)


def reserve(file: int, offset: int, length: int) -> None:
    """Take space on the disk now. Raises OSError where there is none."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, offset, length)
    else:  # macOS
        os.pwrite(file, bytes(length), offset)


_STORES: weakref.WeakSet[Store] = weakref.WeakSet()


def _forked() -> None:
    for store in list(_STORES):
        store._forked()


os.register_at_fork(after_in_child=_forked)
