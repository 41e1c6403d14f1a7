"""One spec, many forms: in one file, split into parts, or evaluated from Jsonnet. All of them mean, and build, the same."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators.build import build
from generators.fault import Fault
from generators.spec.load import load
from generators.spec.read import read

FOOTBALL = Path(__file__).parents[2] / "spec" / "football.yaml"
PARTS = (("metrics", "services"), ("alerts", "tune", "panels"))
"""The sections of two parts; the rest stays in the main file."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for specs with all that the shipped one reads beside itself: mixins and runbook notes."""
    shutil.copytree(FOOTBALL.parent / "mixins", tmp_path / "spec" / "mixins")
    notes = Path("docs", "runbooks", "notes")
    shutil.copytree(FOOTBALL.parents[1] / notes, tmp_path / notes)
    return tmp_path / "spec"


def sections() -> dict[str, str]:
    """The text of every section of the shipped spec, by its key."""
    found: dict[str, str] = {}
    key = ""
    for line in FOOTBALL.read_text(encoding="utf-8").splitlines(keepends=True):
        if line[0] not in " #\n":
            key = line.partition(":")[0]
        found[key] = found.get(key, "") + line
    return found


def whole(path: Path, **how: Any) -> tuple[dict[str, str], list[str]]:
    result = build(path, **how)
    assert not result.failed, "\n".join(map(str, result.faults))
    assert len(result.files) > 50
    return dict(result.files), [fault.what for fault in result.faults]


@pytest.mark.parametrize("environment", ["production", "local"])
def test_a_split_spec_builds_the_same_bytes(folder: Path, environment: str) -> None:
    text = sections()
    for number, keys in enumerate(PARTS):
        (folder / f"part-{number}.yaml").write_text("".join(text.pop(key) for key in keys), encoding="utf-8")
    main = "include: [part-0.yaml, part-1.yaml]\n" + "".join(text.values())
    (folder / "football.yaml").write_text(main, encoding="utf-8")
    assert whole(folder / "football.yaml", environment=environment) == whole(FOOTBALL, environment=environment)


def test_a_section_split_between_files_builds_the_same_bytes(folder: Path) -> None:
    text = sections()
    lines = text.pop("services").splitlines(keepends=True)
    cut = next(index for index, line in enumerate(lines) if line.startswith("  postgres:"))
    (folder / "more.yaml").write_text("services:\n" + "".join(lines[cut:]), encoding="utf-8")
    rest = "include: [more.yaml]\n" + "".join(text.values()) + "".join(lines[:cut])
    (folder / "football.yaml").write_text(rest, encoding="utf-8")
    assert whole(folder / "football.yaml") == whole(FOOTBALL)


def test_a_jsonnet_spec_builds_the_same_bytes(folder: Path) -> None:
    """Numbers and all: Jsonnet's floats come back as the shortest text of the same float."""

    def plain(value: object) -> object:
        if isinstance(value, Decimal):
            return float(value)
        raise TypeError(value)

    source = read(FOOTBALL, "football.yaml")
    body = json.dumps(source.value, default=plain, ensure_ascii=False, indent=2)
    text = f"local spec = {body};\nspec {{ project+: {{ locale: 'zh' + '-CN' }} }}\n"
    (folder / "football.jsonnet").write_text(text, encoding="utf-8")
    assert whole(folder / "football.jsonnet")[0] == whole(FOOTBALL)[0]


def test_jsonnet_and_yaml_parts_go_together(folder: Path) -> None:
    text = sections()
    targets = yaml.safe_load(text.pop("targets"))
    (folder / "targets.jsonnet").write_text(json.dumps(targets), encoding="utf-8")
    (folder / "football.yaml").write_text("include: [targets.jsonnet]\n" + "".join(text.values()), encoding="utf-8")
    assert whole(folder / "football.yaml")[0] == whole(FOOTBALL)[0]


def written(folder: Path, **texts: str) -> tuple[Fault, ...]:
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load(folder / "spec.yaml", "spec.yaml").faults


def shown(faults: tuple[Fault, ...]) -> list[str]:
    return [f"{fault.where} {fault.id}" for fault in faults]


def test_files_that_include_each_other_are_told_once(tmp_path: Path) -> None:
    faults = written(tmp_path, spec="include: [a.yaml]\n", a="include: [b.yaml]\n", b="include: [spec.yaml]\n")
    assert shown(faults) == ["b.yaml:1:11 include"]
    assert "spec.yaml -> a.yaml -> b.yaml -> spec.yaml" in faults[0].what


def test_a_part_includes_files_beside_itself(tmp_path: Path) -> None:
    written(tmp_path, spec="include: [in/a.yaml]\n", in__a="include: [b.yaml]\ntargets: {}\n", in__b="tune: {}\n")
    assert load(tmp_path / "spec.yaml").source.value == {"include": ["in/a.yaml"], "targets": {}, "tune": {}}


def test_one_part_may_be_reached_on_two_ways_and_says_its_names_twice(tmp_path: Path) -> None:
    faults = written(tmp_path, spec="include: [a.yaml, b.yaml]\n", a="tune: {X: {for: 1m}}\n", b="tune: {X: {for: 2m}}\n")
    assert "b.yaml:1:8 duplicate-name" in shown(faults)


@pytest.mark.parametrize("part", ["- a\n", "text\n"])
def test_a_part_that_is_no_mapping_is_a_fault(tmp_path: Path, part: str) -> None:
    assert shown(written(tmp_path, spec="include: [a.yaml]\n", a=part)) == ["a.yaml:1:1 form"]


def test_what_a_missing_part_would_bring_is_not_missed_as_well(tmp_path: Path) -> None:
    assert shown(written(tmp_path, spec="project: {name: x, owner: y}\ninclude: [none.yaml, .]\n")) == [
        "spec.yaml:2:11 include",
        "spec.yaml:2:22 include",
    ]


def test_a_fault_in_a_part_stands_in_that_part(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "refusals" / "base", tmp_path / "base")
    (tmp_path / "spec.yaml").write_text("include: [base/whole.yaml, more.yaml]\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("panels: []\ntune:\n  EventLoopBlocked: {for: soon}\n", encoding="utf-8")
    assert shown(load(tmp_path / "spec.yaml", "shop/spec.yaml").faults) == ["shop/more.yaml:3:27 value"]


def test_a_list_goes_on_in_the_next_part(tmp_path: Path) -> None:
    part = "panels: [{title: B, description: b, query: none_such}]\n"
    shutil.copytree(Path(__file__).parents[1] / "refusals" / "base", tmp_path / "base")
    (tmp_path / "spec.yaml").write_text(
        "include: [base/whole.yaml, more.yaml]\npanels: [{title: A, description: a, query: up}]\n", encoding="utf-8"
    )
    (tmp_path / "more.yaml").write_text(part, encoding="utf-8")
    [fault] = build(tmp_path / "spec.yaml").faults
    assert (Path(fault.where.file).name, fault.where.line, fault.where.column) == ("more.yaml", 1, 44)
    assert fault.where.path == "$.panels[1].query"
