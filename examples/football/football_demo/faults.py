"""What is injected, and what must notice. In: nothing. Out: the table of faults, in rounds: those of one round run at the same time,
for they do not touch each other's alerts; between two with the same alert lies another round, in which it may end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from football_drills.board import Dependency, Name


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and the alert that tells of it. A `drill` of the application (`of` what, where it has a choice), or an
    `outage`: the server that is stopped."""

    alert: str
    drill: Name | None = None
    of: Dependency | None = None
    outage: str = ""

    @property
    def title(self) -> str:
        """How it is called on the command line."""
        return f"{self.drill}:{self.of}" if self.of else self.drill or f"{self.outage}-stopped"


ROUNDS: Sequence[Sequence[Fault]] = (
    (Fault("HighAPILatency", "latency"),),
    (Fault("RedisDown", outage="redis"),),
    (Fault("HighErrorRatio", "errors"),),
    (Fault("PostgresDown", outage="postgres"),),
    (Fault("PredictionErrorsHigh", "dependency_cut", "football-models"),),
    (Fault("HighErrorRatio", "pool_exhaustion"),),
    (Fault("ServiceDown", outage="football-models"),),
    (Fault("HighErrorRatio", "dependency_cut", "postgres"),),
    (Fault("HighAPILatency", "slow_query"),),
    (
        Fault("LowPredictionAccuracy", "bad_model"),
        Fault("DataQualityLow", "stale_data"),
        Fault("CacheHitRatioLow", "cache_bypass"),
    ),
)
"""The quick ones first. `leak` is not among them: its alert judges an hour. Nor is a cut to Redis: it costs time, and no user notices."""
