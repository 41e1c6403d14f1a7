"""From ten services to a thousand. In: specs of growing size. Out: what compiling their rules costs beside `promtool check rules`
on the plain form of the same SLOs, and what everything costs a service: CPU and memory."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, ratio
from bench.plain import plain_rules, slos_of
from bench.processes import python, spend
from bench.system import names, write_spec
from operate.tools import path

SIZES = (10, 100, 1000)
ROUNDS = 3

RULES = """
import json, sys, time
from pathlib import Path
from generators.catalogue import catalogue
from generators.compile.rules import compile_rules
from generators.emit import rules
from generators.resolve import resolve
from generators.spec.load import load
catalogue()
started = time.process_time()
loaded = load(Path(sys.argv[1]), "spec")
plan, faults = resolve(loaded, catalogue(), "production", "compose")
assert plan, faults
files = rules.emit(compile_rules(plan))
print(json.dumps(time.process_time() - started))
"""
EVERYTHING = """
import json, sys, time
from pathlib import Path
from generators.build import build
from generators.catalogue import catalogue
catalogue()
started = time.process_time()
done = build(Path(sys.argv[1]))
assert done.files and not done.failed, done.faults
spent = time.process_time() - started
peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([spent, int(peak) * 1024]))
"""


def run() -> Iterator[Figure]:
    """Rules beside promtool, then everything at each size."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        specs = {size: write_spec(here, size) for size in SIZES}
        yield _rules(here, specs[SIZES[-1]])
        yield from _everything(here, specs)


def _rules(folder: Path, spec: Path) -> Figure:
    """The whole process of the compiler, interpreter and catalogue included, beside the whole process of promtool."""
    slos = tuple(slo for name in names(SIZES[-1]) for slo in slos_of(name))
    plain = folder / "plain.yml"
    plain.write_text(plain_rules(slos), encoding="utf-8")
    cache = folder / "cache"
    python(RULES, cache, str(spec))
    ours, theirs = [], []
    for turn in range(ROUNDS):
        _say(f"scale: rules of {SIZES[-1]} services, round {turn + 1} of {ROUNDS}")
        ours.append(python(RULES, cache, str(spec)).cpu)
        theirs.append(spend((str(path("promtool")), "check", "rules", str(plain))).cpu)
    detail = f"CPU {min(ours):.2f} s / {min(theirs):.2f} s for {17 * len(slos)} rules in the plain form; best of {ROUNDS}"
    return Figure("scale", f"rules of {SIZES[-1]} services, by promtool check rules", ratio(ours, theirs), "x", 1, detail)


def _everything(folder: Path, specs: dict[int, Path]) -> Iterator[Figure]:
    costs: dict[int, float] = {}
    peaks: dict[int, int] = {}
    for size, spec in specs.items():
        _say(f"scale: everything for {size} services, {ROUNDS} rounds")
        found = [json.loads(python(EVERYTHING, folder / "cache", str(spec)).output) for _ in range(ROUNDS)]
        costs[size], peaks[size] = min(cost for cost, _ in found), min(peak for _, peak in found)
    small, middle, large = SIZES
    # What the catalogue's alerts and dashboards cost is there at any size: only the growth can be compared.
    first, later = ((costs[high] - costs[low]) / (high - low) for low, high in ((small, middle), (middle, large)))
    detail = ", ".join(f"{cost:.2f} s for {size}" for size, cost in costs.items()) + f"; {later * 1000:.1f} ms a service added"
    yield Figure("scale", "everything: CPU a service added, 100 to 1000 by 10 to 100", later / first, "x", 1.25, detail)
    detail = ", ".join(f"{peak / 2**20:.0f} MiB for {size}" for size, peak in peaks.items())
    yield Figure("scale", "everything: peak memory, 1000 by 100 services", peaks[large] / peaks[middle], "x", 10, detail)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
