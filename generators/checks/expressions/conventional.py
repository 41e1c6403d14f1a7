"""What the name of a metric tells where no definition is known. In: a name, and the names that the same rules read. Out: its
type, or None.

Only what Prometheus's naming practice (https://prometheus.io/docs/practices/naming/) makes certain, and what a few exporters
document: a wrong guess would be a false finding in somebody's rules."""

from __future__ import annotations

import re
from collections.abc import Set

from generators.promql.types import BYTES, EVENTS, FLAG, POSITIVE, RATIO, SECONDS, Range, Type, Unit, unit_of

_UNITS: tuple[tuple[str, Unit], ...] = (
    ("_milliseconds", unit_of("milliseconds") or SECONDS),
    ("_microseconds", unit_of("microseconds") or SECONDS),
    ("_nanoseconds", unit_of("nanoseconds") or SECONDS),
    ("_seconds", SECONDS),
    ("_bytes", BYTES),
    ("_ratio", RATIO),
)
_GAUGES = ("_ratio", "_timestamp_seconds", "_start_time_seconds", "_celsius", "_info")
_RECORDED = re.compile(r"[\w]*:[\w:]*")
_SCRAPED = frozenset({"job", "instance"})

_STATE = re.compile(r"_(pending|current|running|online|offline|open|free|used|available|capacity)(_\w+)?_total$")
"""What is there now, not what has happened, whatever the name ends in: argocd_repo_pending_request_total is a gauge."""

ZERO_MEANS_NONE = frozenset({"container_spec_memory_limit_bytes", "redis_memory_max_bytes"})
"""Limits whose exporters document 0 as "no limit" (cAdvisor, redis_exporter)."""


def by_convention(name: str, together: Set[str], rated: Set[str] = frozenset()) -> Type | None:
    """The type that a name promises. `together` are the names that stand beside it, by which a histogram's parts are told; `rated` those
    of which somebody takes a rate: they are counters, whatever they are called."""
    if name == "up":
        return Type("gauge", EVENTS, sure=_SCRAPED, range=FLAG, normal=Range(1, 1))
    if _RECORDED.fullmatch(name):
        return None
    if name.endswith("_bucket"):
        return Type(
            "buckets",
            EVENTS,
            sure=_SCRAPED | {"le"},
            range=POSITIVE,
            normal=POSITIVE,
            cumulative=True,
            observed=_unit(name.removesuffix("_bucket")),
        )
    stem = name.removesuffix("_sum").removesuffix("_count")
    if stem != name:
        parts = _unit(stem) or {f"{stem}_sum", f"{stem}_count"} <= together or f"{stem}_bucket" in together
        if parts:
            return _counter(_unit(stem) if name.endswith("_sum") else EVENTS)
    if (name.endswith("_total") and not _STATE.search(name)) or (name in rated and not name.endswith(_GAUGES)):
        return _counter(_unit(name.removesuffix("_total")) or EVENTS)
    unit = _unit(name)
    if name.endswith(_GAUGES):
        info = name.endswith("_info")
        return Type("info" if info else "gauge", unit, sure=_SCRAPED, range=Range(1, 1) if info else Range())
    if unit is None:
        return None
    return Type("unknown", unit, zero=name in ZERO_MEANS_NONE)


def _counter(unit: Unit | None) -> Type:
    return Type("counter", unit, sure=_SCRAPED, range=POSITIVE, normal=POSITIVE, cumulative=True)


def _unit(name: str) -> Unit | None:
    return next((unit for suffix, unit in _UNITS if name.endswith(suffix)), None)
