"""Same spec, same bytes; rules are the same wherever they run; `only` narrows files and changes none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generators.build import PARTS, build, part_of
from generators.ir.rules import AlertingRule
from tests.compiler.specs import ENVIRONMENTS, ROOT, SHIPPED, SHOP, UNTRACED, built, called

PROGRAM = """
import hashlib, sys
from pathlib import Path
from generators.build import build
found = build(Path(sys.argv[1]), sys.argv[2])
assert not found.faults, found.faults
for path, text in found.files.items():
    print(hashlib.sha256(text.encode()).hexdigest(), path)
"""

CYCLES = """
import gc
from pathlib import Path
from generators.build import build
gc.collect()
found = build(Path("spec/football.yaml"))
assert found.files and gc.isenabled() and not gc.get_freeze_count()
assert gc.collect() == 0, "cyclic garbage"
"""


def _hashes(spec: Path, cwd: Path, **environment: str) -> str:
    command = [sys.executable, "-c", PROGRAM, str(spec.relative_to(ROOT)) if cwd == ROOT else os.path.relpath(spec, cwd)]
    answer = subprocess.run(
        [*command, ENVIRONMENTS[spec][-1]],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("spec", [SHIPPED, SHOP], ids=called)
def test_two_builds_in_two_places_are_the_same_bytes(spec: Path) -> None:
    here = _hashes(spec, ROOT, PYTHONHASHSEED="1", TZ="UTC", LANG="C.UTF-8")
    there = _hashes(spec, ROOT / "tests", PYTHONHASHSEED="4711", TZ="Asia/Shanghai", LANG="zh_CN.UTF-8", LC_ALL="C")
    assert here.count("\n") > 50
    assert here == there


def test_a_build_leaves_nothing_to_collect() -> None:
    """Why it may do without the garbage collector."""
    answer = subprocess.run([sys.executable, "-c", CYCLES], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("spec", [SHIPPED, SHOP, UNTRACED], ids=called)
def test_rules_are_the_same_in_every_environment_and_engine(spec: Path) -> None:
    seen = []
    for environment in ENVIRONMENTS[spec]:
        for engine in ("compose", "local"):
            compiled = built(spec, environment, engine).compiled  # type: ignore[arg-type]
            assert compiled is not None
            seen.append(
                [
                    (file.name, group.name, group.interval, rule.alert, rule.expr, rule.hold, rule.keep_firing, dict(rule.labels))
                    if isinstance(rule, AlertingRule)
                    else (file.name, group.name, group.interval, rule.record, rule.expr, dict(rule.labels))
                    for file in compiled.rule_files
                    for group in file.groups
                    for rule in group.rules
                ]
            )
    assert seen[0]
    assert all(rules == seen[0] for rules in seen)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_of_the_build_is_a_part_of_the_whole(part: str) -> None:
    whole = built(SHOP).files
    narrowed = build(SHOP, "live", only=frozenset({part})).files
    assert narrowed == {path: text for path, text in whole.items() if part_of(path) == part}
    assert narrowed


def test_every_file_belongs_to_exactly_one_part() -> None:
    for path in built(SHOP).files:
        assert part_of(path) in PARTS, path
        assert sum(path.startswith(prefixes) for prefixes in PARTS.values() if prefixes) == (not path.endswith(".py")), path
