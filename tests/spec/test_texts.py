"""What texts a spec may be made of: every broken one ends in faults with a place, never in an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from generators.build import build
from generators.spec.load import load
from generators.spec.read import read

DEEP = 20_000


def faults(tmp_path: Path, text: str | bytes, name: str = "spec.yaml") -> list[tuple[str, int, int]]:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = build(file)
    assert result.failed
    assert all("\n" not in str(fault) and fault.where.file == str(file) for fault in result.faults)
    return [(fault.id, fault.where.line, fault.where.column) for fault in result.faults]


BROKEN: dict[str, tuple[str | bytes, list[tuple[str, int, int]]]] = {
    "empty": ("", [("yaml", 1, 1)]),
    "comments only": ("# nothing\n\n", [("yaml", 1, 1)]),
    "empty document": ("---\n", [("form", 2, 1)]),
    "a list": ("- project\n- services\n", [("form", 1, 1)]),
    "a text": ("football", [("form", 1, 1)]),
    "a tab": ("project:\n\tname: x\n", [("yaml", 2, 1)]),
    "an open bracket": ("project: {name: x\nservices: {}\n", [("yaml", 2, 9)]),
    "an open quote": ("project: 'x\n", [("yaml", 1, 10)]),
    "an open quote inside a list": ("project: [1, 'x]\nservices: {}\n", [("yaml", 1, 14)]),
    "a quote that the next line closes": ("project:\n  name: 'x\n  owner: 'y'\n  title: z\n", [("yaml", 2, 9)]),
    "a quote inside quotes": ("project:\n  name: x\n  owner: 'It's me'\n", [("yaml", 3, 14)]),
    "two documents": ("project: {}\n---\nproject: {}\n", [("yaml", 3, 1)]),
    "a control character": ("project: {name: 赛\x01}\n", [("yaml", 1, 18)]),
    "an escaped control character": ('a: ["\\x00"]\n', [("yaml", 1, 5)]),
    "no UTF-8": ("project: {name: é}\n".encode("latin-1"), [("encoding", 1, 17)]),
    "UTF-16": ("project: {name: x}\n".encode("utf-16"), [("encoding", 1, 1)]),
    "an alias to nothing": ("project: *none\n", [("yaml", 1, 10)]),
    "an alias to itself": ("project: &p {name: *p}\n", [("yaml", 1, 20)]),
    "a key that is a list": ("? [a, b]\n: c\n", [("yaml", 1, 3)]),
    "a merge key": ("a: &a {b: c}\nd: {<<: *a}\n", [("yaml", 2, 5)]),
    "a tag": ("project: !!python/object:os.system {}\n", [("yaml", 1, 10)]),
    "nested flow": ("a: " + "[" * DEEP + "]" * DEEP, [("yaml", 1, 64)]),
    "nested mappings": ("a: " + "{a: " * DEEP, [("yaml", 1, 3 + 4 * 60 + 1)]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_text_is_told_where_it_breaks(tmp_path: Path, name: str) -> None:
    text, wanted = BROKEN[name]
    assert faults(tmp_path, text) == wanted


def test_aliases_that_stand_for_billions_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    [(id, line, _)] = faults(tmp_path, "\n".join(lines))
    assert (id, line) == ("yaml", 6)


def test_an_alias_is_read_as_what_it_repeats(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("a: &a {b: [1, 2]}\nc: *a\n", encoding="utf-8")
    source = read(file, "spec.yaml")
    assert source.value == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
    assert str(source.where(("c", "b", 0))) == "spec.yaml:2:4"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(b"\xef\xbb\xbfproject: {}\n")
    assert read(file, "spec.yaml").value == {"project": {}}


def test_every_repeated_key_is_told_and_its_value_skipped(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("a: 1\nb: {c: 1, c: {d: [2, {d: 3}], d: 4}, e: 5}\na: &x [1, 2]\nf: 6\n", encoding="utf-8")
    source = read(file, "spec.yaml")
    assert source.value == {"a": 1, "b": {"c": 1, "e": 5}, "f": 6}
    assert [(fault.where.line, fault.where.column) for fault in source.faults] == [(2, 11), (3, 1)]


NUMBERS = ["1e999999999", "-1e-999999999", ".inf", ".nan", "'Infinity'", "'NaN'", "9" * 5000, "0x10", "true", "[1]", "{}", "''"]


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:12])
def test_a_number_that_is_none_or_too_long_is_one_fault(tmp_path: Path, text: str) -> None:
    base = Path(__file__).parent.parent / "refusals" / "base" / "whole.yaml"
    spec = f"include: ['{base}']\ntune:\n  EventLoopBlocked: {{bound: {text}}}\n"
    assert faults(tmp_path, spec) == [("value", 3, 29)]


@pytest.mark.parametrize("text", ["-5m", "5", "1.5h", "'5 m'", "99999999999999999999d", "1m1h", "null", "٣m", "9" * 5000 + "s"])
def test_a_duration_that_is_none_is_one_fault(tmp_path: Path, text: str) -> None:
    base = Path(__file__).parent.parent / "refusals" / "base" / "whole.yaml"
    spec = f"include: ['{base}']\ntargets: {{detect_within: {text}}}\n"
    assert faults(tmp_path, spec) == [("value", 2, 26)]


JSONNET: dict[str, tuple[str, list[tuple[str, int, int]]]] = {
    "static": ("{\n  a: 1 +\n}\n", [("jsonnet", 3, 1)]),
    "unknown name": ("{\n  a: nope,\n}\n", [("jsonnet", 2, 6)]),
    "runtime": ("{\n  a: 1,\n  b: error 'no\\nway',\n}\n", [("jsonnet", 3, 6)]),
    "missing import": ("local x = import 'none.libsonnet';\nx\n", [("jsonnet", 1, 11)]),
    "endless": ("local f(x) = f(x) + 1;\n{ a: f(1) }\n", [("jsonnet", 1, 14)]),
    "a function": ("function(x) x\n", [("jsonnet", 1, 1)]),
    "a list": ("[1]\n", [("form", 1, 1)]),
    "deep": ("[" * 300 + "]" * 300, [("jsonnet", 1, 1)]),
}


@pytest.mark.parametrize("name", JSONNET)
def test_a_broken_jsonnet_spec_is_told_where_it_breaks(tmp_path: Path, name: str) -> None:
    text, wanted = JSONNET[name]
    assert faults(tmp_path, text, "spec.jsonnet") == wanted


def test_a_fault_in_an_imported_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "part.libsonnet").write_text("{\n  services: 1 +\n}\n", encoding="utf-8")
    (tmp_path / "spec.jsonnet").write_text("import 'part.libsonnet'", encoding="utf-8")
    [fault] = load(tmp_path / "spec.jsonnet", "spec.jsonnet").faults
    assert str(fault.where) == "part.libsonnet:3:1"


def test_a_wrong_value_in_jsonnet_stands_at_its_key(tmp_path: Path) -> None:
    base = Path(__file__).parent.parent / "refusals" / "base" / "whole.yaml"
    text = (
        f"local bound = 'high';\n{{\n  include: ['{base}'],\n  tune: {{\n    EventLoopBlocked: {{ bound: bound }},\n  }},\n}}\n"
    )
    assert faults(tmp_path, text, "spec.jsonnet") == [("value", 5, 25)]


def test_a_missing_spec_is_a_fault(tmp_path: Path) -> None:
    [fault] = build(tmp_path / "none.yaml").faults
    assert fault.id == "spec"
    assert [one.id for one in build(tmp_path).faults] == ["spec"]


SCALARS = {
    "a ratio above one": ("targets: {alert_precision: 95}", 27),
    "a ratio that is a word": ("targets: {alert_precision: most}", 27),
    "a range of one end": ("metrics: {x: {kind: gauge, range: [1]}}", 34),
    "a range that falls": ("metrics: {x: {kind: gauge, range: 2..1}}", 34),
    "a text in no language": ("metrics: {x: {kind: gauge, help: [a]}}", 33),
    "no time at all": ("targets: {detect_within: 0s}", 25),
    "a part that is no list": ("mixins: own.libsonnet", 8),
}


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_of_the_wrong_form_is_one_fault(tmp_path: Path, name: str) -> None:
    text, column = SCALARS[name]
    base = Path(__file__).parent.parent / "refusals" / "base"
    parts = ", ".join(str(base / f"{part}.yaml") for part in ("project", "services", "notify", "stack", "production"))
    assert faults(tmp_path, f"include: [{parts}]\n{text}\n") == [("value", 2, column + 1)]


def test_a_bound_of_an_objective_is_a_time(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "refusals" / "bucket-bound" / "good.yaml").read_text(encoding="utf-8")
    base = Path(__file__).parent.parent / "refusals" / "base"
    text = text.replace("../base", str(base)).replace("faster_than: 2s", "faster_than: 2")
    assert [id for id, _, _ in faults(tmp_path, text)] == ["value"]


def test_what_a_part_includes_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("include: other.yaml\n", encoding="utf-8")
    (tmp_path / "spec.yaml").write_text("include: [part.yaml]\n", encoding="utf-8")
    assert "part.yaml:1:10: error[value]" in str(load(tmp_path / "spec.yaml", "spec.yaml").faults[0])
