"""The verbs, one file each: arguments, exit codes, pictures for people. A module has `add`, which declares its arguments, and
`run`, which returns the exit code: 0 fine, 1 the user's fault, 2 the environment's."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from generators import build as compiler
from generators.fault import Fault
from generators.ir.compiled import Compiled
from generators.ir.stack import EngineName
from operate.deploy import recover
from operate.engines import EngineError
from operate.release import Release
from operate.show import Show
from operate.site import Site, engines
from operate.state import State

FINE, USERS_FAULT, ENVIRONMENTS_FAULT = 0, 1, 2
PRODUCTION, LOCAL = "production", "local"


class UserFault(Exception):  # noqa: N818 - the house's word is fault
    """Something the user must mend; `faults` when the spec is at fault."""

    def __init__(self, what: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(what)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command line, parsed. `root` is the clone."""

    arguments: argparse.Namespace
    show: Show
    spec: Path
    root: Path

    def environment(self, usual: str) -> str:
        """The environment asked for, or the verb's usual one."""
        return str(self.arguments.environment or usual)

    def site(self) -> Site:
        """The state of this spec's project in the environment asked for."""
        state = State.of(project_name(self.spec), self.environment(LOCAL))
        absent = frozenset(filter(None, str(self.arguments.may_be_absent).split(",")))
        return Site(state, self.show, engines(state, absent))


@dataclass(frozen=True, slots=True)
class Sound:
    """A build without errors."""

    build: compiler.Build
    compiled: Compiled


def sound(
    call: Call,
    environment: str,
    engine: EngineName,
    only: frozenset[str] = frozenset(),
    lacking: Mapping[str, str] | None = None,
) -> Sound:
    """Build the spec; `lacking` as `Engine.lacking` says. Raises `UserFault` with every fault; warnings are shown and pass."""
    built = compiler.build(call.spec, environment, engine, only, lacking)
    errors = tuple(fault for fault in built.faults if fault.severity == "error")
    if errors or built.compiled is None:
        raise UserFault(f"{call.spec} has {len(errors)} fault{'s' if len(errors) != 1 else ''}", built.faults)
    call.show.faults(built.faults)
    return Sound(built, built.compiled)


def project_name(spec: Path) -> str:
    """The name under `project`. Only this is read, so that a spec with faults can still be looked up, rolled back, taken down."""
    try:
        if spec.suffix in (".yaml", ".yml"):
            value = yaml.safe_load(spec.read_text(encoding="utf-8"))
            name = value.get("project", {}).get("name") if isinstance(value, dict) else None
            if isinstance(name, str) and name and "/" not in name and not name.startswith("."):
                return name
        elif (built := compiler.build(spec, LOCAL, "local")).compiled is not None:
            return built.compiled.project
    except (OSError, yaml.YAMLError, AttributeError, UnicodeDecodeError) as error:
        faults = compiler.build(spec, LOCAL, "local").faults
        raise UserFault(f"{spec} cannot be read" if faults else f"{spec}: {error}", faults) from error
    raise UserFault(f"{spec}: the project has no name; say `project: {{name: ...}}`")


def demand_running(site: Site, release: Release) -> None:
    """Raise `EngineError` where nothing of a release runs: each engine's own "connection refused" would say less."""
    running = site.engine(release.engine).status(release.compiled.stack)
    if any(one.health not in ("stopped", "done") for one in running):
        return
    why = "it was stopped by `touchline down`" if site.journal.settled() == "down" else "none of its components runs"
    where = "" if release.environment == LOCAL else f" --environment {release.environment}"
    raise EngineError("", f"the stack is down: {why}", f"`touchline deploy{where}` starts it.")


@contextmanager
def at_work(site: Site, verb: str) -> Iterator[None]:
    """Hold the lock, and bring to an end what a killed command left."""
    with site.state.locked(verb):
        try:
            recover(site)
        except EngineError as error:
            # It stays unfinished. The verb goes on all the same: a deploy of what mends it must not wait for what is broken.
            site.show.note(f"it could not be brought to an end: {error}", "failed")
        yield
