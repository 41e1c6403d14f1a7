"""`python -m football_demo up|down`. In: an engine, a spec, ports. Out: progress on standard error, then on standard output where to
look and what to try; exit code 2 when something is missing on this machine, 1 when something does not start."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from football_demo import containers, processes
from football_demo.stack import EngineName, Stack, StackError


class Way(Protocol):
    """A module that runs the demo in one of the two ways."""

    ENVIRONMENT: str

    def up(self, stack: Stack, options: Sequence[str]) -> int: ...
    def down(self, stack: Stack) -> int: ...


ROOT = Path(__file__).resolve().parents[3]


def main(words: Sequence[str] | None = None) -> int:
    """One verb."""
    given, for_servers = _parser().parse_known_args(words)
    try:
        engine: EngineName = given.engine if given.engine != "auto" else "compose" if containers.answers() else "local"
        way: Way = containers if engine == "compose" else processes
        stack = Stack(given.spec, way.ENVIRONMENT, engine)
        return way.up(stack, for_servers) if given.verb == "up" else way.down(stack)
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; `make demo` goes on from here, `make demo-down` stops what runs", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m football_demo", description="databases, application, users and the stack that watches them"
    )
    parser.add_argument("verb", choices=("up", "down"))
    parser.add_argument(
        "--engine", choices=("auto", "local", "compose"), default="auto", help="auto: containers where a Docker engine answers"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "football.yaml", help="default %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
