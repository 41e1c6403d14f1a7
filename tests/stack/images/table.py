"""The one table of images that the stack test can make on the spot: what each official image is, at the release we pin.

In: nothing. Out: `STAND_INS` by repository, and `NOT_TO_BE_MADE` with the reason. A stand-in has the user, paths, volumes with
their ownership, entrypoint and environment of the official image, and the engine's own binary. tests/stack/test_images.py holds
each line to the official Dockerfile; a stand-in has no shell where it needs none, so what works in it works in the real image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOBODY = 65534
POSTGRES = 999
"""The user of the images of PostgreSQL and of Redis."""

IMPORTED = "/usr/local/lib/python3.11/dist-packages"
"""Where Debian 12's Python looks."""
ASYNC_TIMEOUT = "usr/lib/python3/dist-packages/async_timeout/__init__.py"
"""What redis needs beside Python before 3.11.3, which is Debian's."""

POSTGRES_ENTRYPOINT = """\
#!/bin/sh
set -eu
case " $* " in *" --version "*) exec "$@" ;; esac
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata "$PGDATA" --username postgres --pwfile "$POSTGRES_PASSWORD_FILE" --auth scram-sha-256 --no-sync
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec "$@" -c listen_addresses='*'
"""
"""Ours, in a few lines; the official script does more."""
CADVISOR_ENTRYPOINT = """\
#!/bin/sh
exec /usr/bin/cadvisor -logtostderr "$@"
"""
"""What https://github.com/google/cadvisor/blob/v0.57.0/deploy/entrypoint.sh does."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the image that does not belong to root, or has a mode of its own."""

    path: str
    owner: int = NOBODY
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class StandIn:
    """One image. `dockerfile` is where the official one is: a path in the Go module of `engine`, in this repository (no engine),
    or an address. `tools` and `packages` say which file of which tool or Debian package stands at a path; `installed` are packages
    that this machine has, taken whole; `distributions` and `sources` what Python imports; `texts` are scripts, `links` symbolic
    links and what they lead to; `differs` what a stand-in is not."""

    repository: str
    dockerfile: str
    stage: str = ""
    engine: str = ""
    base: Literal["scratch", "busybox", "python"] = "scratch"
    tools: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str, str], ...] = ()
    installed: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    folders: tuple[Folder, ...] = ()
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = ""
    volumes: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    ports: tuple[int, ...] = ()
    differs: str = ""


