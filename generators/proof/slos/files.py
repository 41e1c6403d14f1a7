"""The test files of objectives. In: the Plan. Out: one file for what is recorded from raw series, one for the chain, and one for each
window, which needs a step of its own."""

from __future__ import annotations

from collections import defaultdict

from generators.ir.tests import TestFile, UnitTest
from generators.plan import Plan, Slo
from generators.proof.slos.chain import CHAIN_STEP, chain, sums
from generators.proof.slos.rates import burn_rate, history, remaining
from generators.proof.slos.recordings import RAW_STEP, alone, recorded, strangers
from generators.proof.slos.table import PARTS, WORKBOOK, span, windows
from generators.proof.slos.tiers import paces, sides

FILE = "../rules/slo.yml"

ORDER = ("slo-page", "slo-ticket")
"""The tickets' group reads what the pages' group records; a coarse step would show it the last step's, which is too old."""


def slo_tests(plan: Plan) -> tuple[TestFile, ...]:
    """The test files of the SLO rules; none without objectives."""
    if not plan.slos:
        return ()
    identity = (*(recorded(plan, slo) for slo in plan.slos), *alone(plan), strangers(plan))
    strictest = max(plan.slos, key=lambda slo: slo.objective)
    files = [
        TestFile("slo-recordings", (FILE,), RAW_STEP, identity),
        TestFile("slo-chain", (FILE,), CHAIN_STEP, (sums(), chain(plan, strictest)), ORDER),
    ]
    for window, tests in sorted(_by_window(plan).items()):
        files.append(TestFile(f"slo-{span(window)}", (FILE,), window // PARTS, tuple(tests), ORDER))
    return tuple(files)


def _by_window(plan: Plan) -> dict[int, list[UnitTest]]:
    """What is tested over each window: its burn rate, the tiers that look back so far, the budgets that are meant for so long."""
    found: dict[int, list[UnitTest]] = defaultdict(list)
    for window, judged in windows():
        found[window].append(burn_rate(window, judged))
    for tier in WORKBOOK:
        found[tier.long] += [paces(_classes(plan), tier), sides(plan, tier)]
    for window in {slo.window for slo in plan.slos}:
        found[window] += [remaining(window), history(window)]
    return found


def _classes(plan: Plan) -> tuple[Slo, ...]:
    """One SLO for each objective."""
    return tuple({slo.objective: slo for slo in plan.slos}.values())
