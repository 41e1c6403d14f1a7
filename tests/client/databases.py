"""Real databases for tests. In: nothing. Out: a PostgreSQL and a Redis on ports of their own, in folders of their own, for a block."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_ports

SECONDS = 20


@contextmanager
def postgres() -> Iterator[int]:
    """The port of a server whose user and database are `postgres`, and which asks for no password."""
    initdb, server, ready = (_program(name) for name in ("initdb", "postgres", "pg_isready"))
    (port,) = free_ports(1)
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with _folder(user) as folder:
        data = str(folder / "data")
        made = [initdb, "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, user=user)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "max_connections": "20"}
        command = [server, "-D", data, "-p", str(port), *(part for pair in settings.items() for part in ("-c", "=".join(pair)))]
        asked = [ready, "-q", "-h", "127.0.0.1", "-p", str(port)]
        with _running(command, folder, user, lambda: subprocess.run(asked, check=False).returncode == 0):
            yield port


@contextmanager
def redis() -> Iterator[int]:
    """The port of a server that keeps nothing."""
    server, asks = _program("redis-server"), _program("redis-cli")
    (port,) = free_ports(1)
    with _folder(None) as folder:
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        asked = [asks, "-p", str(port), "ping"]
        with _running(command, folder, None, lambda: b"PONG" in subprocess.run(asked, capture_output=True, check=False).stdout):
            yield port


def _program(name: str) -> str:
    """Where it is; Debian keeps PostgreSQL's beside PATH."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(kept[-1]) if kept else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here (Debian: apt install postgresql redis-server)")
    return found


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="touchline-test-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], folder: Path, user: str | None, ready: Callable[[], bool]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, user=user)
    try:
        for _ in range(SECONDS * 10):
            assert process.poll() is None, (folder / "log").read_text()
            if ready():
                break
            time.sleep(0.1)
        else:
            raise AssertionError((folder / "log").read_text())
        yield
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
