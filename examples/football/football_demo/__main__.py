"""`python -m football_demo up|drill|down`. In: an engine, a spec, and options for what starts the servers. Out: progress on standard error,
then on standard output where to look and what to try, or what became of each fault; exit code 2 when something is missing on this machine,
1 when something does not start, or a fault was not noticed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from football_demo import containers, processes
from football_demo.drill import drill, unknown
from football_demo.faults import FAULTS
from football_demo.stack import EngineName, Stack, StackError, Way
from football_demo.words import say

ROOT = Path(__file__).resolve().parents[3]
WAYS: Mapping[EngineName, Way] = {"local": processes, "compose": containers}


def main(words: Sequence[str] | None = None) -> int:
    """One verb."""
    given, options = _parser().parse_known_args(words)
    if given.verb == "drill" and (wrong := unknown(options)):
        say(wrong)
        return 2
    asked: tuple[EngineName, ...] = ("local", "compose") if given.engine == "auto" else (given.engine,)
    try:
        stacks = {engine: Stack(given.spec, WAYS[engine].ENVIRONMENT, engine) for engine in asked}
        if given.verb == "down":
            return max((WAYS[engine].down(stack) for engine, stack in stacks.items() if WAYS[engine].runs(stack)), default=0)
        if given.verb == "drill":
            engine = _running(stacks)
            return drill(stacks[engine], WAYS[engine], options)
        engine = _choice(stacks)
        return WAYS[engine].up(stacks[engine], options)
    except StackError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        ended = "its faults were ended; " if given.verb == "drill" else ""
        say(f"interrupted; {ended}`make demo` goes on from here, `make demo-down` stops what runs")
        return 130


def _choice(stacks: Mapping[EngineName, Stack]) -> EngineName:
    """What runs already goes on; else containers where a Docker engine answers, where both may be."""
    if len(stacks) == 1:
        return next(iter(stacks))
    if WAYS["local"].runs(stacks["local"]):
        return "local"
    return "compose" if containers.answers() else "local"


def _running(stacks: Mapping[EngineName, Stack]) -> EngineName:
    for engine, stack in stacks.items():
        if WAYS[engine].runs(stack):
            return engine
    raise StackError("no demo runs here: `make demo` first")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m football_demo",
        description="databases, application, users and the stack that watches them; other options of `up` go to `football_servers "
        "up`, or to `docker compose up`; other words of `drill` are the faults that it injects, else all",
        epilog=f"faults: {', '.join(FAULTS)}",
    )
    parser.add_argument("verb", choices=("up", "drill", "down"))
    parser.add_argument(
        "--engine", choices=("auto", "local", "compose"), default="auto", help="auto: containers where a Docker engine answers"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "football.yaml", help="default %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
