"""What the launcher remembers. In: the state folder. Out: options, secrets and processes of the last `up`, in one file that only its
owner reads."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from football_servers.processes import Process


@dataclass(frozen=True)
class Options:
    """What `up` may be told."""

    api_port: int = 8000
    models_port: int = 8001
    postgres_port: int = 5432
    redis_port: int = 6379
    workers: int = 1
    drills: bool = False
    load_peak: int = 15


@dataclass(frozen=True)
class State:
    """Of one state folder."""

    folder: Path
    options: Options
    superuser_password: str
    password: str
    feed_token: str
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """Where every process writes what it has to say."""
        return self.folder / "logs"

    def log(self, name: str) -> Path:
        """Of one process."""
        return self.logs / f"{name}.log"

    def running(self, name: str, process: Process | None) -> State:
        """The same, with that process, or without it."""
        others = {key: one for key, one in self.processes.items() if key != name}
        return replace(self, processes=others | ({name: process} if process else {}))

    def save(self) -> State:
        """Write it, whole or not at all."""
        self.logs.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / "servers.new"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(replace(self, folder=Path())) | {"folder": ""}, indent=1))
        os.replace(fresh, self.folder / "servers.json")
        return self


def folder() -> Path:
    """$XDG_STATE_HOME/touchline-football, or ~/.local/state/touchline-football."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "touchline-football"


def load(where: Path) -> State | None:
    """Of the last `up` there, if there was one."""
    try:
        told = json.loads((where / "servers.json").read_text())
    except FileNotFoundError:
        return None
    processes = {name: Process(**one) for name, one in told["processes"].items()}
    return State(where, Options(**told["options"]), told["superuser_password"], told["password"], told["feed_token"], processes)


def fresh(where: Path, options: Options) -> State:
    """With secrets of its own."""
    return State(where, options, secrets.token_hex(24), secrets.token_hex(24), secrets.token_hex(24))
