"""Unit tests of rules in the form promtool understands. Values are promtool's series notation, times whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from generators.fault import NOWHERE, Where
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class InputSeries:
    """`series: values`, e.g. `up{job="a"}`: `1x10`."""

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert expected to fire, with all its labels (but alertname) and, where given, its rendered annotations."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertCase:
    """At `at` seconds exactly these alerts named `alert` fire; none when empty."""

    alert: str
    at: int
    expected: tuple[ExpectedAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class ExprCase:
    """At `at` seconds `expr` has exactly these samples: (labels in promtool's notation, value)."""

    expr: str
    at: int
    samples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One promtool test: its own storage, filled with `inputs` every `interval` seconds. `unsaid` says why annotations are not
    looked at, where they are not."""

    name: str
    interval: int
    inputs: tuple[InputSeries, ...]
    alerts: tuple[AlertCase, ...] = ()
    exprs: tuple[ExprCase, ...] = ()
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    unsaid: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class TestFile:
    """`prometheus/tests/<name>.yml`: tests over the rule files they name, relative to it. `left_out` names what has no test in it, and
    why."""

    __test__ = False  # pytest collects classes by this prefix; this one is data

    name: str
    rule_files: tuple[str, ...]
    evaluation_interval: int
    tests: tuple[UnitTest, ...]
    group_order: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
