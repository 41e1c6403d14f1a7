"""What has been done, line by line. In: an entry written before each phase begins. Out: what a command that was killed left
unfinished, and which release was the last that proved good. JSON lines, each on disk before the phase it announces starts."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from operate.state import now

Phase = Literal[
    "build", "test", "release", "switch", "reload", "verify", "going-back", "done", "rolled-back", "failed", "abandoned", "down"
]
ENDS: frozenset[Phase] = frozenset({"done", "rolled-back", "failed", "abandoned", "down"})
SETTLED: frozenset[Phase] = frozenset({"done", "rolled-back", "down"})
TOUCHING: frozenset[Phase] = frozenset({"switch", "reload", "verify", "going-back"})
"""Phases after which what runs may differ from what ran before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: run `run` of `verb` enters `phase` with `release`; `previous` is the release to go back to."""

    run: str
    verb: str
    phase: Phase
    release: str = ""
    previous: str = ""
    note: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one state directory."""

    path: Path

    def append(self, entry: Entry) -> None:
        """Write one line and wait until the disk has it. A line torn by a crash is closed first, so that it spoils no other."""
        line = json.dumps(asdict(entry) | {"at": entry.at or now()}, ensure_ascii=False) + "\n"
        with open(self.path, "a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> Iterator[Entry]:
        """Every whole line, oldest first. A torn line was never acted upon and is passed over."""
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            if entry.phase in get_args(Phase):
                yield entry

    def unfinished(self) -> Entry | None:
        """Where a run was cut off, or None. A run that may have touched what runs stays unfinished, whatever others did before
        they touched anything, until it or a later one reaches an end in which all engines were asked."""
        touched: Entry | None = None
        last: Entry | None = None
        for entry in self.entries():
            last = entry
            if entry.phase in TOUCHING:
                touched = entry
            elif touched is not None and (entry.phase in SETTLED or (entry.phase in ENDS and entry.run == touched.run)):
                touched = None
        return touched or (last if last is not None and last.phase not in ENDS else None)

    def settled(self) -> str:
        """The last phase in which all engines were known to be as this journal says; "" when there was none."""
        ends = [entry.phase for entry in self.entries() if entry.phase in SETTLED]
        return ends[-1] if ends else ""

    def proven(self) -> tuple[str, ...]:
        """Releases that were verified while running, the latest last, each once."""
        seen: dict[str, None] = {}
        for entry in self.entries():
            good = entry.release if entry.phase == "done" else entry.previous if entry.phase == "rolled-back" else ""
            if good:
                seen.pop(good, None)
                seen[good] = None
        return tuple(seen)


def new_run() -> str:
    """A name for one run of a command."""
    return secrets.token_hex(4)
