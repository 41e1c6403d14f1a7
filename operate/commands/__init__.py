"""The verbs, one file each: arguments, exit codes, pictures for people. A module has `add`, which declares its arguments, and
`run`, which returns the exit code: 0 fine, 1 the user's fault, 2 the environment's. Every call passes through here, and none needs
all of it: what only some verbs need is imported where it is used."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from operate.faults import UserFault as UserFault

if TYPE_CHECKING:
    from generators.build import Build
    from generators.ir.compiled import Compiled
    from generators.ir.stack import EngineName
    from generators.spec.model import Environment
    from operate.release import Release
    from operate.show import Show
    from operate.site import Site

FINE, USERS_FAULT, ENVIRONMENTS_FAULT = 0, 1, 2
PRODUCTION, LOCAL = "production", "local"


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
        from operate.site import Site, engines
        from operate.state import State

        environment = self.environment(LOCAL)
        if not _plain(environment):
            raise UserFault(f"--environment {environment}: that is no name of an environment")
        state = State.of(project_name(self.spec), environment)
        absent = frozenset(filter(None, str(self.arguments.may_be_absent).split(",")))
        return Site(state, self.show, engines(state, absent))


@dataclass(frozen=True, slots=True)
class Sound:
    """A build without errors."""

    build: Build
    compiled: Compiled


def sound(
    call: Call,
    environment: str,
    engine: EngineName,
    only: frozenset[str] = frozenset(),
    lacking: Mapping[str, str] | None = None,
) -> Sound:
    """Build the spec; `lacking` as `Engine.lacking` says. Raises `UserFault` with every fault; warnings are shown and pass."""
    from generators.build import build

    built = build(call.spec, environment, engine, only, lacking)
    errors = tuple(fault for fault in built.faults if fault.severity == "error")
    if errors or built.compiled is None:
        raise UserFault(f"{call.spec} has {len(errors)} fault{'s' if len(errors) != 1 else ''}", built.faults)
    call.show.faults(built.faults)
    return Sound(built, built.compiled)


def environments(spec: Path) -> Mapping[str, Environment]:
    """The environments of a spec by name; none where it cannot be read, which its build says."""
    from generators.spec.load import load

    try:
        read = load(spec).spec
    except OSError:
        return {}
    return read.environments if read else {}


def foremost(spec: Path) -> str:
    """The environment that speaks for a spec: the one that is production, whatever it is called; the first where none is."""
    known = environments(spec)
    return next((name for name, one in known.items() if one.production), next(iter(known), PRODUCTION))


def project_name(spec: Path) -> str:
    """The name under `project`. Only this is read, so that a spec with faults can still be looked up, rolled back, taken down."""
    import yaml

    try:
        if spec.suffix in (".yaml", ".yml"):
            value = yaml.safe_load(spec.read_text(encoding="utf-8"))
            name = value.get("project", {}).get("name") if isinstance(value, dict) else None
            if isinstance(name, str) and _plain(name):
                return name
        elif (compiled := _built(spec).compiled) is not None:
            return compiled.project
    except (OSError, yaml.YAMLError, AttributeError, UnicodeDecodeError) as error:
        faults = _built(spec).faults
        raise UserFault(f"{spec} cannot be read" if faults else f"{spec}: {error}", faults) from error
    raise UserFault(f"{spec}: the project has no name; say `project: {{name: ...}}`")


def _plain(name: str) -> bool:
    """Whether a name may be that of a directory."""
    return bool(name) and "/" not in name and "\0" not in name and not name.startswith(".")


def _built(spec: Path) -> Build:
    from generators.build import build

    return build(spec, LOCAL, "local")


def demand_running(site: Site, release: Release) -> None:
    """Raise `EngineError` where nothing of a release runs: each engine's own "connection refused" would say less."""
    from operate.engines import EngineError

    running = site.engine(release.engine).status(release.compiled.stack)
    if any(one.health not in ("stopped", "done") for one in running):
        return
    why = "it was stopped by `touchline down`" if site.journal.settled() == "down" else "none of its components runs"
    where = "" if release.environment == LOCAL else f" --environment {release.environment}"
    raise EngineError("", f"the stack is down: {why}", f"`touchline deploy{where}` starts it.")


@contextmanager
def at_work(site: Site, verb: str) -> Iterator[None]:
    """Hold the lock, and bring to an end what a killed command left."""
    from operate.deploy import recover
    from operate.engines import EngineError

    with site.state.locked(verb):
        try:
            recover(site)
        except EngineError as error:
            # It stays unfinished. The verb goes on all the same: a deploy of what mends it must not wait for what is broken.
            site.show.note(f"it could not be brought to an end: {error}", "failed")
        yield
