"""The typed module that is written into an application: what it exports, and what of its traces is kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, get_args

from generators.record import dataclass

Kind = Literal["counter", "gauge", "histogram"]
EXPORTED: tuple[Kind, ...] = get_args(Kind)
"""The kinds of metrics that the client library exports."""

Operation = tuple[str, str]
"""Method and route template."""


@dataclass(frozen=True, slots=True)
class TelemetryMetric:
    """One metric as Python knows it: `variable` and `type` are its names there, `arguments` those of its labels, in their order.
    `values` are the declared values by label; `workers` says how a gauge's values in several processes are joined."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    buckets: tuple[Decimal, ...]
    workers: str
    variable: str
    type: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TelemetryModule:
    """The module of one service, at `path`. What Jaeger is sure to keep: errors, what is slower than so many seconds, operations."""

    path: str
    project: str
    service: str
    metrics: tuple[TelemetryMetric, ...]
    operations: tuple[Operation, ...]
    metrics_path: str
    keep_errors: bool
    slower_than: Decimal | None
    keep_operations: tuple[Operation, ...]
