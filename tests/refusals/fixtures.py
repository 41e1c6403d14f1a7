"""The fixtures of this folder. In: the path of a bad spec. Out: the faults that its own comments promise, `# FAULT id @column`."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAIRS = sorted(path.parent for path in HERE.glob("*/bad.yaml"))
_PROMISED = re.compile(r" FAULT (?P<id>[\w-]+) @(?P<column>\d+)")

Found = tuple[str, str, int, int]
"""A fault as the comments know it: file, id, line, column."""


def promised(path: Path) -> list[Found]:
    """Every fault that the comments of a file promise, in reading order."""
    return [
        (path.name, match["id"], number, int(match["column"]))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in _PROMISED.finditer(line)
    ]


def without_comments(text: str) -> list[str]:
    """The lines of a fixture as the compiler sees them."""
    return [re.sub(r"\s*# FAULT .*$", "", line) for line in text.splitlines()]
