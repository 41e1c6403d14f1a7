"""Prometheus rules as Prometheus understands them: groups of recording and alerting rules. Expressions are PromQL text that
has been parsed; durations are whole seconds. `written` is what somebody wrote of an expression, which the expression holds as it
stands: so that a fault in it is told at its own place. `unit` is what people say the value is measured in, "" where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generators.fault import NOWHERE, Where, Written


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """`record: expr`, with labels added to every result."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    where: Where = NOWHERE
    written: Written | None = None
    unit: str = ""


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
    written: Written | None = None
    unit: str = ""


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
