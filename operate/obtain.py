"""The two ways in which an engine's binary that is not here is obtained: out of the official image, or built with Go.

In: a `Release` and where to put it. Out: the binary, checked to be that release, or a `ClosedError` that says why this way is
closed here. Progress goes to a `Report`, so that nobody waits in the dark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / "tools"
COPYING_TAKES = 60  # seconds; an image of some 100 MB on an ordinary line
PULL_LIMIT = 300

Report = Callable[[str], None]


class ClosedError(Exception):
    """One way of obtaining a tool is closed on this machine; the text says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Release:
    """One binary of one engine, as tools/releases.toml pins it. `sources` is the digest of a program of our own, which is built
    anew whenever it changes; "" for what others release."""

    name: str
    engine: str
    release: str
    package: str
    stamp: str
    tags: str
    image: str
    in_image: str
    ask: tuple[str, ...]
    takes: int
    sources: str = ""
    verb: tuple[str, ...] = ("build",)

    @property
    def home(self) -> Path:
        """Where the cache holds this binary, whether or not it is there yet."""
        cache_home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        known = "-".join(filter(None, (self.name, self.release, self.sources)))
        return Path(cache_home).expanduser() / "touchline" / "tools" / known

    @property
    def cached(self) -> Path:
        return self.home / self.name

    def __str__(self) -> str:
        return f"{self.name} {self.release}"


def asked(wanted: Release, binary: Path) -> str:
    """The release that a binary says it is; empty when it says none or does not run."""
    return printed_release([str(binary), *wanted.ask])


def printed_release(command: list[str]) -> str:
    """The first release in what a command prints; empty when it prints none or does not run."""
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = re.search(r"\bv?(\d+\.\d+\.\d+)", answer.stdout + answer.stderr)
    return said[1] if said else ""


def checked(wanted: Release, binary: Path) -> None:
    said = asked(wanted, binary)
    if said != wanted.release:
        raise ClosedError(f"what was obtained calls itself {said or 'nothing that runs here'}, not {wanted.release}")


def copy_from_image(wanted: Release, fresh: Path, report: Report) -> None:
    if not wanted.image:
        raise ClosedError("no image holds it, it is our own")
    if not sys.platform.startswith("linux"):
        raise ClosedError("the official images hold Linux binaries only")
    docker = shutil.which("docker")
    if docker is None or not _answers([docker, "version", "--format", "{{.Server.Version}}"]):
        raise ClosedError("no Docker engine answers")
    if not _answers([docker, "image", "inspect", wanted.image]):
        _run([docker, "pull", "--quiet", wanted.image], f"{wanted}: pulling {wanted.image}", COPYING_TAKES, report)
    created = subprocess.run([docker, "create", wanted.image, "-"], capture_output=True, text=True, check=False)
    if created.returncode != 0:
        raise ClosedError(f"docker create {wanted.image}: {created.stderr.strip()}")
    container = created.stdout.strip()
    try:
        _run([docker, "cp", f"{container}:{wanted.in_image}", str(fresh)], f"{wanted}: copying it", COPYING_TAKES, report)
    finally:
        subprocess.run([docker, "rm", "--force", container], capture_output=True, check=False)


def _answers(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def build(wanted: Release, fresh: Path, report: Report) -> None:
    go = shutil.which("go")
    if go is None:
        raise ClosedError("go is not installed")
    command = [go, *wanted.verb, "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", wanted.tags]
    command += ["-ldflags", f"-s -w -X {wanted.stamp}", "-o", str(fresh), wanted.package]
    # A go.work above the clone, or cgo, would build something else than what go.sum verifies and images can hold.
    settings = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    _run(command, f"{wanted}: building with Go", wanted.takes, report, TOOLS / wanted.engine, settings)


def _run(
    command: list[str], doing: str, takes: int, report: Report, folder: Path | None = None, env: dict[str, str] | None = None
) -> None:
    """Run one long command, telling how far it is; what it printed is shown only when it fails."""
    report(f"{doing}; usually about {takes} s")
    started, told = time.monotonic(), 0
    with tempfile.TemporaryFile() as printed:
        with subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
        ) as process:
            try:
                while process.poll() is None:
                    told = tick(doing, started, told, takes, report)
                    if time.monotonic() - started > max(PULL_LIMIT, 20 * takes):
                        raise ClosedError(f"`{' '.join(command[:2])}` did not end in {max(PULL_LIMIT, 20 * takes)} s")
            finally:
                if process.poll() is None:
                    process.terminate()
        if process.returncode != 0:
            printed.seek(0)
            last = printed.read().decode(errors="replace").strip().splitlines()[-5:]
            raise ClosedError(f"`{' '.join(command[:2])}` failed: " + " / ".join(last))


def tick(doing: str, started: float, told: int, takes: int, report: Report) -> int:
    """Sleep a moment and report once in ten seconds; returns the last ten that was told."""
    time.sleep(0.1)
    elapsed = int(time.monotonic() - started)
    if elapsed // 10 > told:
        report(f"{doing}: {elapsed} s of about {takes} s")
    return max(told, elapsed // 10)
