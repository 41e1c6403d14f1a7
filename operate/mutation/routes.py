"""Mutants of the Alertmanager configuration before the generated route tests. In: a compiled spec. Out: a verdict for each mutant.
amtool accepts or refuses the mutant; then each label set must reach its receivers, and the first that does not kills it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from generators.emit import alertmanager
from generators.ir.alerting import RouteTest
from generators.ir.compiled import Compiled
from generators.mutants import RoutingMutant, routing_mutants
from operate.mutation.rules import Progress, Unsound
from operate.mutation.verdict import Verdict

CONFIG = "alertmanager/alertmanager.yml"
LIMIT = 60.0
MISMATCH = "WARNING: Expected receivers did not match resolved receivers."
"""What amtool says of a failed assertion, and of nothing else
(https://github.com/prometheus/alertmanager/blob/v0.31.1/cli/test_routing.go)."""

UNSEEN = {
    "group-label-dropped": "amtool does not group",
    "mute-time-dropped": "amtool knows no time",
    "inhibition-dropped": "amtool does not inhibit",
    "inhibition-equal-emptied": "amtool does not inhibit",
}
"""What no route test of amtool can see, whatever it says."""


def judge_routes(compiled: Compiled, tool: Path, operators: Collection[str], progress: Progress) -> Iterator[Verdict]:
    """A verdict for each mutant of routes and inhibitions. Raises Unsound."""
    mutants = list(routing_mutants(compiled.alerting, operators))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        if mutants and (said := _run(tool, alertmanager.emit(compiled.alerting), compiled.route_tests)):
            raise Unsound(f"the route tests fail on the configuration as it is: {said[1]}")
        runs = [pool.submit(_judged, tool, mutant, compiled.route_tests) for mutant in mutants]
        try:
            for ended in as_completed(runs):
                progress([ended.result()])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        for run in runs:
            yield run.result()


def _judged(tool: Path, mutant: RoutingMutant, tests: Sequence[RouteTest]) -> Verdict:
    said = (mutant.id, mutant.operator, mutant.of, mutant.was, mutant.now)
    seen = mutant.operator not in UNSEEN and not mutant.of.startswith("inhibition ")
    ended = _run(tool, alertmanager.emit(mutant.becomes), tests if seen else ())
    if ended is None:
        return Verdict(*said, "survived", "" if seen else UNSEEN.get(mutant.operator, "amtool does not inhibit"))
    kind, what = ended
    return Verdict(*said, "killed" if kind == "assertion" else "refused" if kind == "check" else "survived", what)


def _run(tool: Path, files: dict[str, str], tests: Sequence[RouteTest]) -> tuple[str, str] | None:
    """What stopped the tests: ("check", words), ("assertion", test) or ("error", words); None when all pass."""
    with tempfile.TemporaryDirectory(prefix="touchline-mutants-") as folder:
        for path, text in files.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        code, words = _amtool(tool, folder, "check-config", CONFIG)
        if code:
            return "check", words
        error = None
        for test in tests:
            labels = [f"{name}={value}" for name, value in test.labels]
            wanted = f"--verify.receivers={','.join(test.receivers)}"
            code, words = _amtool(tool, folder, "config", "routes", "test", f"--config.file={CONFIG}", wanted, *labels)
            if code and MISMATCH in words:
                return "assertion", test.name
            error = error or (("error", f"only errors: {words}") if code else None)
        return error


def _amtool(tool: Path, folder: str, *arguments: str) -> tuple[int, str]:
    try:
        run = subprocess.run([str(tool), *arguments], cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {LIMIT:.0f} s"
    return run.returncode, (run.stdout + run.stderr).strip()
