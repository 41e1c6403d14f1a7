"""What became of the mutants. In: verdicts. Out: the score as a whole and for each operator, against the marks that must be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["killed", "survived", "equivalent", "refused"]

LEAST, LEAST_OPERATOR, MOST_EQUIVALENT = 95.0, 85.0, 3.0
"""Percent: of all mutants, of those of one operator, and of those that may be argued away."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One mutant: killed by a failed assertion, survived, equivalent (argued) or refused by the engine's own checker. `why` says
    which test killed it, or what happened instead; `mutated` is the whole expression of the mutant where it has one."""

    id: str
    operator: str
    of: str
    was: str
    now: str
    outcome: Outcome
    why: str = ""
    mutated: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("id", "operator", "of", "was", "now", "outcome", "why", "mutated")}


@dataclass(frozen=True, slots=True)
class Score:
    """How many of how many: those refused and those equivalent do not count."""

    killed: int
    survived: int
    equivalent: int
    refused: int

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Score:
        counts = Counter(verdict.outcome for verdict in verdicts)
        return cls(counts["killed"], counts["survived"], counts["equivalent"], counts["refused"])

    @property
    def percent(self) -> float:
        counted = self.killed + self.survived
        return 100.0 * self.killed / counted if counted else 100.0

    @property
    def percent_equivalent(self) -> float:
        """Of the mutants that the engine accepts."""
        accepted = self.killed + self.survived + self.equivalent
        return 100.0 * self.equivalent / accepted if accepted else 0.0

    def as_dict(self) -> dict[str, float]:
        counts = {name: getattr(self, name) for name in ("killed", "survived", "equivalent", "refused")}
        return {**counts, "percent": round(self.percent, 2)}


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts of one spec, and how long they took in seconds. `wrong` are entries of the file of equivalents that do not hold."""

    spec: str
    verdicts: tuple[Verdict, ...]
    seconds: float
    wrong: tuple[str, ...] = ()

    @property
    def score(self) -> Score:
        return Score.of(self.verdicts)

    @property
    def by_operator(self) -> dict[str, Score]:
        names = dict.fromkeys(verdict.operator for verdict in self.verdicts)
        return {name: Score.of(verdict for verdict in self.verdicts if verdict.operator == name) for name in names}

    @property
    def survivors(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if verdict.outcome == "survived")

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """What keeps this report from being good, each in a sentence."""
        score, said = self.score, list(self.wrong)
        if score.percent < LEAST:
            said.append(f"{score.percent:.1f} % of the mutants are killed, {LEAST:g} % must be")
        for name, one in self.by_operator.items():
            if one.percent < LEAST_OPERATOR:
                said.append(f"{one.percent:.1f} % of those of {name} are killed, {LEAST_OPERATOR:g} % must be")
        if score.percent_equivalent > MOST_EQUIVALENT:
            said.append(f"{score.percent_equivalent:.1f} % are argued to be equivalent, {MOST_EQUIVALENT:g} % may be")
        return tuple(said)

    def as_dict(self) -> dict[str, Any]:
        return {
            "spec": self.spec,
            "seconds": round(self.seconds, 1),
            "good": not self.shortcomings,
            "score": self.score.as_dict(),
            "operators": {name: one.as_dict() for name, one in self.by_operator.items()},
            "shortcomings": list(self.shortcomings),
            "verdicts": [verdict.as_dict() for verdict in self.verdicts if verdict.outcome != "killed"],
        }
