"""Cold compile: a fresh process that builds the shipped spec, as a multiple of a fresh process that imports its libraries. Those are
every module of a library that a build has loaded at its end, asked of a build: `import pydantic` alone loads next to nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.figure import Figure, ratio
from bench.processes import python

COMPILE = """
from pathlib import Path
from generators.build import build
done = build(Path("spec/football.yaml"))
assert done.files and not done.failed
"""
LOADED = """
import sys
from importlib.util import find_spec
from pathlib import Path
installed = Path(find_spec("yaml").origin).parents[1]
found = {name: module for name, module in sys.modules.items() if getattr(module, "__file__", None)}
print(*(name for name, module in found.items() if Path(module.__file__).is_relative_to(installed)))
"""
ROUNDS = 5


def run() -> Iterator[Figure]:
    """Interleaved rounds after one that fills Python's cache of compiled modules, for all sides alike."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        modules = python(COMPILE + LOADED, cache).output.split()
        codes = {
            "build": COMPILE,
            "loaded": f"import {', '.join(modules)}",
            "named": "import yaml, pydantic, _jsonnet, grafanalib.core",
        }
        spent: dict[str, list[float]] = {what: [] for what in codes}
        for turn in range(ROUNDS + 1):
            for what, code in codes.items():
                cpu = python(code, cache).cpu
                if turn:
                    spent[what].append(cpu)
    said = {what: f"{median(times):.2f} s" for what, times in spent.items()}
    detail = f"CPU {said['build']} / {said['loaded']}, medians of {ROUNDS} fresh processes each, {len(modules)} modules"
    yield Figure(
        "cold", "shipped spec, compiled, by its libraries' import", ratio(spent["build"], spent["loaded"]), "x", 3, detail
    )
    detail = f"CPU {said['build']} / {said['named']}: `{codes['named']}`, which leaves most of pydantic unloaded"
    yield Figure("cold", "the same by four import statements", ratio(spent["build"], spent["named"]), "x", None, detail)
    yield Figure("cold", "the wish: CPU seconds (this machine)", median(spent["build"]), " s", 0.5, "not a ratio; see the report")
