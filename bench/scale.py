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
print(json.dumps(time.process_time() - started))
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
    costs, peaks = {}, {}
    for size, spec in specs.items():
        _say(f"scale: everything for {size} services")
        spent = python(EVERYTHING, folder / "cache", str(spec))
        costs[size], peaks[size] = float(json.loads(spent.output)), spent.memory
    small, middle, large = SIZES
    for low, high in ((small, middle), (middle, large)):
        # What the catalogue's alerts and dashboards cost is there at any size: only the growth can be compared.
        first = (costs[low] - costs[small]) / (low - small) if low > small else costs[low] / low
        grown = (costs[high] - costs[low]) / (high - low)
        detail = f"CPU {costs[low]:.2f} s for {low}, {costs[high]:.2f} s for {high} services; growth for each service added"
        yield Figure("scale", f"everything, {low} to {high} services, by a service before", grown / first, "x", 1.25, detail)
    memory = (peaks[large] - peaks[middle]) / (large - middle) / ((peaks[middle] - peaks[small]) / (middle - small))
    detail = ", ".join(f"{peak / 2**20:.0f} MiB for {size}" for size, peak in peaks.items())
    yield Figure("scale", "memory for each service added, large by small", memory, "x", 1.25, detail)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
