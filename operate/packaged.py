"""Exporters that a distribution packages, for the `local` engine: what no Go module gives here, run at the release that the machine has.

In: the name that the catalogue gives a program. Out: where it is and which release it says it is, or why it cannot be used and
how to mend that. Only looks, never installs. The releases between `oldest` and `newest` export every metric that the
catalogue's file of the kind reads, under the same names: read in the exporters' sources at the tags of these releases, and held
against the real program by tests/engines/test_exporters.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generators.record import dataclass
from operate.obtain import printed_release

FOLDERS = ("/usr/local/bin", "/usr/bin")
"""Looked at after PATH: where packages put programs, whatever a shell's PATH is."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """One program: the names it goes by, the package of Debian and Ubuntu that has it, and the minor releases that will do."""

    programs: tuple[str, ...]
    package: str
    oldest: str
    newest: str
    ask: str = "--version"


PACKAGED: Mapping[str, Packaged] = {
    # https://github.com/prometheus-community/postgres_exporter: v0.11.1 is Debian 12's. Labels of pg_stat_activity_* beyond
    # `datname` and `state` came with 0.12; from 0.20 on none of them has `server` any more.
    "postgres_exporter": Packaged(
        ("postgres_exporter", "prometheus-postgres-exporter"), "prometheus-postgres-exporter", "0.11", "0.20"
    ),
    # https://github.com/oliver006/redis_exporter: v1.45.0 is Debian 12's.
    "redis_exporter": Packaged(("redis_exporter", "prometheus-redis-exporter"), "prometheus-redis-exporter", "1.45", "1.88"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A program that is here, with the release it says it is; or `path` None, and why there is none that could be used."""

    path: Path | None
    release: str = ""
    why_not: str = ""


def find(name: str) -> Found:
    """Look for a program of the table. KeyError for a name that it does not hold."""
    wanted, others = PACKAGED[name], []
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *FOLDERS))
    for program in wanted.programs:
        there = shutil.which(program, path=places)
        if there is None:
            continue
        release = _release(there, wanted.ask, os.stat(there).st_mtime_ns)
        if release and _minor(wanted.oldest) <= _minor(release) <= _minor(wanted.newest):
            return Found(Path(there), release)
        others.append(f"{there} is {release or 'of no release that it would tell'}, not of {wanted.oldest} to {wanted.newest}")
    why = "; ".join(others) or f"there is no {name} on this machine, and no Go module to build it from"
    return Found(None, "", f"{why}. {_mending(wanted)}")


def lacking() -> dict[str, str]:
    """Every program of the table that cannot be used on this machine, with why."""
    found = {name: find(name).why_not for name in PACKAGED}
    return {name: why for name, why in found.items() if why}


def _mending(wanted: Packaged) -> str:
    # A package of Debian starts its exporter as a service where systemd runs, on the very port.
    return (
        f"Debian and Ubuntu: `apt-get install --no-install-recommends {wanted.package}`, then `systemctl disable --now "
        f"{wanted.package}` where systemd runs, and deploy again"
    )


@cache
def _release(program: str, ask: str, changed: int) -> str:
    """The release that a program says it is; asked once a process, and again when the file has changed."""
    return printed_release([program, ask])


def _minor(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:2])
