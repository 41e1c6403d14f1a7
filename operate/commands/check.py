"""`touchline check`: is the spec sound, and is every generated file what it says, byte for byte? Lists each fault, and each file
that is changed, missing or orphaned."""

from __future__ import annotations

import argparse
import sys

from generators.build import build
from operate import generated
from operate.commands import FINE, PRODUCTION, USERS_FAULT, Call
from operate.show import annotation_for_file

SAID = {
    "changed": "is not what the spec says",
    "missing": "is missing",
    "orphaned": "is generated from nothing in the spec",
}


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Exit code 1 on any fault and any difference."""
    show = call.show
    built = build(call.spec, call.environment(PRODUCTION), "compose")
    errors = [fault for fault in built.faults if fault.severity == "error"]
    files = {} if errors or built.compiled is None else generated.of(built.files)
    found = generated.differences(call.root, files, built.compiled.project) if built.compiled and files else ()
    show.json(
        {
            "good": not errors and not found,
            "faults": [fault.as_dict() for fault in built.faults],
            "files": [{"path": one.path, "kind": one.kind} for one in found],
        }
    )
    if show.format != "json":
        show.faults(built.faults)
    for one in found:
        if show.format == "github":
            text = f"{one.path} {SAID[one.kind]}. Run `make generate` and commit the result."
            sys.stdout.write(annotation_for_file(one.path, one.kind, text) + "\n")
        else:
            show.line(f"{one.path}: {one.kind}: {SAID[one.kind]}")
    if errors:
        show.note(f"{len(errors)} fault{'s' if len(errors) != 1 else ''} in {call.spec}", "failed")
    elif found:
        show.note(f"{len(found)} generated files differ from {call.spec}; run `make generate`", "failed")
    else:
        show.done(f"{call.spec} is sound, {len(files)} generated files are as it says")
    return USERS_FAULT if errors or found or built.compiled is None else FINE
