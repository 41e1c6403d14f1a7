"""The processes of the example, in the order in which they need each other. In: the state. Out: for each how it is started, how one sees
that it is ready, and how it is asked to end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from football_servers import postgres
from football_servers.postgres import Cluster
from football_servers.state import State

ORDER = ("postgres", "redis", "football-models", "football-api", "load")
"""The names of all, each after those that it needs."""
OTLP = ("127.0.0.1", 4318)
REDIS_MISSING = "Redis is not installed here; on Debian or Ubuntu: apt-get install -y --no-install-recommends redis-server"


@dataclass(frozen=True)
class Server:
    """One process. `port` is what must be free before it starts, and where it is found."""

    name: str
    title: str
    argv: list[str]
    ready: Callable[[], bool]
    port: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    owner: str | None = None
    ending: signal.Signals = signal.SIGTERM
    patience: float = 10.0


def cluster(state: State) -> Cluster:
    """The database of this state."""
    data, owner = postgres.home(state.folder)
    return Cluster(data, owner, state.options.postgres_port, state.superuser_password, state.password)


def all_servers(state: State) -> list[Server]:
    """Databases, services, load: each needs those before it."""
    options = state.options
    found = [_postgres(cluster(state)), _redis(state), _models(state), _api(state)]
    return [*found, _load(state)] if options.load_peak else found


def environment(state: State) -> dict[str, str]:
    """What the services are told."""
    options = state.options
    told = {
        "FOOTBALL_DATABASE_URL": cluster(state).url("postgresql+asyncpg"),
        "FOOTBALL_REDIS_URL": f"redis://127.0.0.1:{options.redis_port}/0",
        "FOOTBALL_MODELS_URL": f"http://127.0.0.1:{options.models_port}",
        "FOOTBALL_FEED_TOKEN": state.feed_token,
        "FOOTBALL_TOKENS": str(state.folder / "tokens.json"),
        "FOOTBALL_LOAD_PEAK": str(options.load_peak),
        "PYTHONUNBUFFERED": "1",
    }
    if options.drills:
        told |= {"FOOTBALL_DRILLS": "1", "FOOTBALL_DRILLS_FILE": str(state.folder / "drills.json")}
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ and listens(*OTLP):
        told["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://{OTLP[0]}:{OTLP[1]}"
    without = {key: value for key, value in os.environ.items() if not key.startswith("FOOTBALL_DRILLS")}
    return without | told


def listens(host: str, port: int) -> bool:
    """Whether someone answers there."""
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex((host, port)) == 0


def _postgres(found: Cluster) -> Server:
    return Server("postgres", "PostgreSQL", found.argv(), found.ready, found.port, {}, found.owner, signal.SIGINT)


def _redis(state: State) -> Server:
    port = state.options.redis_port
    if (program := shutil.which("redis-server")) is None:
        raise postgres.PostgresError(REDIS_MISSING)
    limits = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", "--save", "", "--appendonly", "no", "--daemonize", "no"]
    argv = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(state.folder), *limits]
    return Server("redis", "Redis", argv, lambda: listens("127.0.0.1", port), port)


def _models(state: State) -> Server:
    application = "football_drills.apps:models" if state.options.drills else "football_models.app:create"
    return _service(state, "football-models", "model service", application, state.options.models_port, 1)


def _api(state: State) -> Server:
    application = "football_drills.apps:api" if state.options.drills else "football_api.app:create"
    return _service(state, "football-api", "prediction API", application, state.options.api_port, state.options.workers)


def _service(state: State, name: str, title: str, application: str, port: int, workers: int) -> Server:
    argv = [sys.executable, "-m", "uvicorn", "--factory", application, "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"]
    told: dict[str, str] = {}
    if workers > 1:
        argv += ["--workers", str(workers)]
        told["TOUCHLINE_METRICS_DIR"] = str(state.folder / "metrics" / name)
    return Server(name, title, argv, lambda: _answers(f"http://127.0.0.1:{port}/readyz"), port, told)


def _load(state: State) -> Server:
    locustfile = Path(__file__).parent.parent / "football_load" / "users.py"
    argv = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--loglevel", "WARNING", "--only-summary"]
    argv += ["--host", f"http://127.0.0.1:{state.options.api_port}"]
    return Server("load", "users (Locust)", argv, lambda: True)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
