"""`touchline generate`: write the generated files of the production environment into the clone, in one step, orphans removed.
When the spec has a fault nothing on disk changes."""

from __future__ import annotations

import argparse

from operate import generated
from operate.commands import FINE, PRODUCTION, Call, sound


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Build, then write what differs."""
    result = sound(call, call.environment(PRODUCTION), "compose")
    files = generated.of(result.build.files)
    written = generated.write(call.root, files, result.compiled.project)
    words = {"changed": "changed", "missing": "written", "orphaned": "removed"}
    call.show.table("Generated files", ("file", "what"), [(one.path, words[one.kind]) for one in written])
    call.show.json({"files": len(files), "written": [{"path": w.path, "kind": words[w.kind]} for w in written]})
    call.show.done(f"{len(files)} generated files are as {call.spec} says; {len(written)} differed")
    return FINE
