"""What coverage is asked of. In: a spec's Plan, and where its engines and applications answer. Out: the `Ground` that every figure
stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from generators.compile.contract import with_recorded
from generators.compile.dashboards import compile_grafana
from generators.compile.rules import compile_rules
from generators.compile.runbooks import compile_runbooks
from generators.emit.grafana import emit as emit_grafana
from generators.ir.contract import Contract
from generators.ir.dashboards import Grafana
from generators.ir.rules import Rule, RuleFile, RuleGroup
from generators.ir.runbooks import Runbook
from generators.plan import Plan, Service
from operate.engines import Absent
from operate.live import http, queries


@dataclass(frozen=True)
class Ground:
    """`prometheus` and `jaeger` are their addresses ("" where none runs), `applications` those of services by name. `files` are the
    released files by path. `last` is how many seconds back something counts as live. `absent` is what the engine could not run.
    `answer` asks an address where the applications are."""

    plan: Plan
    prometheus: str
    jaeger: str
    last: int
    applications: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[Absent, ...] = ()
    answer: Callable[[str], str] = http.get_text

    @cached_property
    def rule_files(self) -> tuple[RuleFile, ...]:
        return compile_rules(self.plan)

    @cached_property
    def rules(self) -> tuple[tuple[str, RuleGroup, Rule], ...]:
        """Every rule of ours, with the path of its file and its group."""
        return tuple(
            (f"prometheus/rules/{file.name}.yml", group, rule)
            for file in self.rule_files
            for group in file.groups
            for rule in group.rules
        )

    @cached_property
    def contract(self) -> Contract:
        """With what our own rules record."""
        return with_recorded(self.plan.contract, self.rule_files)

    @cached_property
    def grafana(self) -> Grafana:
        return compile_grafana(self.plan)

    @cached_property
    def dashboards(self) -> Mapping[str, str]:
        """The dashboards' files as this spec would write them."""
        return emit_grafana(self.grafana)

    @cached_property
    def runbooks(self) -> tuple[Runbook, ...]:
        return compile_runbooks(self.plan)

    @cached_property
    def running(self) -> Mapping[str, tuple[queries.RunningRule, ...]]:
        """The rules that run, by name."""
        found: dict[str, tuple[queries.RunningRule, ...]] = {}
        for rule in queries.rules(self.prometheus):
            found[rule.name] = (*found.get(rule.name, ()), rule)
        return found

    def away(self, service: Service) -> str:
        """Why nothing exports for a service under this engine; "" where it should be seen."""
        missing = (
            next((one.because for one in self.absent if one.component == service.component), "") if service.component else ""
        )
        return service.absent_because or missing
