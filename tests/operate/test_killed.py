"""kill -9 in every phase of a deploy: the next command says which release runs, and all engines end wholly on one."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operate.deploy import recover
from operate.release import read
from operate.verify import verify
from tests.operate import sample
from tests.operate.conftest import Bench, bench_at
from tests.operate.test_deploy import expression, with_bound

pytestmark = pytest.mark.engine
ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import os, pickle, signal, sys
from operate import deploy as module
from operate.engines.local import LocalEngine
from operate.journal import Journal
from tests.operate.conftest import bench_at
from tests.operate.test_deploy import with_bound
from tests.operate import sample
from pathlib import Path

root, moment, bound, pickled = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

write = Journal.append
def append(journal, entry):
    if moment == "before " + entry.phase:
        die()
    write(journal, entry)
    if moment == entry.phase:
        die()
Journal.append = append

reload = LocalEngine.reload
def half(engine, stack, components, say):
    if moment == "half of reload":
        reload(engine, stack, components[:1], say)
        die()
    reload(engine, stack, components, say)
LocalEngine.reload = half

bench = bench_at(Path(root), sample.QUICK)
bench.whole = pickle.loads(Path(pickled).read_bytes())
texts = {}
if bound == "broken":
    module.prove = lambda place, proven, show: 0
    texts["alertmanager__alertmanager_yml"] = "route: {receiver: a}\\nreceivers: [{name: b}]\\n"
bench.deploy(with_bound(bench.whole, "9" if bound == "broken" else bound), **texts)
"""

BEFORE = ("build", "test", "release", "before switch")
AFTER = ("switch", "reload", "half of reload", "verify", "before done")
bounds = itertools.count(3)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    found = bench_at(tmp_path_factory.mktemp("site") / "state", sample.QUICK)
    try:
        assert found.deploy().failure == ""
        yield found
    finally:
        found.down()


def killed(bench: Bench, moment: str, bound: str) -> None:
    """Deploy another release in a process of its own that is killed at this moment."""
    import pickle

    pickled = bench.site.state.root / "whole.pickle"
    pickled.write_bytes(pickle.dumps(bench.whole))
    command = [sys.executable, "-c", CHILD, str(bench.site.state.root), moment, bound, str(pickled)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -9, ended.stderr


@pytest.mark.parametrize("moment", BEFORE)
def test_killed_before_the_switch_the_last_release_runs_on(running: Bench, moment: str) -> None:
    before, shown = running.site.state.release(), expression(running)
    killed(running, moment, str(next(bounds)))
    with running.site.state.locked("status"):
        outcome = recover(running.site)
    assert outcome is not None
    assert outcome.running == before
    assert f"Release {before} is current" in running.said.getvalue().splitlines()[-1]
    assert expression(running) == shown
    assert verify(running.site, read(running.site.state, before)).findings == ()
    assert running.site.journal.unfinished() is None
    assert list(running.site.state.releases.glob(".*")) == []


@pytest.mark.parametrize("moment", AFTER)
def test_killed_after_the_switch_the_next_command_finishes_it(running: Bench, moment: str) -> None:
    before, bound = running.site.state.release(), str(next(bounds))
    killed(running, moment, bound)
    with running.site.state.locked("status"):
        outcome = recover(running.site)
    assert outcome is not None
    assert (outcome.failure, outcome.running) == ("", running.site.state.release())
    assert (outcome.running != before) == (moment != "before switch")
    assert f"Release {outcome.running} runs" in running.said.getvalue().splitlines()[-1]
    assert expression(running).endswith(f"> {bound}")
    assert verify(running.site, read(running.site.state, outcome.running)).findings == ()
    assert running.site.journal.unfinished() is None


@pytest.mark.parametrize("moment", ["reload", "half of reload", "going-back"])
def test_killed_with_a_release_that_cannot_run_the_next_command_goes_back(running: Bench, moment: str) -> None:
    before, shown = running.site.state.release(), expression(running)
    killed(running, moment, "broken")
    with running.site.state.locked("status"):
        outcome = recover(running.site)
    assert outcome is not None
    assert outcome.running == before == running.site.state.release()
    assert expression(running) == shown
    assert verify(running.site, read(running.site.state, before)).findings == ()
    assert running.site.journal.unfinished() is None


def test_a_new_deploy_after_a_kill_ends_on_the_new_release(running: Bench) -> None:
    killed(running, "half of reload", str(next(bounds)))
    bound = str(next(bounds))
    with running.site.state.locked("deploy"):
        recover(running.site)
    outcome = running.deploy(with_bound(running.whole, bound))
    assert outcome.failure == ""
    assert expression(running).endswith(f"> {bound}")
