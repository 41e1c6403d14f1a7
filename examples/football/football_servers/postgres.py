"""PostgreSQL of our own. In: a folder and a port. Out: a cluster there, made once, and what starts it. PostgreSQL refuses to run as root,
so root runs it as the user `postgres`, whose package brings it along."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each release, out of PATH."""
OWNER, ROLE, DATABASE, MONITOR = "postgres", "football", "football", "monitoring"
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "max_connections=80",
    "synchronous_commit=off",  # a demonstration may lose its last second
    "log_min_duration_statement=1000",
)
MISSING = "PostgreSQL is not installed here; on Debian or Ubuntu: apt-get install -y --no-install-recommends postgresql"


class PostgresError(Exception):
    """It cannot be made or started; the message says how to mend that."""


@dataclass(frozen=True)
class Cluster:
    """Where it is and who runs it (None: whoever we are)."""

    data: Path
    owner: str | None
    port: int
    superuser_password: str
    password: str

    def url(self, scheme: str = "postgresql") -> str:
        """With the password, so not for logs."""
        return f"{scheme}://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def superuser_url(self) -> str:
        """For who sets the server up."""
        return f"postgresql://{OWNER}:{self.superuser_password}@127.0.0.1:{self.port}/postgres"

    def argv(self) -> list[str]:
        """The server, in the foreground."""
        told = [f"port={self.port}", *SETTINGS]
        return [program("postgres"), "-D", str(self.data), *(word for one in told for word in ("-c", one))]

    def ready(self) -> bool:
        """Whether it takes connections."""
        asked = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        return subprocess.run(asked, check=False).returncode == 0


def program(name: str) -> str:
    """One of PostgreSQL's, the newest release where several are installed."""
    kept = sorted(KEPT.glob(f"*/bin/{name}"), key=lambda path: float(path.parent.parent.name))
    found = str(kept[-1]) if kept else shutil.which(name)
    if found is None:
        raise PostgresError(MISSING)
    return found


def home(state: Path) -> tuple[Path, str | None]:
    """Where the data lie, and who owns them. Root's own folders are closed to `postgres`; then they lie in /var/tmp."""
    program("initdb")
    if os.geteuid() != 0:
        return state / "postgres", None
    try:
        pwd.getpwnam(OWNER)
    except KeyError:
        raise PostgresError(f"PostgreSQL does not run as root, and there is no user {OWNER} here; {MISSING}") from None
    if all(folder.stat().st_mode & 0o001 for folder in (state, *state.resolve().parents)):
        return state / "postgres", OWNER
    return Path("/var/tmp") / _name(state) / "postgres", OWNER


def _name(state: Path) -> str:
    """One folder for each state folder, the same each time."""
    return "touchline-football" + str(state.resolve()).replace("/", "-")


def create(cluster: Cluster) -> None:
    """Make it, unless it is there."""
    if (cluster.data / "PG_VERSION").exists():
        return
    cluster.data.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(cluster.data, ignore_errors=True)
    cluster.data.mkdir(mode=0o700)
    secret = cluster.data.parent / "initdb-password"
    secret.touch(mode=0o600)
    secret.write_text(cluster.superuser_password)
    if cluster.owner:
        for path in (cluster.data, secret):
            shutil.chown(path, cluster.owner, cluster.owner)
    try:
        _run(
            [
                *(program("initdb"), "--pgdata", str(cluster.data), "--username", OWNER, "--pwfile", str(secret)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
            ],
            cluster.owner,
        )
    except PostgresError:
        shutil.rmtree(cluster.data, ignore_errors=True)
        raise
    finally:
        secret.unlink()


def create_database(cluster: Cluster) -> None:
    """The application's database and the role that owns it, of the running server, unless they are there."""
    _tell(
        cluster,
        rf"""\set password '{cluster.password}'
        SELECT format('CREATE ROLE {ROLE} LOGIN PASSWORD %L', :'password')
        WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}') \gexec
        SELECT 'CREATE DATABASE {DATABASE} OWNER {ROLE}'
        WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = '{DATABASE}') \gexec
        """,
    )


def let_monitor(cluster: Cluster, password: str) -> None:
    """A role for postgres_exporter, with this password: it sees what the server does, and no row."""
    quoted = password.replace("\\", r"\\").replace("'", "''")
    _tell(
        cluster,
        rf"""\set password '{quoted}'
        SELECT 'CREATE ROLE {MONITOR} LOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{MONITOR}') \gexec
        SELECT format('ALTER ROLE {MONITOR} PASSWORD %L', :'password') \gexec
        GRANT pg_monitor TO {MONITOR};
        """,
    )


def _tell(cluster: Cluster, script: str) -> None:
    """A script for psql, as the superuser; through its standard input, where no list of processes shows what it says."""
    argv = [program("psql"), "-h", "127.0.0.1", "-p", str(cluster.port), "-U", OWNER, "-d", "postgres", "-qXtA"]
    told = {**os.environ, "PGPASSWORD": cluster.superuser_password}
    done = subprocess.run(
        [*argv, "-v", "ON_ERROR_STOP=1"], input=script, env=told, capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        raise PostgresError(f"the server on port {cluster.port} refused: {done.stderr.strip()}")


def _run(argv: Sequence[str], owner: str | None) -> None:
    as_owner = {"user": owner, "group": owner, "extra_groups": [owner]} if owner else {}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", **as_owner)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise PostgresError(f"{Path(argv[0]).name} failed: {done.stderr.strip()}")
