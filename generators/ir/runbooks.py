"""Runbooks: what a person reads at 3 a.m., one page an alert."""

from __future__ import annotations

from dataclasses import dataclass

from generators.fault import NOWHERE, Where


@dataclass(frozen=True, slots=True)
class Step:
    """A query to run, and what its answer means."""

    expr: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """docs/runbooks/<alert>.md. Texts are in the project's language; `facts` are (name, value) rows of the head table; `note`
    is the path of the page people write by hand, relative to docs/runbooks."""

    alert: str
    title: str
    locale: str
    facts: tuple[tuple[str, str], ...]
    meaning: str
    impact: str
    steps: tuple[Step, ...]
    causes: tuple[str, ...]
    silence: str
    test: str
    dashboard: str
    where: Where = NOWHERE
