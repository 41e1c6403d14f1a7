"""Detection and resolve time of the same outage in both forms. In: the compiled rules and the plain form of one SLO. Out: how
long after the first failing request a page fires, and how long after the last one it ends. Time is promtool's, so exact."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.plain import plain_rules, slos_of
from bench.processes import BenchError
from bench.system import names, write_spec
from generators.build import build
from operate.tools import path

STEP, BEFORE, OUTAGE, AFTER = 15, 120, 40, 160
"""Seconds between samples; and how many samples the time before, in and after the outage has."""
PAGES = {
    "ours": 'ALERTS{alertstate="firing", burn="page", slo=~".*-availability"}',
    "plain": 'ALERTS{alertstate="firing", sloth_severity="page", sloth_slo=~".*-availability"}',
}
SHARES = {"all requests": 20, "a tenth of the requests": 2}
"""Failing requests a second, of twenty."""


def run() -> Iterator[Figure]:
    """Both outages in both forms, rules evaluated at 15 s and at 30 s."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        service = names(1)[0]
        files = {
            "ours": build(write_spec(here, 1)).files["prometheus/rules/slo.yml"],
            "plain": plain_rules(slos_of(service)),
        }
        for form, text in files.items():
            (here / f"{form}.yml").write_text(text, encoding="utf-8")
        for every in (15, 30):
            for what, failing in SHARES.items():
                ours, plain = (_times(here, form, service, failing, every) for form in PAGES)
                detail = f"{ours[0]} s beside {plain[0]} s, rules every {every} s"
                yield Figure("detection", f"page, {what} fail", ours[0] - plain[0], " s later", 30, detail)
                detail = f"{ours[1]} s beside {plain[1]} s after the end, rules every {every} s"
                yield Figure("detection", f"resolve, {what} failed", ours[1] - plain[1], " s later", None, detail)


def _times(folder: Path, form: str, service: str, failing: int, every: int) -> tuple[int, int]:
    """Seconds from the outage's beginning to the page, and from its end to the page's end."""
    start, end = BEFORE * STEP, (BEFORE + OUTAGE) * STEP
    moments = range(start, (BEFORE + OUTAGE + AFTER) * STEP, every)
    firing = sorted(_firing(folder, form, service, failing, every, moments))
    if not firing or firing[-1] == moments[-1]:
        raise BenchError(f"{form}: the page {'did not end' if firing else 'did not fire'} in the time looked at")
    return firing[0] - start, max(0, firing[-1] + every - end)


def _firing(folder: Path, form: str, service: str, failing: int, every: int, moments: range) -> set[int]:
    """The moments at which a page fires: promtool is told that none does, and names those where it is wrong."""
    labels = f'service="{service}", instance="a", method="GET", endpoint="/items"'
    bad, good = failing * STEP, (20 - failing) * STEP
    rest = (20 * STEP * BEFORE) + good * OUTAGE
    inputs = [
        {
            "series": f'http_requests_total{{{labels}, status="500"}}',
            "values": f"0x{BEFORE} {bad}+{bad}x{OUTAGE - 1} {bad * OUTAGE}x{AFTER}",
        },
        {
            "series": f'http_requests_total{{{labels}, status="200"}}',
            "values": f"0+{20 * STEP}x{BEFORE} {20 * STEP * BEFORE + good}+{good}x{OUTAGE - 1} {rest}+{20 * STEP}x{AFTER}",
        },
    ]
    cases = [{"expr": f"count({PAGES[form]})", "eval_time": f"{moment}s", "exp_samples": []} for moment in moments]
    test = {
        "rule_files": [f"{form}.yml"],
        "evaluation_interval": f"{every}s",
        "tests": [{"interval": f"{STEP}s", "input_series": inputs, "promql_expr_test": cases}],
    }
    file = folder / f"{form}-test.yml"
    file.write_text(json.dumps(test), encoding="utf-8")
    done = subprocess.run((str(path("promtool")), "test", "rules", str(file)), capture_output=True, text=True)
    said = done.stdout + done.stderr
    found = re.findall(r'expr: "count.*?time: (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?', said)
    if done.returncode and not found:
        raise BenchError(said[:2000])
    return {int(h or 0) * 3600 + int(m or 0) * 60 + int(s or 0) for h, m, s in found}
