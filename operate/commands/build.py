"""`touchline build SPEC --out DIR`: compile a spec into any directory, wholly or in parts, for teams with engines of their own."""

from __future__ import annotations

import argparse
from pathlib import Path

from generators.build import PARTS
from operate import generated
from operate.commands import FINE, PRODUCTION, Call, UserFault, sound


def add(parser: argparse.ArgumentParser) -> None:
    """Where to, and which parts."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the directory to write into; other files in it stay"
    )
    parser.add_argument("--only", default="", metavar="PARTS", help=f"some of {','.join(PARTS)}, separated by commas")


def run(call: Call) -> int:
    """Build and write; nothing is removed from DIR."""
    only = frozenset(filter(None, (part.strip() for part in str(call.arguments.only).split(","))))
    if unknown := sorted(only - set(PARTS)):
        raise UserFault(f"--only {','.join(unknown)}: there is no such part; choose from {', '.join(PARTS)}")
    out: Path = call.arguments.out
    if out.exists() and not out.is_dir():
        raise UserFault(f"--out {out}: that is a file; name a directory, which need not be there yet")
    engine = "local" if call.arguments.engine == "local" else "compose"
    result = sound(call, call.environment(PRODUCTION), "local" if engine == "local" else "compose", only)
    written = generated.put(out, result.build.files)
    call.show.json({"out": str(out), "files": sorted(result.build.files)})
    call.show.done(f"{len(result.build.files)} files in {out}, {len(written)} of them new or changed")
    return FINE
