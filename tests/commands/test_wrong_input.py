"""Wrong input to the command line: one clear message, the right exit code, no trace-back. In: arguments as people get them wrong.
Run as a process, because exit codes and both streams are what people see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emit.tools import need

ROOT = Path(__file__).resolve().parents[2]
BROKEN = "project: {name: x\n"


def touchline(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the command line, with a state of its own."""
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    command = [sys.executable, "-m", "operate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("frobnicate",), "invalid choice: 'frobnicate'"),
        (("build",), "the following arguments are required: --out"),
        (("check", "--spec", "nope.yaml"), "nope.yaml:1:1: error[spec]"),
        (("deploy", "--spec", "nope.yaml"), "nope.yaml:1:1: error[spec]"),
        (("explain", "HighAPILatency", "--spec", "nope.yaml"), "nope.yaml:1:1: error[spec]"),
        (("simulate", "postgres", "--spec", "nope.yaml"), "nope.yaml:1:1: error[spec]"),
        (("simulate", "DeadMansSwitch"), "'DeadMansSwitch' always fires, and nothing sets it off"),
        (("mutate", "nope.yaml"), "nope.yaml:1:1: error[spec]"),
        (("plan", "--environment", "nope"), "there is no environment 'nope'"),
        (("explain", "HighAPILatency", "--environment", "nope"), "there is no environment 'nope'"),
        (("build", "--out", "x", "--only", "rule"), "there is no such part"),
        (("status", "--environment", "../other"), "--environment ../other: that is no name of an environment"),
        (("mutate", "--only", "ServiceDown", "--equivalents", "tests"), "tests:1:1: error[equivalents]: the file cannot be read"),
    ],
)
def test_a_wrong_argument_is_the_users_fault(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = touchline(tmp_path, *arguments)
    assert (result.returncode, said in result.stderr, "Traceback" in result.stderr) == (1, True, False), result.stderr


@pytest.mark.parametrize("call", ["check", "plan", "deploy", "status", "down", "explain X", "simulate X", "mutate"])
def test_broken_yaml_is_told_with_its_place_whatever_the_verb(tmp_path: Path, call: str) -> None:
    spec = tmp_path / "broken.yaml"
    spec.write_text(BROKEN)
    result = touchline(tmp_path / "state", *call.split(), "--spec", str(spec))
    assert (result.returncode, f"{spec}:2:1: error[yaml]" in result.stderr, "Traceback" in result.stderr) == (1, True, False)


def test_a_file_in_place_of_a_directory_is_the_users_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = touchline(tmp_path / "state", "build", "--out", str(tmp_path / "file"))
    said = f"failed --out {tmp_path}/file: that is a file; name a directory, which need not be there yet\n"
    assert (result.returncode, result.stderr) == (1, said)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_directory_that_cannot_be_written_is_the_environments_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = touchline(tmp_path / "state", "build", "--out", str(tmp_path / "file" / "out"))
    assert result.returncode == 2
    assert result.stderr.startswith(f"failed {tmp_path}/file/out"), result.stderr
    assert "Errno" not in result.stderr


def test_for_github_a_result_is_text(tmp_path: Path) -> None:
    result = touchline(tmp_path, "explain", "ServiceDown", "--format", "github")
    assert (result.returncode, result.stdout.startswith("ServiceDown: critical, outage")) == (0, True)


def test_what_is_ignored_in_vain_is_told(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services: {a: {image: 'x:latest'}}\n")
    result = touchline(tmp_path / "state", "audit", str(tmp_path), "--ignore", "image-floating", "--ignore", "image-flaoting")
    assert result.returncode == 0
    assert "warning --ignore image-flaoting: there is no such finding here" in result.stderr
    assert "image-floating:" not in result.stderr


@pytest.mark.parametrize("call", ["explain ServiceDown", "mutate --only ServiceDown --operator rule-dropped"])
def test_a_spec_without_production_is_judged_by_its_first_environment(tmp_path: Path, call: str) -> None:
    need("promtool")
    guide = (ROOT / "docs" / "guides" / "first-steps.md").read_text(encoding="utf-8")
    spec = tmp_path / "shop.yaml"
    spec.write_text(guide.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    result = touchline(tmp_path / "state", *call.split(), "--spec", str(spec))
    assert result.returncode == 0, result.stderr


def test_a_spec_is_no_release(tmp_path: Path) -> None:
    result = touchline(tmp_path / "state", "rollback", "spec/shop.yaml")
    assert result.returncode == 1
    assert "`touchline rollback --spec spec/shop.yaml`" in result.stderr
