"""The switchboard: one small file that every worker of both services reads. In: a drill, and until when. Out: which drills run now. A
drill ends by the clock, so that none is forgotten, even when whoever began it is gone."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

Name = Literal[
    "latency", "errors", "leak", "pool_exhaustion", "bad_model", "stale_data", "slow_query", "cache_bypass", "dependency_cut"
]
Dependency = Literal["football-models", "redis", "postgres"]
NAMES: tuple[Name, ...] = get_args(Name)
DEPENDENCIES: tuple[Dependency, ...] = get_args(Dependency)
AMOUNTS: Mapping[Name, float] = {"latency": 3.0, "errors": 0.8, "leak": 4.0, "slow_query": 3.0}
"""Unless said otherwise: seconds, share of the requests, MiB a second, seconds."""


@dataclass(frozen=True)
class Drill:
    """A fault; `until` in seconds since the epoch, `amount` in the unit of AMOUNTS, `of` what is cut."""

    name: Name
    until: float
    amount: float = 0.0
    of: Dependency = "football-models"


class Board:
    """The drills of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._drills: dict[Name, Drill] = {}

    def get(self, name: Name) -> Drill | None:
        """That drill, while it runs."""
        return self.running().get(name)

    def running(self) -> dict[Name, Drill]:
        """All that run now. The file is read again when it has changed."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return {}
        if (seen := (stat.st_mtime_ns, stat.st_ino)) != self._seen:
            self._drills, self._seen = self._read(), seen
        now = time.time()
        return {name: drill for name, drill in self._drills.items() if drill.until > now}

    def begin(self, drill: Drill) -> None:
        """Start it, or change it while it runs."""
        with self._changed() as drills:
            drills[drill.name] = drill

    def end(self, name: Name) -> None:
        """End it before its time."""
        with self._changed() as drills:
            drills.pop(name, None)

    def _read(self) -> dict[Name, Drill]:
        return {one["name"]: Drill(**one) for one in json.loads(self._file.read_text())}

    @contextmanager
    def _changed(self) -> Iterator[dict[Name, Drill]]:
        """One writer at a time; readers see the whole file, before or after."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            drills = self.running()
            yield drills
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps([asdict(one) for one in drills.values()]))
            os.replace(fresh, self._file)


def allowed() -> Board | None:
    """The board of this environment: FOOTBALL_DRILLS=1, and the file that FOOTBALL_DRILLS_FILE names. Else None, and no drill exists."""
    if os.environ.get("FOOTBALL_DRILLS") != "1":
        return None
    if not (file := os.environ.get("FOOTBALL_DRILLS_FILE")):
        raise SystemExit(
            "football_drills: FOOTBALL_DRILLS=1, but FOOTBALL_DRILLS_FILE does not name the file that all workers read"
        )
    return Board(Path(file))
