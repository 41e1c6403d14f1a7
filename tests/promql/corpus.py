"""Reads corpus.txt. In: the file beside this one. Out: its expressions with what they are said to be."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

Verdict = Literal["ok", "exp", "bad"]


class Line(NamedTuple):
    number: int
    verdict: Verdict
    expr: str


_VERDICTS: dict[str, Verdict] = {"ok  ": "ok", "exp ": "exp", "bad ": "bad"}


@cache
def lines() -> tuple[Line, ...]:
    """Every expression of the corpus. A line of neither form is an error of the corpus."""
    found: list[Line] = []
    text = Path(__file__).with_name("corpus.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("##"):
            continue
        found.append(Line(number, _VERDICTS[line[:4]], line[4:].replace("⏎", "\n").replace("⇥", "\t")))
    return tuple(found)
