"""Does everything that is asked meet something? In: the Ground. Out: every vector selector that matches no series, and every alert whose
condition has no value without its comparison, each with its places and the reason why that need not be, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from generators.fault import Where
from generators.ir.rules import AlertingRule
from generators.promql import parse, text_of
from generators.promql.syntax import VectorSelector
from operate.coverage.conditions import judged
from operate.coverage.ground import Ground
from operate.coverage.reasons import Reason, Reasons
from operate.coverage.uses import Use, every, of_rule
from operate.live import http, queries

MOST_EXCUSED = Decimal("0.05")
"""The share of all selectors and conditions that may meet nothing for a reason that is not proved: more, and nobody knows whether they
work."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks, and where that was written."""

    who: str
    where: Where


@dataclass(frozen=True, slots=True)
class Unmet:
    """A selector, or the condition of an alert, that meets nothing: why that need not be, None where nobody knows."""

    text: str
    places: tuple[Place, ...]
    reason: Reason | None
    refused: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For `--format json`."""
        places = [
            {"who": one.who, "file": one.where.file, "line": one.where.line, "column": one.where.column} for one in self.places
        ]
        code, because = (self.reason.code, self.reason.because) if self.reason else (None, self.refused)
        return {"text": self.text, "places": places, "reason": code, "because": because}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was asked, and what met nothing."""

    selectors: int
    conditions: int
    unmet: tuple[Unmet, ...]

    @property
    def asked(self) -> int:
        return self.selectors + self.conditions

    @property
    def unexplained(self) -> tuple[Unmet, ...]:
        return tuple(one for one in self.unmet if one.reason is None)

    @property
    def excused(self) -> tuple[Unmet, ...]:
        return tuple(one for one in self.unmet if one.reason is not None)

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many of each reason."""
        return Counter(one.reason.code for one in self.excused if one.reason)

    @property
    def on_word(self) -> int:
        """How many are excused without a proof: those that are limited."""
        return sum(not one.reason.proved for one in self.excused if one.reason)

    @property
    def too_many(self) -> bool:
        return self.on_word > self.asked * MOST_EXCUSED

    @property
    def good(self) -> bool:
        return not self.unexplained and not self.too_many

    def as_dict(self) -> dict[str, Any]:
        """For `--format json`."""
        return {
            "good": self.good,
            "selectors": self.selectors,
            "conditions": self.conditions,
            "reasons": dict(self.reasons),
            "excused": len(self.excused),
            "excused_without_proof": self.on_word,
            "most_excused": float(MOST_EXCUSED),
            "unmet": [one.as_dict() for one in self.unmet],
        }


def find(ground: Ground) -> Findings:
    """Ask Prometheus for each distinct selector and for each condition."""
    reasons = Reasons(ground)
    found: dict[str, tuple[VectorSelector, list[Place]]] = {}
    for use in every(ground):
        for selector, where in use.selectors():
            found.setdefault(text_of(selector), (selector, []))[1].append(Place(use.who, where))
    conditions = _conditions(ground)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        unmet = [one for one in pool.map(lambda each: _selector(reasons, *each), found.values()) if one]
        unmet += [one for one in pool.map(lambda each: _condition(ground, reasons, *each), conditions.items()) if one]
    return Findings(len(found), len(conditions), tuple(unmet))


def _conditions(ground: Ground) -> dict[str, list[Place]]:
    """What every alert judges, each distinct text once."""
    found: dict[str, list[Place]] = {}
    for use in _alerts(ground):
        found.setdefault(text_of(judged(use.tree)), []).append(Place(use.who, use.at(use.tree.span)))
    return found


def _alerts(ground: Ground) -> Iterator[Use]:
    return (of_rule(file, rule) for file, _, rule in ground.rules if isinstance(rule, AlertingRule))


def _selector(reasons: Reasons, selector: VectorSelector, places: list[Place]) -> Unmet | None:
    if reasons.matches(selector):
        return None
    return Unmet(text_of(selector), tuple(dict.fromkeys(places)), reasons.of(selector))


def _condition(ground: Ground, reasons: Reasons, text: str, places: list[Place]) -> Unmet | None:
    tree = parse(text)
    try:
        if queries.instant(ground.prometheus, text):
            return None
    except http.Unreachable as error:
        if not error.status:
            raise
        return Unmet(text, tuple(places), None, f"Prometheus refuses it: {error.why}")
    return Unmet(text, tuple(places), reasons.of_expression(tree))
