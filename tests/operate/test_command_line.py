"""The command line's manners: exit codes, one line for every failure, no trace-back ever, machines get JSON alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from operate import commands
from operate.__main__ import main
from operate.state import State

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_something_unexpected_is_one_line_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(spec: Path) -> str:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(commands, "project_name", broken)
    assert main(["status"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert "unexpected RuntimeError: nobody thought of this" in line
    assert "Traceback" in Path(line.rpartition(" ")[2]).read_text()


def test_a_spec_that_is_not_there_is_the_users_fault(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("check", "generate", "plan", "deploy", "status", "down", "verify", "ping", "rollback"):
        assert main([verb, "--spec", "spec/nowhere.yaml"]) == 1, verb
        assert "nowhere.yaml" in capsys.readouterr().err


def test_verbs_that_need_a_release_say_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("verify", "ping"):
        assert main([verb]) == 1
        assert "nothing is released here; `touchline deploy` does that" in capsys.readouterr().err
    assert main(["rollback"]) == 1
    assert "there is no earlier release that was verified" in capsys.readouterr().err
    assert main(["rollback", "abc"]) == 1
    assert "there is no one release 'abc'" in capsys.readouterr().err
    assert main(["status"]) == 0
    assert main(["down"]) == 0


def test_who_holds_the_lock_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with State.of("football-prediction", "local").locked("deploy"):
        assert main(["down"]) == 2
        assert f"`touchline deploy` (process {os.getpid()}, since " in capsys.readouterr().err
        assert main(["status"]) == 0
        assert "is at work on" in capsys.readouterr().err
    assert main(["down"]) == 0


def test_options_stand_before_or_after_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--format", "json", "status"]) == 0
    assert json.loads(capsys.readouterr().out)["release"] is None
    assert main(["status", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["release"] is None


def test_the_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["$schema"].startswith("https://json-schema.org/")
    assert text == (ROOT / "spec/schema.json").read_text(encoding="utf-8")


def test_a_reader_that_goes_away_gets_no_trace(tmp_path: Path) -> None:
    command = f"{sys.executable} -m operate schema | head -c 10 >/dev/null"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_a_deploy_with_a_faulty_spec_tells_the_fault_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "bad.yaml"
    spec.write_text("project: {name: bad, owner: somebody, locale: en}\nnonsense: 1\n")
    assert main(["deploy", str(spec), "--engine", "local"]) == 1
    assert f"{spec}:2:1: error[" in capsys.readouterr().err
    assert not (tmp_path / "touchline/bad/local/releases/current").exists()
    assert main(["status", "--spec", str(spec)]) == 0


def test_production_does_not_start_without_its_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--environment", "production", "--engine", "local"]) == 2
    said = capsys.readouterr().err
    assert "production does not start without its secrets: " in said
    assert "pagerduty_key" in said
    assert not (tmp_path / "touchline/football-prediction/production/releases/current").exists()
    assert main(["status", "--environment", "production", "--engine", "local"]) == 0
