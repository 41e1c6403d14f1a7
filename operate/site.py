"""One project in one environment on this machine: its state, its journal, its engines, and who is told how the work goes.
In: names and choices of a command line. Out: the `Site` that every verb works on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generators.ir.stack import EngineName, Stack
from operate.engines import Engine
from operate.engines.compose import ComposeEngine
from operate.engines.local import LocalEngine
from operate.journal import Journal
from operate.release import Release, ReleaseError, read
from operate.show import Show
from operate.state import State


@dataclass(frozen=True, slots=True)
class Site:
    """What a verb works on. `engine` gives the engine of a name; a release brings the name along."""

    state: State
    show: Show
    engine: Callable[[EngineName], Engine]

    @property
    def journal(self) -> Journal:
        return Journal(self.state.journal)

    def current(self) -> Release | None:
        """The release that `current` points to."""
        identity = self.state.release()
        return read(self.state, identity) if identity else None

    def say(self, text: str) -> None:
        """Pass on what an engine says of its work."""
        self.show.note(f"         {text}")


def engines(state: State, may_be_absent: frozenset[str]) -> Callable[[EngineName], Engine]:
    """The engines of a state directory by name."""

    def make(name: EngineName) -> Engine:
        return ComposeEngine(state.root, may_be_absent) if name == "compose" else LocalEngine(state.root)

    return make


def choose(site: Site, asked: str) -> EngineName:
    """The engine of a new release. `auto` stays with the one that already keeps this environment's history, as long as it
    can be used; else it is compose where a Docker engine answers, and local where none does."""
    if asked == "compose" or asked == "local":
        return "compose" if asked == "compose" else "local"
    try:
        release = site.current()
    except ReleaseError:
        release = None
    if release is not None and not site.engine(release.engine).available():
        return release.engine
    return "local" if site.engine("compose").available() else "compose"


def addresses(engine: Engine, stack: Stack) -> Sequence[tuple[str, str, str]]:
    """(component, port, address) of everything that can be reached here."""
    found = []
    for component in stack.components:
        for port in component.ports:
            address = engine.address(component.name, port.name, stack)
            if address:
                found.append((component.name, port.name, address))
    return found