_ALL = (
    StandIn(
        repository="prom/prometheus",
        dockerfile="Dockerfile",
        engine="prometheus",
        tools=(("/bin/prometheus", "prometheus"), ("/bin/promtool", "promtool")),
        folders=(Folder("/etc/prometheus"), Folder("/prometheus", mode=0o775)),
        user="nobody",
        entrypoint=("/bin/prometheus",),
        command=("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"),
        workdir="/prometheus",
        volumes=("/prometheus",),
        ports=(9090,),
        differs="built from its Go module: no web pages; no busybox",
    ),
    StandIn(
        repository="prom/alertmanager",
        dockerfile="Dockerfile",
        engine="alertmanager",
        tools=(("/bin/alertmanager", "alertmanager"), ("/bin/amtool", "amtool")),
        folders=(Folder("/etc/alertmanager"), Folder("/alertmanager", mode=0o775)),
        user="nobody",
        entrypoint=("/bin/alertmanager",),
        command=("--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"),
        workdir="/alertmanager",
        volumes=("/alertmanager",),
        ports=(9093,),
        differs="no busybox",
    ),
    StandIn(
        repository="jaegertracing/jaeger",
        dockerfile="cmd/jaeger/Dockerfile",
        stage="release",
        engine="jaeger",
        base="busybox",  # alpine, whose shell is busybox
        tools=(("/cmd/jaeger/jaeger-linux", "jaeger"),),
        user="10001",
        entrypoint=("/cmd/jaeger/jaeger-linux",),
        volumes=("/tmp",),
        environment=(("JAEGER_LISTEN_HOST", "0.0.0.0"),),
        ports=(4317, 4318, 5778, 5779, 9411, 13132, 13133, 14250, 14268, 16686),
        differs="built from its Go module: the UI is a placeholder page",
    ),
    StandIn(
        repository="quay.io/prometheus/node-exporter",
        dockerfile="Dockerfile",
        engine="node_exporter",
        base="busybox",
        tools=(("/bin/node_exporter", "node_exporter"),),
        user="nobody",
        entrypoint=("/bin/node_exporter",),
        ports=(9100,),
        differs="Debian's release of busybox",
    ),
    StandIn(
        repository="ghcr.io/google/cadvisor",
        dockerfile="deploy/Dockerfile",
        engine="cadvisor",
        base="busybox",  # alpine, whose shell is busybox
        tools=(("/usr/bin/cadvisor", "cadvisor"),),
        texts=(("/usr/bin/entrypoint.sh", CADVISOR_ENTRYPOINT),),
        links=(("/var/run", "/run"),),  # as alpine has it: what is mounted there is found in /run, containerd's socket with it
        entrypoint=("/usr/bin/entrypoint.sh",),
        ports=(8080,),
        differs="its library in a main of our own: /metrics and /healthz, no web pages; no libpfm",
    ),
    StandIn(
        repository="quay.io/prometheuscommunity/postgres-exporter",
        dockerfile="https://github.com/prometheus-community/postgres_exporter/blob/v0.17.1/Dockerfile",
        base="busybox",
        packages=(("/bin/postgres_exporter", "prometheus-postgres-exporter", "usr/bin/prometheus-postgres-exporter"),),
        user="nobody",
        entrypoint=("/bin/postgres_exporter",),
        ports=(9187,),
        differs="Debian's older release, which tells less of connections",
    ),
    StandIn(
        repository="oliver006/redis_exporter",
        dockerfile="https://github.com/oliver006/redis_exporter/blob/v1.74.0/Dockerfile",
        stage="scratch-release",
        packages=(("/redis_exporter", "prometheus-redis-exporter", "usr/bin/prometheus-redis-exporter"),),
        user="59000:59000",
        entrypoint=("/redis_exporter",),
        ports=(9121,),
        differs="Debian's older release",
    ),
    StandIn(
        repository="touchline/inbox",
        dockerfile="services/inbox/Dockerfile",
        base="python",
        distributions=("aiosmtpd", "atpublic", "attrs"),
        sources=(("/app/services/__init__.py", "services/__init__.py"), ("/app/services/inbox", "services/inbox")),
        user="65534:65534",
        entrypoint=("python", "-m", "services.inbox", "--listen", "0.0.0.0:9099", "--smtp", "0.0.0.0:9025"),
        workdir="/app",
        environment=(("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONUNBUFFERED", "1"), ("PYTHONUTF8", "1")),
        ports=(9025, 9099),
        differs="Debian's Python",
    ),
    StandIn(
        repository="touchline/football",
        dockerfile="examples/football/Dockerfile",
        base="python",
        distributions=("touchline-client", "touchline-example-football"),
        packages=((f"{IMPORTED}/async_timeout/__init__.py", "python3-async-timeout", ASYNC_TIMEOUT),),
        sources=((IMPORTED, "client"), (IMPORTED, "examples/football")),
        folders=(Folder("/shared"),),
        user="65534:65534",
        workdir="/",
        volumes=("/shared",),
        environment=(
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONUNBUFFERED", "1"),
            ("PYTHONUTF8", "1"),
        ),
        ports=(8000, 8001),
        differs="Debian's Python; the packages of the environment that runs the tests",
    ),
    StandIn(
        repository="postgres",
        dockerfile="https://github.com/docker-library/postgres/blob/master/15/bookworm/Dockerfile",
        base="python",
        installed=("postgresql-15", "postgresql-client-15"),
        folders=(Folder("/var/lib/postgresql", owner=POSTGRES), Folder("/var/lib/postgresql/data", owner=POSTGRES, mode=0o700)),
        texts=(("/usr/local/bin/docker-entrypoint.sh", POSTGRES_ENTRYPOINT),),
        entrypoint=("docker-entrypoint.sh",),
        command=("postgres",),
        volumes=("/var/lib/postgresql/data",),
        environment=(
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin"),
            ("PGDATA", "/var/lib/postgresql/data"),
        ),
        ports=(5432,),
        differs="Debian's release; of the entrypoint only what a superuser's password in a file asks for",
    ),
    StandIn(
        repository="redis",
        dockerfile="https://github.com/docker-library/redis/blob/master/7.0/debian/Dockerfile",
        base="python",
        installed=("redis-server", "redis-tools"),
        folders=(Folder("/data", owner=POSTGRES),),
        command=("redis-server",),
        workdir="/data",
        volumes=("/data",),
        ports=(6379,),
        differs="Debian's release, without an entrypoint",
    ),
    StandIn(
        repository="busybox",
        dockerfile="https://github.com/docker-library/busybox/blob/master/latest/glibc/amd64/index.json",
        base="busybox",
        command=("sh",),
        differs="Debian's release of busybox",
    ),
    StandIn(
        repository="alpine",
        dockerfile="https://github.com/alpinelinux/docker-alpine/blob/master/Dockerfile",
        base="busybox",
        command=("/bin/sh",),
        differs="Debian's release of busybox; no apk",
    ),
)

STAND_INS = {one.repository: one for one in _ALL}

NOT_TO_BE_MADE = {
    "grafana/grafana": "Grafana is published as an image only, and this engine cannot pull images",
}


def repository_and_tag(image: str) -> tuple[str, str]:
    """`docker.io/library/busybox:1.37` -> `busybox`, `1.37`: the short form under which the table and Docker know it."""
    name = image.partition("@")[0]
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "latest"
    return repository.removeprefix("docker.io/").removeprefix("library/"), tag
