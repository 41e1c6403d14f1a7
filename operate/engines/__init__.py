"""Where a released stack runs. In: the stack IR and the state directory whose `releases/current` it reads. Out: processes or
containers that run it. Two engines behind one protocol: `compose` (a Docker engine) and `local` (processes under supervisord)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from generators.ir.stack import EngineName, Stack
from operate.faults import EnvironmentFault

Health = Literal["running", "starting", "unhealthy", "stopped", "done"]
Say = Callable[[str], None]


class EngineError(EnvironmentFault):
    """The environment refused: `component` ("" for the engine itself), what happened, and how to mend it."""

    def __init__(self, component: str, what: str, fix: str = "") -> None:
        super().__init__(f"{component}: {what}" if component else what)
        self.component = component
        self.what = what
        self.fix = fix

    @property
    def told(self) -> str:
        return f"{str(self).rstrip('.')}. {self.fix}".strip()


class ReloadRefused(EngineError):  # noqa: N818  (it says what happened, as EngineError's other kinds would)
    """A running component would not take the new configuration; `what` holds its own words. It still runs the old one, or a
    part of each: the caller goes back to the last release."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A component of the stack that this engine cannot run here, and why."""

    component: str
    because: str


@dataclass(frozen=True, slots=True)
class Running:
    """One component as the engine sees it. `ident` is the container's id or the process id: while it stays the same, nothing
    was started anew (a container keeps its id over a restart). `since` is RFC 3339, "" when it does not run."""

    component: str
    health: Health
    detail: str = ""
    ident: str = ""
    since: str = ""
    restarts: int = 0


class Engine(Protocol):
    """One engine, for one state directory. Everything is idempotent; every failure is an `EngineError`."""

    @property
    def name(self) -> EngineName:
        """compose or local."""

    def available(self) -> str:
        """Why this engine cannot be used on this machine; "" when it can."""

    def lacking(self) -> Mapping[str, str]:
        """Programs that a stack would run at whatever release the machine has, and that this machine has not, with why: what a
        build leaves out."""

    def absent(self, stack: Stack) -> tuple[Absent, ...]:
        """The components it cannot run here."""

    def up(self, stack: Stack, say: Say) -> None:
        """Start or change what differs from the stack, remove what is not in it, and wait until all is ready. What only reads
        changed files is left running: `reload` is for that."""

    def reload(self, stack: Stack, components: Sequence[str], say: Say) -> None:
        """Let the components read `current` again, each by its own way (`Component.reload`), and wait until they are ready.
        Raises `ReloadRefused` with the component's own words."""

    def status(self, stack: Stack) -> tuple[Running, ...]:
        """Every component that should run here, as it is."""

    def down(self, stack: Stack, say: Say) -> None:
        """Stop everything; volumes, secrets and releases stay."""

    def answer(self, url: str, stack: Stack) -> str:
        """What an address answers where the stack's components run: an application's name in a network of containers means nothing
        outside of it."""

    def address(self, component: str, port: str, stack: Stack) -> str:
        """`host:port` under which this machine reaches the port; "" where it is not published."""


Make = Callable[[Path], Engine]
