"""A directory on disk to what an audit reads. In: a directory. Out: a `Tree` of texts and paths. Links are not followed, so that a
circle ends; what is ignored by git exists but is not read, and of what is too large, no text or not allowed the reason is kept."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from generators.audit import Tree
from generators.read.python import SOURCES
from generators.read.repository import YAML_SUFFIXES

CLOSED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        ".venv",
        "venv",
        "env",
        ".tox",
        ".nox",
        "vendor",
        "__pycache__",
        ".mypy_cache",
        ".terraform",
        "site-packages",
    }
)
"""Directories of other people's files, and of files that programs make."""
LARGEST = 4 << 20
"""Bytes of a file that is read; configurations are far smaller."""
MOST_FILES = 200_000
_SUFFIXES = (*YAML_SUFFIXES, ".json", ".py", ".toml", ".cfg", ".ini", ".sh", ".conf", ".service", *SOURCES)
_NAMES = ("dockerfile", "makefile", "procfile", ".gitignore")


def walk(root: Path, progress: Callable[[str], None]) -> Tree:
    """Read a directory. Raises OSError where the directory itself cannot be listed."""
    os.listdir(root)
    texts: dict[str, str] = {}
    paths: set[str] = set()
    closed: set[str] = set()
    skipped: dict[str, str] = {}
    refused: list[OSError] = []
    listed = _tracked(root)
    for folder, folders, files in os.walk(root, onerror=refused.append):
        here = Path(folder).relative_to(root).as_posix()
        shut = {name for name in folders if name in CLOSED or os.path.islink(os.path.join(folder, name))}
        closed |= {_join(here, name) for name in shut}
        folders[:] = sorted(set(folders) - shut)
        paths |= {_join(here, name) for name in (*folders, *files, *shut)}
        progress(f"{len(paths)} files")
        if len(paths) > MOST_FILES:
            skipped[here] = f"more than {MOST_FILES} files: the rest was not looked at"
            closed.add("")
            break
        for name in sorted(files):
            path = _join(here, name)
            if _is_wanted(name) and (listed is None or path in listed):
                _read(root, path, texts, skipped)
    for error in refused:
        path = Path(error.filename).relative_to(root).as_posix()
        skipped[path] = f"cannot be read: {error.strerror}"
        closed.add(path)
    return Tree(texts, frozenset(paths), frozenset(closed), skipped)


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _is_wanted(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(_SUFFIXES) or lower.startswith(_NAMES)


def _read(root: Path, path: str, texts: dict[str, str], skipped: dict[str, str]) -> None:
    file = root / path
    try:
        if not file.is_file():
            return  # a socket, a pipe: reading it may never end
        if file.stat().st_size > LARGEST:
            skipped[path] = f"larger than {LARGEST >> 20} MiB"
            return
        texts[path] = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        skipped[path] = "no UTF-8 text"
    except OSError as error:
        skipped[path] = f"cannot be read: {error.strerror}"


def _tracked(root: Path) -> frozenset[str] | None:
    """The files that git tracks or would add; None where this is no work tree, or git is not there."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        result = subprocess.run(
            command, capture_output=True, check=False, timeout=60, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    names = frozenset(_decoded(result.stdout))
    return names if result.returncode == 0 and names else None


def _decoded(output: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in output.split(b"\0") if name)
