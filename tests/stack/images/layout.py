"""Lays out the file system of a stand-in as one tar archive.

In: a `StandIn` and the files that belong into it. Out: bytes for `docker import`, with the owners and modes the table names.
Nothing is unpacked on the way, so no root is needed and no owner is lost."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from packaging.requirements import Requirement

from operate import tools
from tests.stack.images import debian
from tests.stack.images.table import IMPORTED, NOBODY, Folder, StandIn

ROOT = Path(__file__).resolve().parents[3]
PASSWD = f"root:x:0:0:root:/root:/bin/sh\nnobody:x:{NOBODY}:{NOBODY}:nobody:/home:/bin/false\n"
GROUP = f"root:x:0:\nnobody:x:{NOBODY}:\n"
# What the base images of all our engines add (https://github.com/prometheus/busybox): Alertmanager's hours need the zones.
FROM_HOST = ("/usr/share/zoneinfo", "/etc/ssl/certs/ca-certificates.crt", "/etc/services")

NOT_NEEDED = {"doc", "man", "locale", "bitcode", "llvmjit"}  # just-in-time compilation alone is a hundred megabytes


@dataclass(frozen=True, slots=True)
class Place:
    """A file or symlink of the image and where its bytes come from."""

    path: str
    source: Path | None = None
    text: str = ""
    link: str = ""
    mode: int = 0o644


def write(stand_in: StandIn, out: BinaryIO) -> None:
    """The archive of one stand-in."""
    written: set[str] = set()
    if stand_in.base == "python":
        out.write(debian.python_base().read_bytes())
        written = _continued(out)
    with tarfile.open(fileobj=out, mode="w|") as archive:
        folders = (Folder("/tmp", owner=0, mode=0o1777), *stand_in.folders)
        for folder in folders:
            _add_folder(archive, folder, written)
        for place in _places(stand_in):
            _add_file(archive, place, written)


def _continued(out: BinaryIO) -> set[str]:
    """The paths of the base; the file is left where its last entry ends, for its two closing zero blocks to be written over."""
    out.seek(0)
    with tarfile.open(fileobj=out, mode="r:") as archive:
        members = archive.getmembers()
    out.seek(members[-1].offset_data + (members[-1].size + 511) // 512 * 512)
    return {member.name.removeprefix("./") for member in members}


def _places(stand_in: StandIn) -> Iterator[Place]:
    for path, text in stand_in.texts:
        yield Place(path, text=text, mode=0o755)
    for path, target in stand_in.links:
        yield Place(path, link=target)
    if stand_in.base == "python":
        yield from _python(stand_in)
        return
    yield Place("/etc/passwd", text=PASSWD)
    yield Place("/etc/group", text=GROUP)
    for path in FROM_HOST:
        for file in (Path(path), *sorted(Path(path).rglob("*"))):
            if file.is_file():
                yield Place(str(file), source=file)
    if stand_in.base == "busybox":
        busybox = debian.file_of("busybox-static", "bin/busybox")
        yield Place("/bin/busybox", source=busybox, mode=0o755)
        for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            yield Place(f"/bin/{applet}", link="/bin/busybox")
    for path, tool in stand_in.tools:
        yield Place(path, source=tools.path(tool), mode=0o755)
    for path, package, inside in stand_in.packages:
        binary = debian.file_of(package, inside)
        yield Place(path, source=binary, mode=0o755)
        for library in _libraries(binary):
            yield Place(str(library), source=library, mode=0o755)


def _libraries(binary: Path) -> list[Path]:
    """The shared libraries that a binary of a package loads, where this machine has them."""
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False).stdout
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", listed)]


def _python(stand_in: StandIn) -> Iterator[Place]:
    """What stands on Debian's base: the packages of this machine, and what Python imports."""
    yield Place("/usr/local/bin/python", link="/usr/bin/python3")
    for path, package, inside in stand_in.packages:
        yield Place(path, source=debian.file_of(package, inside))
    for package in stand_in.installed:
        yield from _installed(package)
    for name in _closure(stand_in.distributions):
        for installed in metadata.files(name) or ():
            if not installed.parts[0].startswith(".."):
                yield Place(f"{IMPORTED}/{installed}", source=Path(str(installed.locate())))
    for target, source in stand_in.sources:
        whole = ROOT / source
        for file in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield Place(f"{target}/{file.relative_to(whole)}" if whole.is_dir() else target, source=file)


def _closure(distributions: tuple[str, ...]) -> list[str]:
    """These and all that they need on this machine, each once, by name."""
    found: dict[str, None] = {}
    waiting = list(distributions)
    if waiting and sys.version_info[:2] != (3, 11):
        raise debian.NotHere("Debian's Python is 3.11, this one is not: its compiled packages do not fit")
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        wanted = [Requirement(one) for one in metadata.requires(name) or ()]
        waiting += [one.name for one in wanted if one.marker is None or _holds(one)]
    return sorted(name for name in found if not metadata.distribution(name).read_text("direct_url.json"))


def _holds(wanted: Requirement) -> bool:
    return wanted.marker is not None and wanted.marker.evaluate({"extra": ""})


def _installed(package: str) -> Iterator[Place]:
    """The files of a Debian package as this machine has it, and the libraries that its programs load."""
    listed = subprocess.run(["dpkg-query", "--listfiles", package], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        raise debian.NotHere(f"{package} is not installed")
    for path in map(Path, listed.stdout.split()):
        if path.is_symlink():
            yield Place(str(path), link=os.readlink(path))
        elif path.is_file() and not NOT_NEEDED & {*path.parts, path.stem}:
            yield Place(str(path), source=path, mode=path.stat().st_mode & 0o777)
            if "bin" in path.parts or path.suffix == ".so":
                for library in _libraries(path):
                    inside = Path("/usr") / library.relative_to("/") if library.parts[1] == "lib" else library  # /lib is /usr/lib
                    yield Place(str(inside), source=library, mode=0o755)


def _add_folder(archive: tarfile.TarFile, folder: Folder, written: set[str]) -> None:
    path = folder.path.strip("/")
    if path in written or not path:
        return
    for parent in list(PurePosixPath(path).parents)[-2::-1]:
        _add_folder(archive, Folder(str(parent), owner=0), written)
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, folder.mode, folder.owner, folder.owner
    archive.addfile(entry)
    written.add(path)


def _add_file(archive: tarfile.TarFile, place: Place, written: set[str]) -> None:
    path = place.path.strip("/")
    if path in written:
        return
    _add_folder(archive, Folder(str(PurePosixPath(path).parent), owner=0), written)
    entry = tarfile.TarInfo(path)
    entry.mode = place.mode
    if place.link:
        entry.type, entry.linkname = tarfile.SYMTYPE, place.link
        archive.addfile(entry)
    else:
        content = place.source.read_bytes() if place.source else place.text.encode()
        entry.size = len(content)
        if place.source:
            entry.mtime = int(place.source.stat().st_mtime)  # by it Python knows that what it has compiled is of this source
        archive.addfile(entry, io.BytesIO(content))
    written.add(path)
