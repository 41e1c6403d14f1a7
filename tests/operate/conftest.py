"""Sites for the tests of operate: real engines under supervisord, state in a directory of the test's own."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from generators.ir.compiled import Compiled
from operate.deploy import Built, Outcome, deploy
from operate.show import Show
from operate.site import Site, engines
from operate.state import State
from tests.operate import sample


@dataclasses.dataclass
class Bench:
    """A site, and the compilation that is deployed to it."""

    site: Site
    whole: Compiled
    said: io.StringIO

    def built(self, whole: Compiled | None = None, **texts: str) -> Built:
        """A build of a compilation; `texts` replace files, by their path with `__` for `/`."""
        whole = whole or self.whole
        files = sample.files(whole) | {path.replace("__", "/").replace("_yml", ".yml"): text for path, text in texts.items()}
        return Built(files, whole, "local", Path("spec/sample.yaml"))

    def deploy(self, whole: Compiled | None = None, **texts: str) -> Outcome:
        with self.site.state.locked("deploy"):
            return deploy(self.site, lambda: self.built(whole, **texts))

    def address(self, component: str, port: str = "http") -> str:
        return "http://" + self.site.engine("local").address(component, port, self.whole.stack)

    def idents(self) -> dict[str, str]:
        return {one.component: one.ident for one in self.site.engine("local").status(self.whole.stack)}

    def down(self) -> None:
        self.site.engine("local").down(self.whole.stack, self.site.say)


def bench_at(root: Path, names: frozenset[str]) -> Bench:
    """A bench whose state is below `root`."""
    said = io.StringIO()
    console = Console(file=said, width=10_000)
    state = State(root)
    site = Site(state, Show("text", console, console), engines(state, frozenset()))
    return Bench(site, sample.compiled(sample.stack_of(names)), said)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Prometheus and Alertmanager, taken down at the end."""
    found = bench_at(tmp_path / "state", sample.QUICK)
    yield found
    found.down()


@pytest.fixture(scope="module")
def whole_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """All four engines, deployed once for a module that only asks."""
    found = bench_at(tmp_path_factory.mktemp("site") / "state", sample.NAMES)
    try:
        outcome = found.deploy()
        assert outcome.failure == "", f"{outcome.failure}\n{found.said.getvalue()}"
        yield found
    finally:
        found.down()


Change = Callable[[Compiled], Compiled]
