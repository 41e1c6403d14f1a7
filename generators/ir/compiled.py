"""One whole compilation: every artefact's IR together. This is what the checks see, the emitters write and a release keeps."""

from __future__ import annotations

from generators.ir.alerting import Alerting, RouteTest
from generators.ir.contract import Contract
from generators.ir.dashboards import Grafana
from generators.ir.rules import RuleFile
from generators.ir.runbooks import Runbook
from generators.ir.scenarios import ScenarioFile
from generators.ir.scrape import Prometheus
from generators.ir.stack import EngineName, Stack
from generators.ir.telemetry import TelemetryModule
from generators.ir.tests import TestFile
from generators.ir.tracing import Tracing
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the spec means, for one environment and one engine."""

    project: str
    environment: str
    engine: EngineName
    contract: Contract
    prometheus: Prometheus
    rule_files: tuple[RuleFile, ...]
    alerting: Alerting
    grafana: Grafana
    tracing: Tracing | None
    stack: Stack
    runbooks: tuple[Runbook, ...]
    test_files: tuple[TestFile, ...] = ()
    route_tests: tuple[RouteTest, ...] = ()
    telemetry: tuple[TelemetryModule, ...] = ()
    scenarios: tuple[ScenarioFile, ...] = ()
