"""Time for each expression checked: `touchline audit` beside `promtool check rules`, with all its lints as well, and beside pint
where one is on PATH. In: the mixins inside the pinned Go modules, once and eleven times over. Out: `Figure`s, ours by theirs, of the CPU
time of whole processes and of an expression added."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.figure import Figure, ratio
from bench.planted.corpus import pinned
from bench.processes import spend
from generators.ir.rules import AlertingRule, Rule
from operate.tools import ensure, say

ROUNDS = 5
COPIES = (1, 11)
_JOB = re.compile(r'job="([^"]*)"')
_FOUND = (0, 1)
"""Whoever finds something says so by exit code 1: that is no failure of the bench."""


def run() -> Iterator[Figure]:
    """Interleaved rounds, after one that fills the caches of all."""
    with tempfile.TemporaryDirectory() as folder:
        cache, counts = Path(folder) / "pyc", {}
        for copies in COPIES:
            counts[copies] = _written(Path(folder) / str(copies), copies)
        spent: dict[tuple[str, int], list[float]] = {}
        for turn in range(ROUNDS + 1):
            for copies in COPIES:
                for who, command in _commands(Path(folder) / str(copies)).items():
                    cpu = spend(command, cache, _FOUND).cpu
                    if turn:
                        spent.setdefault((who, copies), []).append(cpu)
    yield from _figures(spent, counts)


def _commands(folder: Path) -> Mapping[str, tuple[str, ...]]:
    promtool, file = str(ensure(["promtool"], say)["promtool"]), str(folder / "rules.yml")
    found = {
        "ours": (sys.executable, "-m", "operate", "audit", str(folder), "--format", "json"),
        "promtool check rules": (promtool, "check", "rules", file),
        "promtool check rules --lint=all": (promtool, "check", "rules", "--lint=all", file),
    }
    pint = shutil.which("pint")
    return {**found, "pint --offline lint": (pint, "--offline", "--log-level=error", "lint", file)} if pint else found


def _figures(spent: Mapping[tuple[str, int], list[float]], counts: Mapping[int, int]) -> Iterator[Figure]:
    few, many = COPIES
    added = counts[many] - counts[few]
    each = {who: [b - a for a, b in zip(spent[who, few], spent[who, many], strict=True)] for who, _ in spent}
    ours = 1000 * median(each["ours"]) / added
    for who in each.keys() - {"ours"}:
        theirs = 1000 * median(each[who]) / added
        detail = f"CPU {ours:.2f} ms / {theirs:.2f} ms, {added} expressions added, medians of {ROUNDS} rounds"
        yield Figure("lint", f"an expression added, by {who}", ratio(each["ours"], each[who]), "x", None, detail)
        whole = f"CPU {median(spent['ours', few]):.2f} s / {median(spent[who, few]):.2f} s, {counts[few]} expressions"
        yield Figure("lint", f"a whole process, by {who}", ratio(spent["ours", few], spent[who, few]), "x", None, whole)
    if not any(who.startswith("pint") for who, _ in spent):
        print("  pint is not on PATH, and is not compared with", file=sys.stderr)


def _written(folder: Path, copies: int) -> int:
    """Write the rules of all mixins into one file, each copy about jobs of its own; how many there are."""
    folder.mkdir()
    files = [file for corpus in pinned(lambda text: None) for file in corpus.repository.rule_files]
    groups = [
        {"name": f"{file.name}-{group.name}-{copy}-{index}", "rules": [_rule(rule, copy) for rule in group.rules]}
        for copy in range(copies)
        for index, file in enumerate(files)
        for group in file.groups
    ]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}, sort_keys=False), encoding="utf-8")
    return sum(len(group["rules"]) for group in groups)


def _rule(rule: Rule, copy: int) -> dict[str, Any]:
    expr = _JOB.sub(rf'job="\1-{copy}"', rule.expr)
    if isinstance(rule, AlertingRule):
        texts = {"labels": dict(rule.labels), "annotations": dict(rule.annotations)}
        return {"alert": f"{rule.alert}{copy}", "expr": expr, "for": f"{rule.hold}s", **texts}
    return {"record": rule.record, "expr": expr, "labels": {**rule.labels, "copy": str(copy)}}
