"""Plans to prove. In: a spec and an environment. Out: its Plan, resolved once for each test run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from generators.catalogue import catalogue
from generators.ir.tests import TestFile
from generators.plan import Alert, Plan
from generators.proof.rules import prove_rules
from generators.resolve import resolve
from generators.spec.load import load
from tests.compiler.specs import ENVIRONMENTS, SHIPPED, SHOP

SPECS = (SHIPPED, SHOP)


@cache
def plan_of(spec: Path) -> Plan:
    """The Plan of the spec's production environment; mixins and notes are no matter to proofs."""
    plan, faults = resolve(load(spec, spec.name), catalogue(), ENVIRONMENTS[spec][-1], "compose", (), {})
    assert plan is not None, faults
    return plan


@cache
def proved(spec: Path) -> tuple[TestFile, ...]:
    """Every test file of the spec."""
    tests, unproved = prove_rules(plan_of(spec))
    assert not unproved, unproved
    return tests


def alert_of(name: str) -> tuple[Plan, Alert]:
    """An alert of either spec, with its Plan."""
    return next((plan, alert) for plan in map(plan_of, SPECS) for alert in plan.alerts if alert.name == name)


__all__ = ["SPECS", "alert_of", "plan_of", "proved"]
