"""The journal, the lock and the symlink: what they promise when a process dies at the wrong moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from operate.journal import Entry, Journal, Phase
from operate.state import Busy, State

ROOT = Path(__file__).resolve().parents[2]


def journal_of(path: Path, *lines: tuple[str, Phase, str]) -> Journal:
    journal = Journal(path / "journal")
    for run, phase, release in lines:
        journal.append(Entry(run, "deploy", phase, release, "before"))
    return journal


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, ("1", "done", "a"))
    with open(journal.path, "ab") as file:
        file.write(b'{"run": "2", "verb": "dep')
    assert [entry.phase for entry in journal.entries()] == ["done"]
    journal.append(Entry("3", "deploy", "build"))
    assert [(entry.run, entry.phase) for entry in journal.entries()] == [("1", "done"), ("3", "build")]


def test_what_was_never_ended_is_unfinished(tmp_path: Path) -> None:
    assert journal_of(tmp_path).unfinished() is None
    journal = journal_of(tmp_path, ("1", "build", ""), ("1", "test", "a"))
    found = journal.unfinished()
    assert found is not None
    assert found.phase == "test"
    journal.append(Entry("1", "deploy", "abandoned"))
    assert journal.unfinished() is None


def test_a_run_that_touched_something_stays_unfinished_whatever_others_did_before_they_touched(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, ("1", "switch", "a"), ("1", "reload", "a"), ("2", "build", ""), ("2", "failed", ""))
    found = journal.unfinished()
    assert found is not None
    assert (found.run, found.phase) == ("1", "reload")
    journal.append(Entry("3", "deploy", "done", "b"))
    assert journal.unfinished() is None


def test_proven_are_those_that_were_verified_and_those_gone_back_to_the_latest_last(tmp_path: Path) -> None:
    lines: list[tuple[str, Phase, str]] = [("1", "done", "a"), ("2", "done", "b"), ("3", "failed", "c"), ("4", "done", "a")]
    journal = journal_of(tmp_path, *lines)
    assert journal.proven() == ("b", "a")
    journal.append(Entry("5", "deploy", "rolled-back", "d", "b"))
    assert journal.proven() == ("a", "b")


def test_the_link_is_relative_and_replaced_in_one_step(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.prepare()
    for name in ("one", "two"):
        (state.releases / name).mkdir()
        state.switch(name)
        assert state.current.readlink() == Path(name)
    with pytest.raises(FileNotFoundError):
        state.switch("three")
    assert state.release() == "two"
    assert (state.secrets.stat().st_mode & 0o777) == 0o700


def test_a_killed_holder_holds_the_lock_no_more(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    script = (
        "import sys, time; from operate.state import State; from pathlib import Path\n"
        "with State(Path(sys.argv[1])).locked('deploy'): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(state.root)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=rf"`touchline deploy` \(process {holder.pid}, since "), state.locked("down"):
            pass
    finally:
        holder.kill()
        holder.wait()
    with state.locked("down"):
        pass
