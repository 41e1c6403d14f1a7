"""Scenarios of a Plan on Alertmanager's own code. In: a plan, and what was compiled of it (or of another). Out: the complaints."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from generators.catalogue import catalogue
from generators.compile.alerting import compile_alerting
from generators.emit import alertmanager
from generators.ir.alerting import Alerting
from generators.ir.scenarios import ScenarioFile
from generators.plan import Plan
from generators.proof.scenarios import prove_notifications
from generators.resolve import resolve
from generators.spec.load import load
from operate import tools
from operate.clock import ask
from operate.scenarios import CONFIG, differences, play, promises
from tests.emit.tools import write

SPECS = Path(__file__).parents[2]
PRODUCTION = {"football": ("spec/football.yaml", "production"), "shop": ("tests/specs/shop.yaml", "live")}


@cache
def plan_of(name: str) -> Plan:
    """The plan of one of both specs, for production."""
    spec, environment = PRODUCTION[name]
    plan, faults = resolve(load(SPECS / spec), catalogue(), environment, "compose")
    assert plan is not None, [str(fault) for fault in faults]
    return plan


def complaints(root: Path, plan: Plan, *names: str, alerting: Alerting | None = None) -> list[str]:
    """What is not as the plan promises: in all its files, or in those named."""
    files = tuple(one for one in prove_notifications(plan) if not names or one.name in names)
    return complaints_of(root, files, alerting or compile_alerting(plan))


def complaints_of(root: Path, files: tuple[ScenarioFile, ...], alerting: Alerting) -> list[str]:
    harness = clock()
    write(root, alertmanager.emit(alerting, (), files))
    return play(root, tuple(f"alertmanager/tests/{one.name}.yml" for one in files), harness)


def differing(root: Path, plan: Plan, name: str, alerting: Alerting) -> list[str]:
    """Everything that is not as promised in one file; complaints name the first few."""
    harness = clock()
    write(root, alertmanager.emit(alerting, (), tuple(one for one in prove_notifications(plan) if one.name == name)))
    known = promises(root / f"alertmanager/tests/{name}.yml")
    answers = ask(harness, root / CONFIG, [one.played for one in known])
    return [said for promise, answer in zip(known, answers, strict=True) for said in differences(promise, answer)]


def clock() -> Path:
    """The harness; without it a test is skipped."""
    try:
        return tools.path("alertmanager-clock")
    except tools.ToolMissing as missing:
        pytest.skip(str(missing))
