"""The state directory of one project in one environment. In: their names. Out: the paths everything else uses, the symlink
`releases/current`, and the lock that lets one command at a time change what runs."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from operate.faults import EnvironmentFault

HASH_LENGTH = 12


class Busy(EnvironmentFault):
    """Another command holds the lock; the message says which."""


@dataclass(frozen=True, slots=True)
class State:
    """`<state home>/touchline/<project>/<environment>`."""

    root: Path

    @classmethod
    def of(cls, project: str, environment: str) -> State:
        """The directory for a project and an environment."""
        return cls(state_home() / project / environment)

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        """The symlink every engine reads through."""
        return self.releases / "current"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def prepare(self) -> None:
        """Make the directories. Only `secrets` is closed: its single files are bind-mounted for users of containers."""
        for directory in (self.releases, self.logs, self.root / "data"):
            directory.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)

    def release(self) -> str:
        """The hash `current` points to; "" when there is none."""
        try:
            return os.readlink(self.current)
        except OSError:
            return ""

    def switch(self, release: str) -> None:
        """Point `current` at a release in one atomic step. The link is relative: it is read inside a mount of its parent."""
        if not (self.releases / release).is_dir():
            raise FileNotFoundError(self.releases / release)
        fresh = self.releases / f".current-{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(release)
        fresh.replace(self.current)
        sync_directory(self.releases)

    def unlink_current(self) -> None:
        """Forget the current release; what no release runs has none."""
        self.current.unlink(missing_ok=True)
        sync_directory(self.releases)

    @contextlib.contextmanager
    def locked(self, verb: str) -> Iterator[None]:
        """Hold the lock while the block runs. The kernel drops it when the process dies, however it dies."""
        self.prepare()
        with open(self.lock, "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(self._holder()) from None
            file.seek(0)
            file.truncate()
            json.dump({"verb": verb, "pid": os.getpid(), "since": now()}, file)
            file.flush()
            yield

    def _holder(self) -> str:
        try:
            held = json.loads(self.lock.read_text(encoding="utf-8"))
            return f"`touchline {held['verb']}` (process {held['pid']}, since {held['since']}) is at work on {self.root}"
        except (ValueError, KeyError, TypeError, OSError):
            return f"another touchline command is at work on {self.root}"


def state_home() -> Path:
    """Where all state of Touchline lives."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "touchline"


def sync_directory(directory: Path) -> None:
    """Make renames inside a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now() -> str:
    """The present, for people who read the journal."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
