"""Unit tests of what remembers an outage: it fires with the outage, for its time after it, and no longer. In: the Plan. Out: one test
file; none where no alert says that a service is down."""

from __future__ import annotations

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, TestFile, UnitTest
from generators.plan import Alert, Plan, Service
from generators.proof.failures import ECHOES, states
from generators.proof.inputs import written

STEP = 60
OUT = 10
"""Samples for which the outage is told; meanwhile another service is about to be, which nothing remembers."""


def prove_echoes(plan: Plan) -> tuple[TestFile, ...]:
    """For each alert that says a service is down, on one service."""
    gone = {alert.name: (alert, service) for service in plan.services for alert in states(plan, service)}
    tests = tuple(_remembered(plan, alert, service) for alert, service in gone.values())
    return (TestFile(f"echoes-{STEP}s", ("../rules/echoes.yml",), STEP, tests),) if tests else ()


def _remembered(plan: Plan, alert: Alert, service: Service) -> UnitTest:
    own = {name.ALERTNAME: alert.name, name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **service.labels}
    series = InputSeries(written("ALERTS", {**own, "alertstate": "firing"}), f"1x{OUT - 1} stale")
    cases = [case for echo, keep in ECHOES.items() for case in _cases(echo, service, keep)]
    pending = {**own, name.SERVICE: f"{service.name}-pending", "alertstate": "pending"}
    other = InputSeries(written("ALERTS", pending), f"1x{OUT - 1} stale")
    return UnitTest(f"{alert.name} is remembered", STEP, (series, other), exprs=tuple(cases), where=alert.where)


def _cases(echo: str, service: Service, keep: int) -> tuple[ExprCase, ...]:
    """From the first sample on; a step before its time is over, and when it is."""
    labels = {name.ALERTNAME: echo, name.SEVERITY: "none", name.SIGNAL: name.ECHO, "alertstate": "firing", **service.labels}
    expr, told = f'ALERTS{{alertname="{echo}", alertstate="firing"}}', ((written("ALERTS", labels), "1"),)
    over = OUT * STEP + keep
    return (ExprCase(expr, 0, told), ExprCase(expr, over - STEP, told), ExprCase(expr, over, ()))
