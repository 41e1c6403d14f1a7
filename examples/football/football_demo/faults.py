"""What is injected, and what must notice. In: nothing. Out: the table of faults, in rounds. Those of one round run at the same time, for
they do not touch each other's alerts; between two with the same alert lies another round, in which it may resolve. Stopped servers come
last: what has just been down mutes, for a time, what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from football_drills.board import Dependency, Name

Server = Literal["postgres", "redis", "football-models"]


@dataclass(frozen=True)
class Drill:
    """A fault that the application switches on: what is cut, where it has a choice."""

    name: Name
    of: Dependency | None = None


@dataclass(frozen=True)
class Outage:
    """A server that is stopped."""

    server: Server


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and the alert, of a service, that tells of it."""

    what: Drill | Outage
    alert: str
    service: str

    @property
    def title(self) -> str:
        """How it is called on the command line."""
        if isinstance(self.what, Outage):
            return f"{self.what.server}-stopped"
        return f"{self.what.name}:{self.what.of}" if self.what.of else self.what.name


API: Final = "football-api"
MODELS: Final = "football-models"
ROUNDS: Sequence[Sequence[Fault]] = (
    (Fault(Drill("latency"), "HighAPILatency", API),),
    (Fault(Drill("errors"), "HighErrorRatio", API),),
    (Fault(Drill("dependency_cut", MODELS), "PredictionErrorsHigh", API),),
    (Fault(Drill("pool_exhaustion"), "HighErrorRatio", API),),
    (
        Fault(Drill("bad_model"), "LowPredictionAccuracy", MODELS),
        Fault(Drill("stale_data"), "DataQualityLow", API),
        Fault(Drill("cache_bypass"), "CacheHitRatioLow", "redis"),
    ),
    (Fault(Drill("slow_query"), "HighAPILatency", API),),
    (Fault(Drill("dependency_cut", "postgres"), "HighErrorRatio", API),),
    (Fault(Outage("redis"), "RedisDown", "redis"),),
    (Fault(Outage(MODELS), "ServiceDown", MODELS),),
    (Fault(Outage("postgres"), "PostgresDown", "postgres"),),
)
"""`leak` is not among them: its alert judges an hour. Nor is a cut to Redis: it costs time, and no user notices."""
FAULTS: Mapping[str, Fault] = {fault.title: fault for faults in ROUNDS for fault in faults}
