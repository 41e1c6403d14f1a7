"""Dashboards as TypeScript literals, and the compiler that judges them. In: dashboards' JSON. Out: what `tsc` says of each. Only a
literal held by `satisfies` is refused for a key its type does not know; a JSON file that is merely imported is not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
ERROR = re.compile(r"^(?P<file>[\w.-]+)\.ts\(\d+,\d+\): error (?P<text>.*)$", re.MULTILINE)
COMPILER_OPTIONS = {
    "module": "esnext",
    "moduleResolution": "bundler",
    "noEmit": True,
    "skipLibCheck": True,
    "strict": True,
    "target": "esnext",
    "types": [],
}

Json = dict[str, Any]


def panels_of(dashboard: Mapping[str, Any]) -> Iterator[Json]:
    """Every panel of a dashboard, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def _literal(name: str, value: object, type_name: str) -> str:
    return f"export const {name} = {json.dumps(value, ensure_ascii=False, indent=1)} satisfies {type_name};\n"


def _overrides(panel: Mapping[str, Any], name: str) -> Iterator[str]:
    for override in panel["fieldConfig"]["overrides"]:
        for prop in override["properties"]:
            whole, _, custom = prop["id"].partition("custom.")
            type_name = f"Custom<{json.dumps(panel['type'])}>" if custom else "Field"
            yield f"({_bare({custom or whole: prop['value']})}) satisfies {type_name};\n"


def _bare(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def module(dashboard: Mapping[str, Any]) -> str:
    """The TypeScript module of one dashboard: the whole against Grafana's Dashboard, each panel against its own kind."""
    parts = ["import type { Custom, Dashboard, Field, PanelOf } from './types';\n", _literal("dashboard", dashboard, "Dashboard")]
    for index, panel in enumerate(panels_of(dashboard)):
        parts.append(_literal(f"panel{index}", panel, f"PanelOf<{json.dumps(panel['type'])}>"))
        parts.extend(_overrides(panel, f"panel{index}"))
    return "".join(parts)


def node_modules() -> Path:
    """Grafana's types and the compiler, installed from the lock file once, outside the clone.

    Skips the test, saying so, where the machine has no npm: node is a developer's tool."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("dashboards are not held against Grafana's types: this machine has no node with npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "touchline" / "npm"
    home = cache / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (home / "installed").exists():
        home.mkdir(parents=True, exist_ok=True)
        for file in (HERE / "package.json", LOCK, HERE / ".npmrc"):
            shutil.copy(file, home / file.name)
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"npm ci failed:\n{done.stdout}{done.stderr}"
        (home / "installed").touch()
    return home / "node_modules"


def judge(dashboards: Mapping[str, Mapping[str, Any]], work: Path) -> dict[str, list[str]]:
    """One run of the compiler over all dashboards, by name; what it says of each that it refuses."""
    modules = node_modules()
    (work / "node_modules").symlink_to(modules)
    shutil.copy(HERE / "types.ts", work / "types.ts")
    for name, dashboard in dashboards.items():
        (work / f"{name}.ts").write_text(module(dashboard), encoding="utf-8")
    (work / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER_OPTIONS, "include": ["*.ts"]}), encoding="utf-8")
    done = _tsc(["node", str(modules / "typescript" / "bin" / "tsc"), "--project", str(work), "--pretty", "false"], work)
    refused: dict[str, list[str]] = {}
    for found in ERROR.finditer(done.stdout):
        refused.setdefault(found["file"], []).append(found["text"])
    assert (done.returncode == 0) == (not refused), f"tsc ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return refused


def _tsc(command: Sequence[str], work: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
