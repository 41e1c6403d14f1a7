"""Prometheus rules as Prometheus understands them: groups of recording and alerting rules. Expressions are PromQL text that
has been parsed; durations are whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from generators.fault import NOWHERE, Where
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """`record: expr`, with labels added to every result."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """An alert: fires for every result of `expr` that has lasted `hold` seconds, and for `keep_firing` seconds after."""

    alert: str
    expr: str
    hold: int = 0
    keep_firing: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    where: Where = NOWHERE


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules evaluated in order, every `interval` seconds."""

    name: str
    interval: int
    rules: tuple[Rule, ...]
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class RuleFile:
    """`prometheus/rules/<name>.yml`."""

    name: str
    title: str
    groups: tuple[RuleGroup, ...]
