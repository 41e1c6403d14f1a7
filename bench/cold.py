"""Cold compile: a fresh process that builds the shipped spec, as a multiple of a fresh process that imports its libraries."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.figure import Figure, ratio
from bench.processes import python

LIBRARIES = "import yaml, pydantic, _jsonnet, grafanalib.core"
COMPILE = """
from pathlib import Path
from generators.build import build
done = build(Path("spec/football.yaml"))
assert done.files and not done.failed
"""
ROUNDS = 3


def run() -> Iterator[Figure]:
    """Interleaved rounds after one that fills Python's cache of compiled modules, for both sides alike."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        python(LIBRARIES, cache)
        python(COMPILE, cache)
        imports, builds = [], []
        for _ in range(ROUNDS):
            imports.append(python(LIBRARIES, cache).cpu)
            builds.append(python(COMPILE, cache).cpu)
    detail = f"CPU {median(builds):.2f} s / {median(imports):.2f} s, medians of {ROUNDS} fresh processes each"
    yield Figure("cold", "shipped spec, compiled, by its libraries' import", ratio(builds, imports), "x", 3, detail)
    yield Figure("cold", "the wish: CPU seconds (this machine)", median(builds), " s", 0.5, "not a ratio; see the report")
