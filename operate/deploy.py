"""From what was built to what runs: build, test, release, switch, reload, verify, and back when verify says no.

In: a site and a way to build. Out: an `Outcome`: which release runs now, and whether that is what was asked. Every phase is
in the journal before it begins, so that a command that was killed leaves behind what the next one needs to converge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generators.ir.compiled import Compiled
from generators.ir.stack import Component, EngineName, Stack
from operate import release as releases
from operate.engines import Engine, EngineError
from operate.engines.probe import LOOPBACK
from operate.engines.supervisor import port_taken
from operate.journal import TOUCHING, Entry, Phase, new_run
from operate.proving import prove
from operate.release import Release, ReleaseError
from operate.site import Site
from operate.verify import SETTLING, Report, verify


@dataclass(frozen=True, slots=True)
class Built:
    """What a build gave: the files, and what they mean."""

    files: Mapping[str, str]
    compiled: Compiled
    engine: EngineName
    spec: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What runs now ("" when nothing does), the report of its verification, and, if it went wrong, what happened."""

    running: str
    report: Report | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a verb, as the journal knows it."""

    site: Site
    verb: str
    id: str = dataclasses.field(default_factory=new_run)

    def enter(self, phase: Phase, release: str = "", previous: str = "", note: str = "") -> None:
        """Say in the journal what begins now."""
        self.site.journal.append(Entry(self.id, self.verb, phase, release, previous, note))


def deploy(site: Site, build: Callable[[], Built]) -> Outcome:
    """Build, test, release and activate. The caller holds the lock and has brought to an end what was unfinished. What a build
    or a tool raises passes through: nothing that runs was touched by then."""
    run, show = Run(site, "deploy"), site.show
    try:
        run.enter("build")
        with show.phase("build", "compile the spec"):
            built = build()
            candidate = releases.prepare(site.state, built.files, built.compiled, built.engine, built.spec)
        run.enter("test", candidate.hash)
        with show.phase("test", "promtool and amtool on the result"):
            here = runnable(site, built.engine, built.compiled.stack)
            demand_secrets(site, built, here)
            demand_ports(site, here)
            prove(candidate.path, site.state.root / "proven", show)
        run.enter("release", candidate.hash)
        with show.phase("release", f"keep it as {candidate.hash}"):
            release = releases.keep(site.state, candidate)
    except Exception as error:
        run.enter("failed", note=type(error).__name__)
        releases.sweep(site.state)
        raise
    return activate(run, release, unsure=unsettled(site))


def runnable(site: Site, engine: EngineName, stack: Stack) -> list[Component]:
    """The components that the engine can run here."""
    absent = {one.component for one in site.engine(engine).absent(stack)}
    return [component for component in stack.components if component.name not in absent]


def demand_secrets(site: Site, built: Built, here: Sequence[Component]) -> None:
    """Every secret that what runs here reads, and that nobody may make up, is there before anything is switched."""
    wanted = {name for component in here for name in component.secret_files} - set(built.compiled.stack.generated)
    missing = sorted(name for name in wanted if not (site.state.secrets / name).is_file())
    if missing:
        what = f"{built.compiled.environment} does not start without its secrets: {', '.join(missing)}"
        raise EngineError("", what, f"Put each value into a file of that name in {site.state.secrets}.")


def demand_ports(site: Site, here: Sequence[Component]) -> None:
    """No port that is to be listened on is somebody else's, before anything is switched. Where an earlier run was cut off, nobody knows
    which ports are ours; then the engine finds out."""
    if unsettled(site):
        return
    wanted = [(port, one) for one in here for port in one.ports if port.host_port and port.protocol == "tcp"]
    mine = _held(site)
    taken = [
        f"{port.host_port} ({one.name}, {port.name})"
        for port, one in wanted
        if port.host_port not in mine and port_taken(LOOPBACK, port.host_port)
    ]
    if taken:
        what = f"taken by something else: port {', '.join(taken)}"
        fix = "Stop that, or set other ports: `stack.ports` or the environment's `port_offset`. What runs was not touched."
        raise EngineError("", what, fix)


def _held(site: Site) -> set[int]:
    """The ports of this machine that belong to what runs of the current release."""
    current = site.state.release()
    if not current:
        return set()
    try:
        stack, engine = (found := releases.read(site.state, current)).compiled.stack, site.engine(found.engine)
    except ReleaseError:
        return set()
    runs = {one.component for one in engine.status(stack) if one.health not in ("stopped", "done")}
    return {port.host_port for component in stack.components if component.name in runs for port in component.ports}


def activate(run: Run, release: Release, unsure: bool) -> Outcome:
    """Make a release the running one, or go back to the last that was proven. `unsure`: nobody knows what the engines have
    loaded, so all of them load anew."""
    site = run.site
    previous = _last_proven(site)
    before = previous.hash if previous else ""
    if not unsure and site.state.release() == release.hash == before and site.journal.settled() != "down":
        with site.show.phase("verify", f"{release.hash} is already released; is it what runs?") as phase:
            report = verify(site, release)
            phase.mark = "ok" if report.good else "warning"
        if report.good:
            run.enter("done", release.hash, before)
            return Outcome(release.hash, report)
        for finding in report.findings:
            site.show.note(f"         {finding}", "warning")
        unsure = True
    try:
        run.enter("switch", release.hash, before)
        with site.show.phase("switch", f"{before or 'nothing'} -> {release.hash}"):
            site.state.switch(release.hash)
        report = _load(run, release, previous, unsure)
    except EngineError as error:
        return _go_back(run, release, previous, _words(error))
    if not report.good:
        return _go_back(run, release, previous, "verify found differences:\n  " + "\n  ".join(report.findings))
    run.enter("done", release.hash, before)
    releases.prune(site.state, frozenset({release.hash, *site.journal.proven()[-3:]}))
    return Outcome(release.hash, report)


def _load(run: Run, release: Release, previous: Release | None, unsure: bool) -> Report:
    """Let the engines take the release that `current` points to, and compare."""
    site = run.site
    before = previous.hash if previous else ""
    engine = site.engine(release.engine)
    run.enter("reload", release.hash, before)
    with site.show.phase("reload", f"start or reload on the {release.engine} engine"):
        if previous is not None and previous.engine != release.engine:
            site.engine(previous.engine).down(previous.compiled.stack, site.say)
        _take(site, engine, release, None if unsure else previous)
    run.enter("verify", release.hash, before)
    with site.show.phase("verify", "ask every engine what it runs") as phase:
        report = verify(site, release, SETTLING)
        phase.mark = "ok" if report.good else "failed"
    return report


def _take(site: Site, engine: Engine, release: Release, loaded: Release | None) -> None:
    """Start what is not there or is described otherwise; what ran on takes its changed files by a reload."""
    stack = release.compiled.stack
    before = {one.component: one.ident for one in engine.status(stack)}
    engine.up(stack, site.say)
    ran_on = {one.component for one in engine.status(stack) if one.ident and one.ident == before.get(one.component)}
    engine.reload(stack, [name for name in _affected(release, loaded) if name in ran_on], site.say)


def _affected(release: Release, previous: Release | None) -> list[str]:
    """Components whose files differ from what they have loaded; all that read files, where that is unknown."""
    changed = set(release.files)
    if previous is not None and previous.engine == release.engine:
        ours, theirs = release.files, previous.files
        changed = {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}
    return [
        component.name
        for component in release.compiled.stack.components
        if any(name == read or name.startswith(f"{read.rstrip('/')}/") for read in component.reads for name in changed)
    ]


def _go_back(run: Run, failed: Release, previous: Release | None, why: str) -> Outcome:
    """All engines end wholly on the last proven release; on none where there is no such."""
    site = run.site
    site.show.note(why, "failed")
    run.enter("going-back", failed.hash, previous.hash if previous else "", why)
    if previous is None:
        site.engine(failed.engine).down(failed.compiled.stack, site.say)
        site.state.unlink_current()
        run.enter("failed", failed.hash, note=why)
        return Outcome("", None, f"{why}\nThere is no earlier release to go back to; everything is stopped.")
    if previous.hash == failed.hash:
        return Outcome(previous.hash, None, why)
    with site.show.phase("back", f"{failed.hash} -> {previous.hash}"):
        site.state.switch(previous.hash)
        if failed.engine != previous.engine:
            site.engine(failed.engine).down(failed.compiled.stack, site.say)
        _take(site, site.engine(previous.engine), previous, None)
        report = verify(site, previous, SETTLING)
    if not report.good:
        lines = "\n  ".join(report.findings)
        why = f"{why}\nGoing back to {previous.hash} is not complete:\n  {lines}"
        site.show.note(why, "failed")
        return Outcome(previous.hash, report, why)
    run.enter("rolled-back", failed.hash, previous.hash, why)
    return Outcome(previous.hash, report, why)


def recover(site: Site) -> Outcome | None:
    """Bring to an end what a killed command began; None when there is nothing. The caller holds the lock."""
    entry = site.journal.unfinished()
    if entry is None:
        return None
    releases.sweep(site.state)
    run, running = Run(site, entry.verb, entry.run), site.state.release()
    told = f"`touchline {entry.verb}` of {entry.at} was cut off in its phase `{entry.phase}`"
    if entry.phase not in TOUCHING:
        site.show.note(f"{told}; it had changed nothing. Release {running or 'none'} is current.", "warning")
        run.enter("abandoned", entry.release)
        return Outcome(running, None)
    site.show.note(f"{told}; current is {running or 'none'}. It is brought to an end now.", "warning")
    try:
        release = releases.read(site.state, entry.release)
        previous = releases.read(site.state, entry.previous) if entry.previous else None
    except ReleaseError as error:
        return _without(run, entry.release, str(error))
    if entry.phase == "going-back" and (previous is None or previous.hash != release.hash):
        outcome = _go_back(run, release, previous, entry.note)
    else:
        outcome = activate(run, release, unsure=True)
    site.show.note(f"Release {outcome.running or 'none'} runs.", "failed" if outcome.failure else "ok")
    return outcome


def _without(run: Run, lost: str, why: str) -> Outcome:
    """A release that should be brought to an end cannot be read: the last proven one takes its place."""
    run.site.show.note(why, "failed")
    proven = _last_proven(run.site)
    if proven is not None:
        return activate(run, proven, unsure=True)
    run.enter("failed", lost, note=why)
    return Outcome("", None, why)


def unsettled(site: Site) -> bool:
    """Whether an earlier run that touched what runs could not be brought to an end."""
    entry = site.journal.unfinished()
    return entry is not None and entry.phase in TOUCHING


def _last_proven(site: Site) -> Release | None:
    """The release to go back to: the last that was verified while running and is still as it was built."""
    for identity in reversed(site.journal.proven()):
        try:
            found = releases.read(site.state, identity)
        except ReleaseError:
            continue
        if not found.damage():
            return found
    return None


def _words(error: EngineError) -> str:
    return f"{str(error).rstrip('.')}. {error.fix}".strip()
