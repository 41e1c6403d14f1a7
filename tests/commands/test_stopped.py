"""`verify` and `ping` where nothing runs, or not what was released: said once, in words, and never "ok" before. In: a release in a
state of the test's own, which nothing has started."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import operate.commands.verify as verifying
from operate import release as releases
from operate.__main__ import main
from operate.journal import Entry
from operate.show import Show
from operate.site import Site, engines
from operate.state import State
from operate.verify import Check, Report
from tests.operate import sample

ARGUMENTS = ("--environment", "test", "--engine", "local")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A release that is current, and that nobody runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "spec.yaml").write_text("project: {name: sample}\n", encoding="utf-8")
    state = State.of("sample", "test")
    whole = sample.compiled(sample.stack_of(sample.QUICK))
    kept = releases.keep(state, releases.prepare(state, sample.files(whole), whole, "local", tmp_path / "spec.yaml"))
    state.switch(kept.hash)
    return Site(state, Show("text", Console(file=io.StringIO())), engines(state, frozenset()))


@pytest.mark.parametrize("verb", ["verify", "ping"])
def test_a_stack_that_does_not_run_is_told_in_one_line(site: Site, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--spec", "spec.yaml", *ARGUMENTS]) == 2
    said = "failed the stack is down: none of its components runs. `touchline deploy --environment test` starts it."
    assert capsys.readouterr() == ("", f"{said}\n")


@pytest.mark.parametrize("verb", ["verify", "ping"])
def test_one_that_was_stopped_by_hand_says_so(site: Site, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    site.journal.append(Entry("1", "down", "down", site.state.release(), ""))
    assert main([verb, "--spec", "spec.yaml", *ARGUMENTS]) == 2
    assert "failed the stack is down: it was stopped by `touchline down`. " in capsys.readouterr().err


@pytest.mark.parametrize(("finding", "mark"), [("2 rules are missing", "failed"), ("", "ok")])
def test_a_phase_is_closed_with_how_it_went(
    site: Site, finding: str, mark: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(site.state.release(), (Check("prometheus", "rules", (finding,) if finding else ()),))
    monkeypatch.setattr(verifying, "verify", lambda *_: report)
    monkeypatch.setattr(verifying, "demand_running", lambda *_: None)
    assert main(["verify", "--spec", "spec.yaml", *ARGUMENTS]) == (2 if finding else 0)
    lines = capsys.readouterr().err.splitlines()
    (closed,) = [line for line in lines if "ask every engine" in line and line.endswith("s)")]
    assert closed.startswith(f"{mark} verify")
