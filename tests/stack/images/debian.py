"""What Debian gives to the stand-ins: single files out of packages, and a base with Python.

In: a package's name. Out: a file, or an archive, kept in the cache for the next run; `NotHere` says why there is none. Reading a
package needs no root; the base (debootstrap, about 25 s once) does."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

BASE_TAKES = 600


class NotHere(Exception):  # noqa: N818 - what is raised is that something is not here
    """This machine cannot give what a stand-in needs."""


def _cache(name: str) -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "touchline" / "stand-ins" / name
    home.parent.mkdir(parents=True, exist_ok=True)
    return home


def _run(command: list[str], cwd: Path, limit: int = 120) -> None:
    if shutil.which(command[0]) is None:
        raise NotHere(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise NotHere(f"`{' '.join(command[:2])}` failed: {''.join(last)}")


@cache
def file_of(package: str, path: str) -> Path:
    """One file out of a Debian package of this machine's release."""
    kept = _cache(f"{package}-{_codename()}")
    if not (kept / path).is_file():
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            _run(["apt-get", "download", "--quiet", package], Path(scratch))
            for archive in Path(scratch).glob("*.deb"):
                _run(["dpkg-deb", "--extract", str(archive), "content"], Path(scratch))
            if not (Path(scratch) / "content" / path).is_file():
                raise NotHere(f"Debian's {package} has no {path}")
            shutil.rmtree(kept, ignore_errors=True)
            (Path(scratch) / "content").rename(kept)
    return kept / path


@cache
def python_base() -> Path:
    """A minimal Debian with Python, as a tar archive with its owners, and with the user that the images of databases have."""
    kept = _cache(f"python-{_codename()}-2.tar")
    if not kept.is_file():
        if os.geteuid() != 0:
            raise NotHere("debootstrap needs root")
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            base, archive = Path(scratch) / "base", Path(scratch) / "base.tar"
            made = ["debootstrap", "--variant=minbase", "--include=python3,ca-certificates,tzdata", _codename(), str(base)]
            _run(made, Path(scratch), BASE_TAKES)
            with (base / "etc" / "passwd").open("a", encoding="utf-8") as users:
                users.write("postgres:x:999:999:postgres:/var/lib/postgresql:/bin/sh\n")
            without = ["--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*", "--exclude=./var/cache/apt/*"]
            _run(["tar", "--create", *without, "--file", str(archive), "--directory", str(base), "."], Path(scratch))
            archive.rename(kept)
    return kept


@cache
def _codename() -> str:
    release = Path("/etc/os-release")
    lines = release.read_text(encoding="utf-8").splitlines() if release.is_file() else []
    named = dict(line.partition("=")[::2] for line in lines)
    if named.get("ID") != "debian" or "VERSION_CODENAME" not in named:
        raise NotHere("this machine is not Debian, whose packages stand-ins are made of")
    return named["VERSION_CODENAME"]
