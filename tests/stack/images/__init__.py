"""Gives a Docker engine the images of a stack where none can be pulled.

In: the images that a compose file names. Out: the same names in the engine: the real image where it is or can be pulled, else a
stand-in from `table.py`, labelled as one; and the images that cannot be had, each with the reason. What was made is
taken away when nobody on this engine needs it any more, so that a later deployment never runs a stand-in unawares."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from operate import tools
from tests.locks import alone
from tests.stack.images import layout
from tests.stack.images.debian import NotHere
from tests.stack.images.table import NOT_TO_BE_MADE, STAND_INS, StandIn, repository_and_tag

LABEL = "touchline.stand-in"
PULL_LIMIT = 600

_made: Path | None = None
"""The list of the stand-ins that were made in this engine; None outside `kept`."""


@contextmanager
def kept(place: Path | None = None) -> Iterator[None]:
    """While this lasts, in one process or several, the stand-ins that they make stay; the last one removes them, and those of
    processes that were killed. `place` is where they know of each other: one folder for an engine."""
    global _made
    place = place or _place()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        _made = place / "made"
        try:
            yield
        finally:
            made, _made = _made, None
            if _nobody_else(users):
                _remove(made)


def _place() -> Path:
    engine = _docker("info", "--format", "{{.ID}}").stdout.strip()
    return Path(tempfile.gettempdir()) / f"touchline-stand-ins-{os.getuid()}-{hashlib.sha256(engine.encode()).hexdigest()[:12]}"


def _nobody_else(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def provide(images: Iterable[str]) -> dict[str, str]:
    """See that the engine has every image, and return those that cannot be had: image -> why."""
    if _made is None:
        raise RuntimeError("images are provided to a test that asks for the fixture `docker`, which takes them away again")
    refused: set[str] = set()
    missing = {}
    with alone(_made.with_name("making")):
        for image in dict.fromkeys(images):
            if not _is_here(image) and not _pulled(image, refused) and not _built(image, refused):
                with _made.open("a", encoding="utf-8") as listed:  # before it is made: who is killed meanwhile leaves word
                    listed.write(f"{image}\n")
                try:
                    _make(image)
                except NotHere as why:
                    missing[image] = str(why)
    return missing


def is_stand_in(image: str) -> bool:
    """Does this name stand for an image that was made here?"""
    return _label(image) not in (None, "")


def _remove(made: Path) -> None:
    named = dict.fromkeys(made.read_text(encoding="utf-8").split()) if made.exists() else {}
    left = [image for image in named if is_stand_in(image)]
    if left:
        removed = _docker("image", "rm", "--force", *left)
        if removed.returncode != 0:
            raise RuntimeError(f"stand-ins are still in the engine: {removed.stderr.strip()}")
    made.unlink(missing_ok=True)


def _docker(*arguments: str, limit: int = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=limit, check=False)


def _label(image: str) -> str | None:
    """The stand-in's label, empty for a real image, None where there is no image."""
    shown = _docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', image)
    return shown.stdout.strip() if shown.returncode == 0 else None


def _is_here(image: str) -> bool:
    label = _label(image)
    if not label:
        return label is not None
    return label == _fingerprint(STAND_INS[repository_and_tag(image)[0]])


def _pulled(image: str, refused: set[str]) -> bool:
    """Pull the real image; a registry that did not answer once is not asked again."""
    repository = repository_and_tag(image)[0]
    host = repository.partition("/")[0] if "." in repository.partition("/")[0] else "docker.io"
    if host in refused or repository.startswith("touchline/"):
        return False
    try:
        if _docker("pull", "--quiet", image, limit=PULL_LIMIT).returncode == 0:
            return True
    except subprocess.TimeoutExpired:
        pass
    refused.add(host)
    return False


def _built(image: str, refused: set[str]) -> bool:
    """Build an image of our own from its Dockerfile, where the image it starts from can be had."""
    stand_in = STAND_INS.get(repository_and_tag(image)[0])
    if stand_in is None or not stand_in.repository.startswith("touchline/"):
        return False
    dockerfile = layout.ROOT / stand_in.dockerfile
    starts_from = [line.split()[1] for line in dockerfile.read_text(encoding="utf-8").splitlines() if line.startswith("FROM ")]
    if not all(_pulled(one, refused) for one in starts_from):
        return False
    return _docker("build", "--file", str(dockerfile), "--tag", image, str(layout.ROOT), limit=PULL_LIMIT).returncode == 0


def _make(image: str) -> None:
    repository, tag = repository_and_tag(image)
    stand_in = STAND_INS.get(repository)
    if stand_in is None:
        raise NotHere(NOT_TO_BE_MADE.get(repository, "it cannot be pulled, and no stand-in of it is described"))
    if stand_in.engine and tag.removeprefix("v") != tools.releases()[stand_in.tools[0][1]].release:
        raise NotHere(f"the binary is {tools.releases()[stand_in.tools[0][1]]}, not {tag}")
    with tempfile.TemporaryFile() as archive:
        layout.write(stand_in, archive)
        archive.seek(0)
        changes = [argument for change in _changes(stand_in) for argument in ("--change", change)]
        made = subprocess.run(
            ["docker", "import", *changes, "-", image], stdin=archive, capture_output=True, text=True, timeout=300, check=False
        )
    if made.returncode != 0:
        raise NotHere(f"docker import failed: {made.stderr.strip()}")


def _changes(stand_in: StandIn) -> list[str]:
    changes = [f"LABEL {LABEL}={_fingerprint(stand_in)}"]
    changes += [f"ENV {name}={value}" for name, value in stand_in.environment]
    changes += [f"EXPOSE {port}" for port in stand_in.ports]
    changes += [f"USER {stand_in.user}"] if stand_in.user else []
    changes += [f"WORKDIR {stand_in.workdir}"] if stand_in.workdir else []
    changes += [f"VOLUME {json.dumps(stand_in.volumes)}"] if stand_in.volumes else []
    changes += [f"ENTRYPOINT {json.dumps(stand_in.entrypoint)}"] if stand_in.entrypoint else []
    changes += [f"CMD {json.dumps(stand_in.command)}"] if stand_in.command else []
    return changes


def _fingerprint(stand_in: StandIn) -> str:
    """Changes when the table or a file of the stand-in does; a stand-in of another fingerprint is made again."""
    seen = hashlib.sha256(repr(stand_in).encode())
    for _, tool in stand_in.tools:
        seen.update(f"{tools.path(tool)} {tools.path(tool).stat().st_mtime_ns}".encode())
    for _, source in stand_in.sources:
        whole = layout.ROOT / source
        for file in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            if file.is_file() and "__pycache__" not in file.parts:
                seen.update(file.read_bytes())
    return seen.hexdigest()[:16]
