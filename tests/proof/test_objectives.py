"""Do the tests of objectives hold for systems unlike ours? Objectives from lax to strict, scrapes from quick to slow, floors of nothing
and of many, warm-ups from short to as long as the history: the rules that are compiled pass the tests that are derived apart from them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from generators.compile.rules import compile_rules
from generators.emit import rules as emit_rules
from generators.emit import ruletests
from generators.ir.tests import TestFile
from generators.plan import Plan, Slo
from generators.proof.rules import prove_rules
from generators.proof.slos import slo_tests
from generators.proof.slos.table import WORKBOOK
from tests.compiler.specs import SHOP, called
from tests.emit.tools import need
from tests.proof.plans import SPECS, plan_of


def _refused(plan: Plan, tests: tuple[TestFile, ...], place: Path) -> str:
    """What promtool says against the rules of a Plan, by these tests."""
    texts = emit_rules.emit(compile_rules(plan)) | ruletests.emit(tests)
    for path, text in texts.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    command = [need("promtool"), "test", "rules", *(f"prometheus/tests/{file.name}.yml" for file in tests)]
    run = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def _with(slo: Slo, objective: str, floor: str) -> Slo:
    share = Decimal(objective) / 100
    return replace(slo, objective=share, budget=1 - share, floor=Decimal(floor))


@pytest.mark.parametrize(
    ("scrape", "objectives", "floor"),
    [
        (1, ("93.2", "95", "99", "99.9"), "1"),
        (7, ("99.99", "99.999", "98.7", "97.31"), "100000"),
        (60, ("99.95", "94", "96.5", "99.5"), "0"),
    ],
    ids=str,
)
def test_objectives_of_other_systems_pass(scrape: int, objectives: tuple[str, ...], floor: str, tmp_path: Path) -> None:
    plan = plan_of(SHOP)
    slos = tuple(_with(slo, objective, floor) for slo, objective in zip(plan.slos, objectives, strict=True))
    other = replace(plan, slos=slos, stack=replace(plan.stack, scrape_interval=scrape))
    assert _refused(other, slo_tests(other), tmp_path) == ""


@pytest.mark.parametrize(
    ("deviations", "floor", "history", "warm_up", "hold"),
    [
        ("3", "0.29", 86400, 7200, 0),
        ("2.35", "0.07", 7 * 86400, 86400, 60),
        ("6", "1", 43200, 42000, 1800),
        ("4", "0.5", 3 * 86400, 0, 300),
    ],
)
def test_bands_of_other_systems_pass(deviations: str, floor: str, history: int, warm_up: int, hold: int, tmp_path: Path) -> None:
    plan = plan_of(SHOP)
    alert = next(alert for alert in plan.alerts if alert.anomaly)
    assert alert.anomaly is not None
    band = replace(alert.anomaly, deviations=Decimal(deviations), floor=Decimal(floor), history=history, warm_up=warm_up)
    other = replace(plan, alerts=(replace(alert, anomaly=band, hold=hold),), derived=(), slos=())
    tests, _ = prove_rules(other)
    assert _refused(other, tests, tmp_path) == ""


@pytest.mark.parametrize("spec", SPECS, ids=called)
def test_every_objective_is_seen_at_above_and_below_the_pace_of_every_tier(spec: Path) -> None:
    plan = plan_of(spec)
    files = slo_tests(plan)
    for tier in WORKBOOK:
        (test,) = (test for file in files for test in file.tests if test.name == f"{tier.alert} at the pace of each objective")
        for objective in {slo.objective for slo in plan.slos}:
            fires = [
                labels
                for case in test.exprs
                for labels, _ in case.samples
                if f'slo="{(objective * 100).normalize():f}% ' in labels
            ]
            assert [labels for labels in fires if "% above" in labels] == fires != []
            given = {one.series for one in test.inputs if f'slo="{(objective * 100).normalize():f}% ' in one.series}
            assert all(any(f"% {row}" in series for series in given) for row in ("at", "below", "with little", "without"))
