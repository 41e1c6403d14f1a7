"""Faults and places: how they read, how they are ordered, and where they point."""

from __future__ import annotations

from pathlib import Path

import pytest

import generators.build
from generators.build import build
from generators.catalogue import Catalogue, catalogue
from generators.fault import Fault, Where, in_reading_order
from generators.spec.load import load_kind
from generators.spec.source import dollar
from generators.spec.yaml_text import yaml_source

BASE = Path(__file__).parents[1] / "refusals" / "base"


def test_a_fault_is_one_line_whatever_it_quotes() -> None:
    fault = Fault("value", Where("a.yaml", 3, 7), "'two\nlines\tand a tab' is none", "Mend it.")
    assert str(fault) == "a.yaml:3:7: error[value]: 'two lines and a tab' is none. Mend it."


def test_faults_come_in_reading_order_and_once() -> None:
    late, early = Fault("b", Where("a", 10, 1), "x", "."), Fault("a", Where("a", 9, 80), "y", ".")
    other = Fault("a", Where("a", 10, 1), "x", ".")
    assert in_reading_order([late, early, late, other]) == (early, other, late)


def test_paths_read_as_people_write_them() -> None:
    assert dollar(("alerts", "High", "when")) == "$.alerts.High.when"
    assert dollar(("a", 0, "b c", "d-e")) == "$.a[0]['b c'].d-e"


SPOTS = {
    "plain": ("a: max(x)\n", 5, "f:1:9"),
    "quoted": ("a: 'max(x)'\n", 4, "f:1:9"),
    "double-quoted": ('a: "max(x)"\n', 4, "f:1:9"),
    "after wide characters": ("赛: {b: max(x)}\n", 4, "f:1:12"),
    "escaped": ("a: 'it''s'\n", 4, "f:1:4"),
    "folded": ("a: >-\n  max\n  (x)\n", 4, "f:1:4"),
    "flow": ("{a: [max(x)]}\n", 4, "f:1:10"),
}


@pytest.mark.parametrize("name", SPOTS)
def test_a_spot_points_into_a_text_where_it_stands_on_one_line(name: str) -> None:
    text, offset, wanted = SPOTS[name]
    source = yaml_source(text, "f")
    place = next(reversed(source.values))
    assert str(source.spot(place).plus(offset)) == wanted


def test_what_stands_nowhere_is_told_at_the_nearest_part_above() -> None:
    source = yaml_source("a:\n  b: {c: 1}\n", "f")
    assert source.where(("a", "b", "none", 3)) == Where("f", 2, 6, "$.a.b.none[3]")
    assert source.where_key(("a", "b")) == Where("f", 2, 3, "$.a.b")


def with_kind(tmp_path: Path, text: str) -> Catalogue:
    """The real catalogue, with one more kind written as `text`."""
    file = tmp_path / "queue.yaml"
    file.write_text(text, encoding="utf-8")
    kind, source, faults = load_kind(file, "generators/catalogue/queue.yaml")
    known = catalogue()
    if kind is None:
        return Catalogue(known.kinds, known.parts, faults)
    entry = type(next(iter(known.kinds.values())))(kind, source)
    return Catalogue({**known.kinds, "queue": entry}, known.parts, faults)


KIND = """kind: queue
title: Queue
release: queue 1.0
metrics:
  queue_length: {kind: gauge, labels: [queue]}
alerts:
  QueueLong:
    signal: saturation
    severity: warning
    when: %s
    summary: Long
    runbook: {meaning: It is long., impact: Work waits.}
"""

CATALOGUE_FAULTS = {
    "unknown metric": (KIND % "queue_lengths > 5", ["generators/catalogue/queue.yaml:10:11: error[unknown-metric]"]),
    "lost labels": (KIND % "max by (queue) (queue_length) > 5", ["generators/catalogue/queue.yaml:10:11: error[lost-label]"]),
    "unknown key": (KIND % "queue_length > 5" + "panel: []\n", ["generators/catalogue/queue.yaml:13:1: error[unknown-key]"]),
    "no YAML": (KIND % "'queue_length > 5", ["generators/catalogue/queue.yaml:10:11: error[yaml]"]),
}


@pytest.mark.parametrize("name", CATALOGUE_FAULTS)
def test_a_fault_of_the_catalogue_stands_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, wanted = CATALOGUE_FAULTS[name]
    changed = with_kind(tmp_path, text)
    monkeypatch.setattr(generators.build, "catalogue", lambda: changed)
    spec = tmp_path / "spec.yaml"
    parts = ", ".join(str(path) for path in sorted(BASE.glob("*.yaml")) if path.stem not in ("whole", "production"))
    production = (BASE / "production.yaml").read_text(encoding="utf-8").replace("targets: {", "targets: {jobs: 'jobs:9000', ")
    spec.write_text(f"include: [{parts}]\nservices:\n  jobs: {{kind: queue}}\n{production}", encoding="utf-8")
    assert [str(fault).partition(": error")[0] + f": error[{fault.id}]" for fault in build(spec).faults] == wanted


def test_a_sound_kind_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = with_kind(tmp_path, KIND % "queue_length > 5")
    monkeypatch.setattr(generators.build, "catalogue", lambda: changed)
    assert not build(BASE / "whole.yaml").failed
    assert "queue" in changed.kinds


def test_a_spec_needs_no_service_of_any_certain_kind(tmp_path: Path) -> None:
    parts = ", ".join(str(BASE / f"{name}.yaml") for name in ("project", "notify", "stack"))
    production = (BASE / "production.yaml").read_text(encoding="utf-8").replace("web: 'web:8000', ", "")
    (tmp_path / "spec.yaml").write_text(
        f"include: [{parts}]\nservices:\n  db: {{kind: postgres}}\n{production}", encoding="utf-8"
    )
    assert [str(fault) for fault in build(tmp_path / "spec.yaml").faults] == []


def test_an_environment_that_is_not_there_is_a_fault() -> None:
    [fault] = build(BASE / "whole.yaml", "produktion").faults
    assert fault.id == "unknown-environment"
    assert fault.fix == "Did you mean 'production'?"
    assert (Path(fault.where.file).name, fault.where.line) == ("production.yaml", 1)


def test_a_spec_without_that_environment_says_which_it_has() -> None:
    [fault] = build(BASE / "whole.yaml", "moon").faults
    assert fault.what == "there is no environment 'moon'"
    assert fault.fix == "The spec has production: say `--environment production`, or write this one under `environments:`."


def test_long_chains_of_services_are_walked(tmp_path: Path) -> None:
    count = 1500
    services = "".join(f"  s{n}: {{kind: prometheus, depends_on: [s{n + 1}]}}\n" for n in range(count))
    parts = ", ".join(str(BASE / f"{name}.yaml") for name in ("project", "notify", "stack"))
    production = "environments:\n  local: {}\n"
    last = f"  s{count}: {{kind: prometheus, depends_on: [s0]}}\n"
    (tmp_path / "spec.yaml").write_text(f"include: [{parts}]\nservices:\n{services}{last}{production}", encoding="utf-8")
    [fault] = build(tmp_path / "spec.yaml", "local").faults
    assert fault.id == "dependency-circle"
    assert len(str(fault)) < 1000
