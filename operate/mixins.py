"""Jsonnet mixins of a repository. In: a directory and what was read of it. Out: the same with the rules and dashboards that its
mixins give. Jsonnet is a programming language: each mixin is evaluated in a process of its own, with a limit of time and memory."""

from __future__ import annotations

import json
import posixpath
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from generators.audit import Tree
from generators.fault import Where
from generators.read.document import Document
from generators.read.mixins import RULES, read_mixin
from generators.spec.source import Place, Position, Source, position

SUFFIX = "mixin.libsonnet"
"""How the entry of a mixin is called (https://monitoring.mixins.dev)."""
SECONDS = 60
MEMORY = 2 << 30
_NAMED = re.compile(r"\b(?:alert|record)\s*:\s*'([^'\n]+)'|\b(?:alert|record)\s*:\s*\"([^\"\n]+)\"")


def with_mixins(root: Path, tree: Tree, progress: Callable[[str], None]) -> Tree:
    """Evaluate every mixin; one that cannot be evaluated is told as passed over, since what it imports is often fetched."""
    documents: list[Document] = []
    skipped = dict(tree.skipped)
    for path in sorted(one for one in tree.paths if one.endswith(SUFFIX)):
        if not (root / path).is_file():
            continue
        progress(path)
        value, why = _evaluated(root / path)
        if value is None:
            skipped[path] = why
        else:
            if value["without"]:
                skipped[path] = f"dashboards of a mixin: {value['without']}"
            documents += _documents(path, value, _wheres(root, path, tree.paths))
    return replace(tree, documents=tuple(documents), skipped=skipped)


def _evaluated(path: Path) -> tuple[Mapping[str, Any] | None, str]:
    command = [sys.executable, "-m", "operate.mixins", str(path.resolve())]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, f"a mixin that Jsonnet did not finish in {SECONDS} s"
    if result.returncode != 0:
        return None, f"a mixin: {result.stderr.strip().splitlines()[-1] if result.stderr.strip() else 'Jsonnet stopped'}"
    return json.loads(result.stdout), ""


def _documents(path: str, value: Mapping[str, Any], wheres: Mapping[str, Where]) -> Iterator[Document]:
    """The rules and the dashboards, as documents whose places are where a rule's name stands in the mixin's files."""
    groups = [group for part in ("alerts", "rules") for group in (value[part] or {}).get("groups", [])]
    values: dict[Place, Position] = {(): position(Where(path))}
    for index, group in enumerate(groups):
        for number, rule in enumerate(group.get("rules", [])):
            where = wheres.get(str(rule.get("alert") or rule.get("record")))
            if where is not None:
                values["groups", index, "rules", number] = position(where)
    yield Document(path, Source({"groups": groups}, values=values))
    for model in value["dashboards"].values():
        yield Document(path, Source(model, values={(): position(Where(path))}))


def _wheres(root: Path, path: str, paths: frozenset[str]) -> dict[str, Where]:
    """Where each alert and record is named, in the Jsonnet files beside the mixin and below."""
    folder = posixpath.dirname(path)
    found: dict[str, Where] = {}
    for other in sorted(one for one in paths if one.endswith((".libsonnet", ".jsonnet")) and one.startswith(folder)):
        try:
            text = (root / other).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for match in _NAMED.finditer(text):
            where = Where(other, text.count("\n", 0, match.start()) + 1, match.start() - text.rfind("\n", 0, match.start()))
            found.setdefault(match[1] or match[2], where)
    return found


def main() -> int:
    """The process of one mixin: its path as argument, its parts as JSON on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = Path(sys.argv[1])
    mixin, faults = read_mixin(path, path.name, Where(path.name))
    without = ""
    if mixin is None:
        # Dashboards are made with libraries that are seldom beside them; rules need none.
        without = "; ".join(fault.what for fault in faults)
        mixin, faults = read_mixin(path, path.name, Where(path.name), RULES)
    if mixin is None:
        sys.stderr.write("; ".join(fault.what for fault in faults) + "\n")
        return 1
    found = {"alerts": mixin.alerts, "rules": mixin.rules, "dashboards": mixin.dashboards, "without": without}
    json.dump(found, sys.stdout, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main())
