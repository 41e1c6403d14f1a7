"""What a running Prometheus answers. In: its address and PromQL. Out: series with their values; NaN is no value, as Grafana draws none.

https://prometheus.io/docs/prometheus/latest/querying/api/"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operate.live import http

POINTS = 60
"""Points of a range query: enough to see whether anything is drawn."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer and its newest value."""

    labels: Mapping[str, str]
    value: float


def instant(base: str, expr: str) -> tuple[Series, ...]:
    """The answer at this moment, without what is NaN. A scalar is one series without labels."""
    data = http.get(f"{base}/api/v1/query", {"query": expr})["data"]
    if data["resultType"] in ("scalar", "string"):
        return _kept([Series({}, _number(data["result"][1]))])
    return _kept(Series(one["metric"], _value(one)) for one in data["result"])


def drawn(base: str, expr: str, last: int) -> tuple[Series, ...]:
    """The series that a graph of the last seconds draws: each with its newest value that is a number."""
    end = time.time()
    asked = {"query": expr, "start": f"{end - last:.3f}", "end": f"{end:.3f}", "step": f"{max(1, last // POINTS)}"}
    data = http.get(f"{base}/api/v1/query_range", asked)["data"]
    return _kept(Series(one["metric"], _newest(one)) for one in data["result"])


def values(base: str, label: str, series: str = "") -> tuple[str, ...]:
    """The values of a label, of all series or of those that a selector matches."""
    answer = http.get(f"{base}/api/v1/label/{label}/values", {"match[]": series} if series else None)
    return tuple(answer["data"])


@dataclass(frozen=True, slots=True)
class RunningRule:
    """A rule as Prometheus runs it: `health` is ok, unknown (not yet evaluated) or err."""

    name: str
    group: str
    file: str
    health: str
    error: str
    evaluated: bool


def rules(base: str) -> tuple[RunningRule, ...]:
    """Every rule that runs."""
    return tuple(
        RunningRule(
            name=rule["name"],
            group=group["name"],
            file=str(group["file"]).rpartition("/")[2],
            health=str(rule.get("health", "unknown")),
            error=str(rule.get("lastError", "")),
            evaluated=not str(rule.get("lastEvaluation", "")).startswith("0001-"),
        )
        for group in http.get(f"{base}/api/v1/rules")["data"]["groups"]
        for rule in group["rules"]
    )


def _kept(series: Any) -> tuple[Series, ...]:
    return tuple(one for one in series if not math.isnan(one.value))


def _value(one: Mapping[str, Any]) -> float:
    """A native histogram's value is the number of its observations."""
    return _number(one["value"][1]) if "value" in one else _number(one["histogram"][1]["count"])


def _newest(one: Mapping[str, Any]) -> float:
    points = [_number(value) for _, value in one.get("values", ())]
    points += [_number(value["count"]) for _, value in one.get("histograms", ())]
    return next((value for value in reversed(points) if not math.isnan(value)), math.nan)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
