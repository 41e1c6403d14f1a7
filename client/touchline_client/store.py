"""The memory in which one process counts. In: keys. Out: views of float64 slots, in a file of this process's own that is mapped into
memory, so that whatever kills the process, what it has counted stays; or in plain memory where no file can be had.

The process holds a lock (flock) on its file for its life: who can take the lock knows that the process is gone, which a process id does
not tell. Space is allocated before it is mapped (posix_fallocate): on a full disk a mapped page that does not exist would end the
process."""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
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
        self._opened = False
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
        """The zeroed slots of a new record, or None where there is no room: the caller drops and counts."""
        with self._lock:
            self.open()
            size = records.size_of(key, slots)
            if size > SEGMENT - records.HEADER_SIZE or not self._segments:
                return None
            if self._used + size > self._end and not self._grow():
                return None
            segment = self._segments[-1]
            begin = self._end - len(segment)
            at = records.write_record(segment, self._used - begin, key, slots)
            self._publish(self._used + size)
            return segment[at : at + slots * records.SLOT].cast("d")

    def content(self) -> bytes:
        """What this process has counted, as its file holds it."""
        with self._lock:
            return b"".join(self._segments)

    def _publish(self, used: int) -> None:
        self._used = used
        struct.pack_into("<Q", self._segments[0], records.USED_AT, used)

    def _grow(self) -> bool:
        """One more segment; the rest of the last one is skipped by a record without a key."""
        now = time.monotonic()
        if now < self._not_before or self._size + SEGMENT > MOST_BYTES:
            return False
        try:
            more = memoryview(bytearray(SEGMENT)) if self._file < 0 else self._mapped()
        except (OSError, ValueError) as error:
            self._not_before = now + RETRY
            self._failed("growing the file of metrics", error)
            return False
        rest = self._end - self._used
        if rest:
            filler = (rest - records.RECORD.size) // records.SLOT
            records.RECORD.pack_into(self._segments[-1], self._used - (self._end - len(self._segments[-1])), 0, filler)
        self._append(more)
        self._publish(self._end - SEGMENT)
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
