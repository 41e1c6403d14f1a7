"""Good rules of others. In: the pinned Go modules of tools/releases.toml, or any directory. Out: what the audit reads of each. Nothing of
it is kept here: `go mod download` brings the modules, verified against the checksum database."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.planted.operators import SCRAPE
from bench.processes import BenchError
from generators.audit import exporters
from generators.ir.found import FoundPrometheus, Repository
from generators.read.repository import read_repository
from operate.mixins import with_mixins
from operate.obtain import TOOLS
from operate.walk import walk

MIXINS = {
    "prometheus": "documentation/prometheus-mixin",
    "node_exporter": "docs/node-mixin",
    "alertmanager": "doc/alertmanager-mixin",
    "jaeger": "monitoring/jaeger-mixin",
}
"""Tools of the table whose Go modules hold a mixin, and where."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A repository of others, and what it is called in a report."""

    name: str
    repository: Repository

    @property
    def rules(self) -> int:
        return sum(len(group.rules) for file in self.repository.rule_files for group in file.groups)


def pinned(progress: Progress) -> Iterator[Corpus]:
    """The mixins inside the pinned modules. Raises BenchError where Go or a module cannot be had."""
    table = tomllib.loads((TOOLS / "releases.toml").read_text(encoding="utf-8"))
    for name, folder in MIXINS.items():
        yield read(
            f"{name} {table[name]['release']}", _downloaded(table[name]["module"], table[name]["version"]) / folder, progress
        )


def _downloaded(module: str, version: str) -> Path:
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    try:
        done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False)
    except FileNotFoundError as failed:
        raise BenchError("go is not installed, and the mixins of others are inside Go modules") from failed
    if done.returncode != 0:
        raise BenchError(f"go mod download {module}@{version}: {(done.stderr or done.stdout).strip()[-300:]}")
    return Path(json.loads(done.stdout)["Dir"])


def read(name: str, folder: Path, progress: Progress) -> Corpus:
    """A directory as the audit reads it, scraped every SCRAPE seconds; dashboards are left out, since rules alone are counted."""
    tree = with_mixins(folder, walk(folder, progress), progress)
    found, _ = read_repository(tree.texts, tree.documents, tree.paths, tree.closed, progress)
    scraped = FoundPrometheus("prometheus.yml", (), (), (), tells=True, interval=SCRAPE)
    return Corpus(name, replace(found, dashboards=(), prometheus=(scraped,), catalogue=exporters()))
