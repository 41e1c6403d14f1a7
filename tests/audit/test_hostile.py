# ruff: noqa: E501 - a configuration that stands on one line here is read at a glance
"""Repositories that mean no good: the audit ends with findings or reasons, and never with a trace-back. Run as a process, because
exit codes and both streams are what people see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generators.audit import Tree
from operate import __main__ as command_line
from operate import mixins, walk

ROOT = Path(__file__).resolve().parents[2]
SOUND = "services:\n  a: {image: 'a/b:1.0'}\n"


def touchline(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "operate", "audit", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


def audited(folder: Path) -> dict[str, Any]:
    result = touchline(str(folder), "--format", "json")
    assert "Traceback" not in result.stderr, result.stderr
    assert result.returncode in (0, 1), result.stderr
    found = json.loads(result.stdout)
    assert result.returncode == (0 if found["good"] else 1)
    return dict(found)


def test_a_hostile_repository_ends_in_findings(tmp_path: Path) -> None:
    deep = "[" * 5000 + "]" * 5000
    files = {
        "broken/prometheus.yml": "scrape_configs:\n  - job_name: a\n bad: [\n",
        "deep/compose.yml": f"services:\n  a: {{image: 'a/b:1.0', x: {deep}}}\n",
        "deep/dashboard.json": '{"title": "x", "schemaVersion": 1, "panels": ' + deep + "}",
        "deep/app.py": "from prometheus_client import Counter\nx = " + "(" * 5000 + ")" * 5000 + "\nC = Counter('a', 'a')\n",
        "deep/minus.py": "from prometheus_client import Counter\nx = " + "-" * 50000 + "1\nC = Counter('b', 'b')\n",
        "deep/rules.yml": "groups: [{name: a, rules: [{alert: A, expr: '" + "(" * 3000 + "up" + ")" * 3000 + "'}]}]\n",
        "bomb/compose.yml": "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
        + "services:\n  s: {image: x}\n",
        "circle/compose.yml": "services: &s\n  a: {image: 'a/b:1.0', x: *s}\n",
        "types/prometheus.yml": "scrape_configs: [1, null, [a], {static_configs: 7, job_name: {a: b}}]\nrule_files: [{a: 1}, null]\n",
        "types/alertmanager.yml": "route: {routes: 3, match: [a], receiver: {a: 1}}\nreceivers: [null, 4, {name: [1]}]\ninhibit_rules: [7]\n",
        "types/rules.yml": "groups: [{rules: [null, 3, {alert: [x], expr: {a: b}}, {record: a, expr: 7, labels: [1]}], name: {}}]\n",
        "types/compose.yml": "services: {a: {image: [x], ports: {a: 1}, volumes: [[], {type: 3}], environment: 3, networks: 5}, b: null}\n",
        "types/ds.yml": "apiVersion: 1\ndatasources: [3, {type: prometheus, url: [x]}]\nproviders: [{options: {path: 3}}]\n",
        "types/d.json": '{"title": 3, "panels": [3, null, {"targets": [1, {"expr": 5}], "datasource": [1], "panels": "x"}], "templating": []}',
        "regex/alertmanager.yml": "route: {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules: [{source_match_re: {a: '('}, target_match_re: {a: '*'}}]\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    found = audited(tmp_path)
    at = {(one["id"], one["file"]) for one in found["findings"]}
    assert {
        ("yaml", "broken/prometheus.yml"),
        ("yaml", "deep/compose.yml"),
        ("json", "deep/dashboard.json"),
        ("module-broken", "deep/app.py"),
        ("module-broken", "deep/minus.py"),
        ("expression-syntax", "deep/rules.yml"),
        ("yaml", "bomb/compose.yml"),
        ("yaml", "circle/compose.yml"),
        ("rule-form", "types/rules.yml"),
    } <= at


def test_what_is_no_text_is_passed_over_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(SOUND)
    (tmp_path / "binary.yml").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "null.yml").write_bytes(b"services:\n  a: {image: \x00}\n")
    with open(tmp_path / "huge.json", "wb") as file:
        file.truncate(walk.LARGEST + 1)
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.yml").symlink_to("self.yml")
    (tmp_path / "gone.yml").symlink_to("nowhere.yml")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "compose.yml").write_text("services:\n  a: {image: x}\n")
    found = audited(tmp_path)
    assert found["read"]["compose files"] == 1
    assert {one["file"]: one["why"] for one in found["skipped"]} == {
        "binary.yml": "no UTF-8 text",
        "huge.json": "larger than 4 MiB",
    }
    assert [(one["id"], one["file"]) for one in found["findings"]] == [("yaml", "null.yml")]


def mixin(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "mixin.libsonnet").write_text(text)
    return folder


def evaluated(folder: Path) -> Tree:
    return mixins.with_mixins(folder, walk.walk(folder, lambda text: None), lambda text: None)


def test_a_mixin_without_end_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixins, "SECONDS", 1)
    monkeypatch.chdir(ROOT)
    endless = mixin(tmp_path / "m", "local f(n) = if n < 0 then n else f(n + 1) tailstrict; { prometheusAlerts: f(0) }")
    assert "did not finish" in evaluated(endless).skipped["mixin.libsonnet"]


def test_a_mixin_without_its_imports_is_told_as_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert "nowhere.libsonnet" in evaluated(mixin(tmp_path / "m", "import 'nowhere.libsonnet'")).skipped["mixin.libsonnet"]


def test_a_fault_in_a_mixin_stands_where_its_rule_is_named(tmp_path: Path) -> None:
    rules = "{ prometheusAlerts+:: {\n groups: [{ name: 'a', rules: [\n { alert: 'A', expr: 'up =' }] }] } }"
    found = audited(mixin(tmp_path / "m", rules))
    assert [(one["id"], one["file"], one["line"]) for one in found["findings"]] == [("expression-syntax", "mixin.libsonnet", 3)]


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yml").write_text(SOUND)
    assert command_line.main(["audit", str(tmp_path)]) == 0
    (tmp_path / "compose.yml").write_text(SOUND.replace(":1.0", ""))
    assert command_line.main(["audit", str(tmp_path)]) == 1
    assert command_line.main(["audit", str(tmp_path), "--ignore", "image-floating"]) == 0
    assert command_line.main(["audit", str(tmp_path / "nowhere")]) == 1

    def refused(path: object) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(walk.os, "listdir", refused)
    assert command_line.main(["audit", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_worst_comes_first_and_places_are_plain(tmp_path: Path) -> None:
    lines = "\n" * 96 + "services:\n  a:\n    image: a/b\n    depends_on: [zz]\n    environment: {DB_PASSWORD: kV9_tundra-41}\n"
    (tmp_path / "compose.yml").write_text(lines)
    result = touchline(str(tmp_path))
    told = [line.split()[:2] for line in result.stdout.splitlines() if line.startswith("compose.yml:")]
    assert told == [
        ["compose.yml:101:32", "secret-leaked"],
        ["compose.yml:100:18", "service-unknown"],
        ["compose.yml:99:12", "image-floating"],
    ]
    assert "kV9_tundra-41" not in result.stdout + result.stderr


def test_what_git_ignores_is_there_and_not_read(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("local/\n")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "compose.yml").write_text("services:\n  a: {image: x}\n")
    (tmp_path / "local" / "prometheus.yml").write_text("scrape_configs: []\n")
    (tmp_path / "compose.yml").write_text(
        "services:\n  p: {image: 'prom/prometheus:v3.5.0', volumes: ['./local/prometheus.yml:/etc/prometheus/prometheus.yml']}\n"
    )
    assert audited(tmp_path)["findings"] == []
