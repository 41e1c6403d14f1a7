"""How the work goes. In: a line. Out: it stands on standard error, with who says it; standard output is for where to look."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """One line."""
    print(f"demo: {line}", file=sys.stderr, flush=True)
