"""Where messages are kept. In: content. Out: messages with numbers, newest first. A ring in memory, bounded in
number and in size; beside it, if wanted, a file of JSON lines that is read again at the next start.

The file is only appended to. When it has grown past its bound it is replaced, in one step, by what the ring
holds. A file that cannot be written (a full disk) stops no alert: the message is kept in memory and the store
says so.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from services.inbox.message import Content, Message, restored

RING_SIZE = 64 * 1024 * 1024
FILE_SIZE = 2 * RING_SIZE


class Store:
    def __init__(self, keep: int, path: Path | None = None, ring_size: int = RING_SIZE, file_size: int = FILE_SIZE) -> None:
        self._lock = threading.Lock()
        self._ring: deque[Message] = deque()
        self._keep = keep
        self._ring_size = ring_size
        self._file_size = file_size
        self._size = 0
        self._last_id = 0
        self._path = path
        self.damaged_lines = 0
        self.fault: str | None = None
        if path is not None:
            self._reload(path)

    def add(self, content: Content, at: datetime) -> Message:
        with self._lock:
            message = Message(self._last_id + 1, at, content)
            self._push(message)
            self._append(message)
            return message

    def newest(self) -> list[Message]:
        """All messages, newest first."""
        with self._lock:
            return list(reversed(self._ring))

    def get(self, number: int) -> Message | None:
        with self._lock:
            return next((one for one in self._ring if one.id == number), None)

    @property
    def last_id(self) -> int:
        with self._lock:
            return self._last_id

    def clear(self) -> int:
        """Forget everything, in the file as well; numbers go on, so that nobody who polls misses what comes next."""
        with self._lock:
            count = len(self._ring)
            self._ring.clear()
            self._size = 0
            if self._path is not None:
                self._guarded(self._rewrite)
            return count

    def _push(self, message: Message) -> None:
        self._ring.append(message)
        self._size += message.content.size
        self._last_id = max(self._last_id, message.id)
        while len(self._ring) > self._keep or (self._size > self._ring_size and len(self._ring) > 1):
            self._size -= self._ring.popleft().content.size

    def _reload(self, path: Path) -> None:
        """Raises OSError when the file is there and cannot be read, or its directory cannot be written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):  # fails now rather than at the first alert
            pass
        with path.open("rb") as lines:
            for line in lines:
                try:
                    self._push(restored(json.loads(line)))
                except (ValueError, KeyError, TypeError, RecursionError):
                    self.damaged_lines += 1  # a line torn by a crash, or not ours
        if self.damaged_lines or path.stat().st_size > self._file_size:
            self._rewrite()

    def _append(self, message: Message) -> None:
        if self._path is None:
            return
        self._guarded(lambda: self._write(message))

    def _write(self, message: Message) -> None:
        assert self._path is not None
        with self._path.open("ab") as file:
            file.write(_line(message))
            grown = file.tell()
        if grown > self._file_size:
            self._rewrite()

    def _rewrite(self) -> None:
        assert self._path is not None
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.writelines(map(_line, self._ring))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _guarded(self, write: Callable[[], None]) -> None:
        try:
            write()
            self.fault = None
        except OSError as error:
            self.fault = f"{self._path}: {error.strerror or error}"


def _line(message: Message) -> bytes:
    return json.dumps(message.whole(), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
