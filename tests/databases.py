"""A real PostgreSQL and a real Redis for a test. In: a folder and a port. Out: a server that answers on loopback, stopped at the end by
what started it. As root PostgreSQL runs as the user that its package made: it refuses root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SUPERUSER = "postgres"
_LIMIT = 30
"""Seconds until a server answers; it only ends a test that has failed."""


def postgres_program(name: str) -> str:
    """A program of PostgreSQL: on PATH, or where Debian keeps the newest release."""
    found = [shutil.which(name), *map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True))]
    return next((one for one in found if one), "") or pytest.skip(f"no {name} here: apt-get install postgresql")


@contextmanager
def postgres(folder: Path, port: int) -> Iterator[int]:
    """A fresh PostgreSQL whose superuser needs no password from this machine, and everybody else does."""
    initdb, pg_ctl = postgres_program("initdb"), postgres_program("pg_ctl")
    data = folder / "postgres"
    if os.getuid() == 0:  # pytest's folders are root's alone, and each pytest that begins makes them so again
        data = Path(tempfile.mkdtemp(prefix="touchline-postgres-"))
        shutil.chown(data, SUPERUSER)
    _as_postgres([initdb, "--pgdata", str(data), "--username", SUPERUSER, "--auth", "trust", "--no-sync"])
    (data / "pg_hba.conf").write_text(
        f"host all {SUPERUSER} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    _as_postgres([pg_ctl, "--pgdata", str(data), "--log", str(data / "log"), "--wait", "--options", options, "start"])
    try:
        yield port
    finally:
        _as_postgres([pg_ctl, "--pgdata", str(data), "--wait", "--mode", "immediate", "stop"])
        shutil.rmtree(data, ignore_errors=True)


def _as_postgres(command: list[str]) -> None:
    user = SUPERUSER if os.getuid() == 0 else None
    subprocess.run(
        command, user=user, group=user, extra_groups=[] if user else None, cwd="/", check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def sql(port: int, *statements: str) -> None:
    """Run statements as the superuser."""
    words = [word for statement in statements for word in ("--command", statement)]
    psql = [
        postgres_program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--username",
        SUPERUSER,
    ]
    subprocess.run([*psql, "--set", "ON_ERROR_STOP=1", *words, SUPERUSER], check=True, capture_output=True, text=True)


@contextmanager
def redis(folder: Path, port: int) -> Iterator[int]:
    """A fresh Redis that keeps nothing."""
    server = shutil.which("redis-server") or pytest.skip("no redis-server here: apt-get install redis-server")
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--daemonize", "no"]
    with (folder / "redis.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            limit = time.monotonic() + _LIMIT
            while "Ready to accept connections" not in (folder / "redis.log").read_text():
                assert process.poll() is None, (folder / "redis.log").read_text()
                assert time.monotonic() < limit, "Redis does not become ready"
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
