"""Runbooks: what a person reads at 3 a.m., one page an alert."""

from __future__ import annotations

from generators.fault import NOWHERE, Where
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A query to run, what its answer means, and the address that shows the answer ("" where there is none)."""

    expr: str
    meaning: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says in one language. `facts` are (name, value) rows of the head table; `causes` and `tests` are sentences in
    Markdown, the likeliest cause first."""

    locale: str
    title: str
    facts: tuple[tuple[str, str], ...]
    meaning: str
    impact: str
    steps: tuple[Step, ...]
    causes: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    """docs/runbooks/<alert>.md: one section a language, the project's own first, beneath what people wrote in
    docs/runbooks/notes/<alert>.md (`note`, "" where they wrote nothing). `expr` is the alert's condition as people wrote it;
    `silence_command` and `test_command` are lines for a shell, the addresses lead into the running tools."""

    alert: str
    expr: str
    sections: tuple[Section, ...]
    silence_url: str
    silence_command: str
    test_command: str
    dashboard_url: str
    note: str = ""
    where: Where = NOWHERE
