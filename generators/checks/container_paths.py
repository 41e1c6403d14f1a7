"""Paths as a container sees them. In: a repository's compose files and its paths. Out: which services mount a file of the
repository, and where a path inside such a container lies in the repository. It says "unknown" in doubt: a host's own path, a
volume, an image that is built and may hold anything."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from typing import Literal

from generators.ir.found import FoundMount, FoundService, Repository

Answer = Literal["there", "missing", "unknown"]


def services(repository: Repository) -> Iterator[FoundService]:
    """Every service of every compose file."""
    return (service for compose in repository.composes for service in compose.services)


def places(repository: Repository, mount: FoundMount) -> tuple[str, ...]:
    """The paths that a mount's source may mean: beside the compose file or, where that is not there, from the root, since people
    start compose files from elsewhere. () where it cannot be told."""
    if mount.path is None:
        return ()
    from_root = posixpath.normpath(mount.source.text.removeprefix("./"))
    return tuple(dict.fromkeys(one for one in (mount.path, from_root) if exists(repository, one))) or (mount.path,)


def exists(repository: Repository, path: str) -> bool:
    """Whether a path is there, or lies where nobody looked."""
    return (
        path in (".", "")
        or path in repository.paths
        or any(path == one or path.startswith(f"{one}/") for one in repository.closed)
    )


def made_by_people(repository: Repository, path: str) -> bool:
    """Whether .gitignore says that a file is no part of the repository: somebody makes it where it runs."""
    parts = path.split("/")
    ways = [path, parts[-1], *("/".join(parts[:length]) for length in range(1, len(parts))), *parts[:-1]]
    return any(fnmatch.fnmatchcase(way, pattern) for pattern in repository.ignored for way in ways)


def mounted(repository: Repository, path: str) -> tuple[tuple[FoundService, str], ...]:
    """The services that see a file of the repository, each with the path at which it sees it."""
    found = []
    for service in services(repository):
        for mount in service.mounts:
            for place in places(repository, mount):
                if path == place:
                    found.append((service, mount.target))
                elif place == "." or path.startswith(f"{place}/"):
                    rest = path if place == "." else path[len(place) + 1 :]
                    found.append((service, posixpath.join(mount.target, rest)))
    return tuple(found)


def in_container(repository: Repository, service: FoundService, path: str) -> Answer:
    """Whether a file, or any file of a glob, is at an absolute path of a service's container."""
    fits = [mount for mount in service.mounts if _below(path, mount.target)]
    if not fits:
        return "unknown" if service.builds or _entered(service) else "missing"
    mount = max(fits, key=lambda one: len(one.target))
    sources = places(repository, mount)
    if not sources or any(made_by_people(repository, one) for one in sources):
        return "unknown"
    rest = path[len(mount.target.rstrip("/")) :].lstrip("/")
    return "there" if any(any_file(repository, posixpath.join(one, rest) if rest else one) for one in sources) else "missing"


def _below(path: str, target: str) -> bool:
    top = target.rstrip("/")
    return path == top or path.startswith(f"{top}/")


def _entered(service: FoundService) -> bool:
    """Whether a command of its own may write files before the program starts."""
    return any(word in ("sh", "bash", "/bin/sh", "/bin/bash", "-c") for word in service.words)


def any_file(repository: Repository, pattern: str) -> bool:
    """Whether a path, or any path of a glob, exists."""
    pattern = posixpath.normpath(pattern)
    if not any(sign in pattern for sign in "*?["):
        return exists(repository, pattern)
    found = any(matches(path, pattern) for path in repository.paths)
    return found or any(pattern.startswith(f"{one}/") for one in repository.closed)


def matches(path: str, pattern: str) -> bool:
    """Whether a glob matches a path: a star stands for no slash."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
