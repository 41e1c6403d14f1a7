"""Which tests stay together, and which begin first, when pytest-xdist runs them on several workers (`make test`). In: a test's id.
Out: its unit, which one worker runs in order. A unit is a file, so that what a module's fixtures start is started once; the tables
say what is otherwise. Run alone (`pytest tests/x`), pytest is serial and asks nothing of this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER: Mapping[str, str] = {
    # Stacks in the Docker engine, one after the other; the longest of them, the demo's, is a unit beside.
    "tests/stack/test_compose.py": "docker",
    "tests/stack/test_images.py": "docker",
    "tests/engines/test_compose.py": "docker",
}
"""File -> the unit that it shares with others."""

APART: Sequence[str] = (
    "tests/compiler/test_planted.py::test_the_generated_tests_notice",
    "tests/compiler/test_planted.py::test_the_tests_of_routing_notice",
    "tests/compiler/test_engines.py::test_every_generated_rule_test_passes[shop]",
    "tests/compiler/test_engines.py::test_every_generated_rule_test_passes[football]",
)
"""Beginnings of ids whose tests are a unit of their own: long, and with nothing to share with the rest of their file."""

FIRST: Sequence[str] = (
    "tests/stack/test_demo.py",
    "docker",
    "tests/operate/test_whole.py",
    "tests/football/test_demo.py",
    "tests/compiler/test_engines.py::test_every_generated_rule_test_passes[football]",
    "tests/operate/test_verify.py",
    "tests/compiler/test_engines.py::test_every_generated_rule_test_passes[shop]",
    "tests/compiler/test_planted.py::test_the_generated_tests_notice",
    "tests/operate/test_killed.py",
    "tests/client/test_workers.py",
    "tests/compiler/test_planted.py::test_the_tests_of_routing_notice",
    "tests/operate/test_deploy.py",
    "tests/coverage/test_figures.py",
    "tests/coverage/test_selectors.py",
    "tests/engines/test_local.py",
    "tests/engines/test_exporters.py",
    "tests/football/test_launcher.py",
    "tests/routing/test_scenarios.py",
    "tests/routing/test_proving.py",
    "tests/grafana/test_types.py",
    "tests/emit/test_telemetry.py",
    "tests/client/test_traces_live.py",
)
"""The long units, the longest first, so that none begins when the others are over. Those that wait for engines stand between those
that compute: two cores are then busy with four workers."""


def unit_of(nodeid: str) -> str:
    """The unit of a test, by its id as pytest prints it."""
    for beginning in APART:
        if nodeid.startswith(beginning):
            return beginning
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file, file)


def next_of(waiting: Sequence[str], running: Sequence[str]) -> str:
    """The unit a worker takes next. xdist hands a unit over before the last tests of the one before have ended; behind a long unit
    that may be minutes, so a short one is taken, from the end."""
    if any(unit in FIRST for unit in running):
        return next((unit for unit in reversed(waiting) if unit not in FIRST), waiting[-1])
    return min(waiting, key=lambda unit: FIRST.index(unit) if unit in FIRST else len(FIRST))


class Units(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's own scheduling by scope, with our units as scopes and our order."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        running = [unit for unit, tests in self.assigned_work.get(node, {}).items() if not all(tests.values())]
        self.workqueue.move_to_end(next_of(list(self.workqueue), running), last=False)
        super()._assign_work_unit(node)
