"""`python -m bench [NAME...]`: run benches, print each figure beside its target. Exit 0 whatever they say, 2 when one cannot run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator

from bench import client, cold, detection, evaluation, lint, planted, sample, scale, tracing
from bench.figure import Figure
from bench.processes import BenchError
from operate.show import Show
from operate.tools import ToolMissing

BENCHES: dict[str, Callable[[], Iterator[Figure]]] = {
    "cold": cold.run,
    "scale": scale.run,
    "detection": detection.run,
    "evaluation": evaluation.run,
    "planted": planted.run,
    "lint": lint.run,
    "client": client.run,
    "tracing": tracing.run,
    "sample": sample.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, show."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed, as ratios against peers in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(BENCHES)} (usually all)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(BENCHES)):
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    try:
        figures = list(_run(given.names or BENCHES))
    except (BenchError, ToolMissing, OSError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if given.format == "json":
        print(json.dumps([figure.as_dict() for figure in figures], indent=2))
    columns = ("bench", "figure", "measured", "target", "verdict", "how")
    Show(given.format).table("Bench", columns, [figure.row for figure in figures])
    return 0


def _run(names: Iterable[str]) -> Iterator[Figure]:
    for name in names:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        yield from BENCHES[name]()


if __name__ == "__main__":
    sys.exit(main())
