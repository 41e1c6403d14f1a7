"""Finds or builds the real engines: promtool, amtool, prometheus, alertmanager, jaeger, node_exporter and docker-compose; and
two programs of our own: alertmanager-clock, on Alertmanager's packages, and cadvisor, on cAdvisor's.

In: a name, and tools/releases.toml with the pinned release of each. Out: the path of a binary of that release, or a
`ToolMissing` that says what was tried and how to mend it. `path` only looks (the cache outside the clone, then PATH);
`ensure` also obtains (copied out of the pinned official image, else built with Go). Nothing here needs root."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from operate.faults import EnvironmentFault
from operate.obtain import TOOLS, ClosedError, Release, Report, asked, build, checked, copy_from_image, tick

VERBS = {"main": ("build",), "test": ("test", "-c")}
"""How Go builds a program. Only a test binary may have the clock of testing/synctest."""
COMPOSE_PLUGINS = ("~/.docker/cli-plugins", "/usr/local/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins")


class ToolMissing(EnvironmentFault):
    """A tool of the pinned release is neither here nor to be had; the text says what was tried and how to mend it."""


@cache
def releases() -> dict[str, Release]:
    """Every tool by its name."""
    table = tomllib.loads((TOOLS / "releases.toml").read_text(encoding="utf-8"))
    return {
        name: Release(
            name=name,
            engine=engine,
            release=tool["release"],
            package=f"{tool['module']}/{binary['package']}".removesuffix("/.") if "package" in binary else ".",
            stamp=f"{tool['stamp']}={tool.get('stamp_prefix', '')}{tool['release']}",
            tags=tool["tags"],
            image=tool.get("image", ""),
            in_image=binary.get("in_image", ""),
            ask=tuple(binary["ask"]),
            takes=binary["takes"],
            sources=_digest(TOOLS / engine) if "own" in binary else "",
            verb=VERBS[binary.get("own", "main")],
        )
        for engine, tool in table.items()
        for name, binary in tool["binaries"].items()
    }


def _digest(folder: Path) -> str:
    """Short, of every byte that the build reads."""
    known = hashlib.sha256()
    for file in sorted((*folder.glob("*.go"), folder / "go.mod", folder / "go.sum")):
        known.update(f"{file.name}\0".encode() + file.read_bytes())
    return known.hexdigest()[:12]


def path(name: str) -> Path:
    """The binary, from the cache or from PATH in the pinned minor release. Obtains nothing."""
    wanted = _release(name)
    found = _found(wanted)
    if found is None:
        raise ToolMissing(
            f"{wanted} is not here. Run `make tools`, or `python -m operate.tools build {name}` (about {wanted.takes} s once), "
            f"or put {name} {_minor(wanted.release)} on PATH."
        )
    return found


def ensure(names: Iterable[str], report: Report) -> dict[str, Path]:
    """Find each tool, and obtain what is not here; `report` is told what happens and how long it usually takes."""
    return {name: _found(_release(name)) or _obtain(_release(name), report) for name in names}


def _release(name: str) -> Release:
    if name not in releases():
        raise ToolMissing(f"{name} is no tool of ours. There are: {', '.join(sorted(releases()))}.")
    return releases()[name]


def _found(wanted: Release) -> Path | None:
    if os.access(wanted.cached, os.X_OK):
        return wanted.cached
    places = [os.environ.get("PATH", os.defpath)]
    if wanted.name == "docker-compose":
        places += [str(Path(folder).expanduser()) for folder in COMPOSE_PLUGINS]
    for place in places:
        there = shutil.which(wanted.name, path=place)
        if there is not None and _minor(asked(wanted, Path(there))) == _minor(wanted.release):
            return Path(there)
    return None


def _minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _obtain(wanted: Release, report: Report) -> Path:
    try:
        wanted.home.mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        raise ToolMissing(f"{wanted}: cannot write {wanted.home}: {failed.strerror}. Set XDG_CACHE_HOME.") from failed
    closed: list[str] = []
    with _alone(wanted, report):
        if os.access(wanted.cached, os.X_OK):  # another process has obtained it while we waited
            return wanted.cached
        for way in (copy_from_image, build):
            # Beside its final place, so that the rename is atomic: a reader finds the whole binary or none.
            with tempfile.TemporaryDirectory(dir=wanted.home, prefix=".new-") as folder:
                fresh = Path(folder) / wanted.name
                try:
                    way(wanted, fresh, report)
                    checked(wanted, fresh)
                except ClosedError as why:
                    closed.append(str(why))
                    continue
                fresh.replace(wanted.cached)
                report(f"{wanted}: ready, {wanted.cached}")
                return wanted.cached
    raise ToolMissing(
        f"{wanted} could not be had: not on PATH in release {_minor(wanted.release)}; {'; '.join(closed)}. "
        "Install Go (https://go.dev/doc/install) or a Docker engine that can pull images, then run `make tools`."
    )


@contextmanager
def _alone(wanted: Release, report: Report) -> Iterator[None]:
    """Hold the tool's lock across processes; the kernel frees it even when its holder is killed."""
    with (wanted.home / ".lock").open("w") as lock:
        started, told = time.monotonic(), -1
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                told = tick(f"{wanted}: another process is obtaining it, waiting", started, told, wanted.takes, report)
        yield


def say(text: str) -> None:
    """The usual `Report`: a line on stderr."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """`python -m operate.tools path NAME | build [NAME...]`; exit 2 when the environment lacks something."""
    parser = argparse.ArgumentParser(prog="python -m operate.tools", description="Find or build the real engines.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("path", help="print where a tool is").add_argument("name")
    verbs.add_parser("build", help="obtain tools that are not here").add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "path":
            print(path(given.name))
        else:
            for found in ensure(given.names or releases(), say).values():
                print(found)
    except ToolMissing as missing:
        say(f"touchline: {missing}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
