"""The whole way of a spec: load, resolve, compile, check, emit. In: the path of a spec, an environment, an engine. Out: every file
as text, or the faults. It writes nothing, and reads the spec, what it includes, its mixins and the runbook notes beside it."""

from __future__ import annotations

import atexit
import difflib
import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from generators.catalogue import WrongKindError, catalogue
from generators.checks import check
from generators.compile.alerting import compile_alerting
from generators.compile.contract import with_recorded
from generators.compile.dashboards import compile_grafana
from generators.compile.rules import compile_rules
from generators.compile.runbooks import compile_runbooks
from generators.compile.scrape import compile_scrape
from generators.compile.stack import compile_stack
from generators.compile.telemetry import compile_telemetry
from generators.compile.tracing import compile_tracing
from generators.emit import alertmanager, compose, grafana, jaeger, prometheus, rules, ruletests, runbooks, supervisord, telemetry
from generators.fault import Fault, Where, in_reading_order
from generators.ir.compiled import Compiled
from generators.ir.stack import EngineName
from generators.ir.tests import TestFile
from generators.plan import MixinPlan, Plan
from generators.proof.echoes import prove_echoes
from generators.proof.routes import prove_routes
from generators.proof.rules import prove_rules
from generators.proof.scenarios import prove_notifications
from generators.read.mixins import read_mixin
from generators.record import dataclass
from generators.resolve import resolve
from generators.spec.load import Loaded, load, unreadable

PARTS: Mapping[str, tuple[str, ...]] = {
    "rules": ("prometheus/rules/", "prometheus/tests/"),
    "scrape": ("prometheus/prometheus.yml",),
    "routes": ("alertmanager/",),
    "dashboards": ("grafana/",),
    "tracing": ("jaeger/",),
    "stack": ("compose/", "local/"),
    "runbooks": ("docs/runbooks/",),
    "telemetry": (),
}
"""What `only` may name, and where the files of each stand; part_of knows the rest."""


@dataclass(frozen=True, slots=True)
class Build:
    """What became of a spec: its files by relative path; or faults, and then no file."""

    files: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    compiled: Compiled | None = None

    @property
    def failed(self) -> bool:
        return any(fault.severity == "error" for fault in self.faults)


def build(
    spec: Path,
    environment: str = "production",
    engine: EngineName = "compose",
    only: frozenset[str] = frozenset(),
    lacking: Mapping[str, str] | None = None,
) -> Build:
    """Compile a spec. `only` narrows the files to the named parts (keys of PARTS); `lacking` are the packaged programs that the
    machine of the local engine has not, with why: what they would watch is left out, by name. Faults of one stage come all at once."""
    with _uncollected():
        return _build(spec, environment, engine, only, lacking or {})


@contextmanager
def _uncollected() -> Iterator[None]:
    """No cyclic garbage collection meanwhile: what a compilation makes lives to its end, so that each collection would walk all of it
    and find nothing (Mercurial builds its large containers likewise: util.nogc). Afterwards it counts as old, without a walk; and at
    the end of the process the interpreter's last collections, a tenth of a cold compile, find it frozen."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        atexit.unregister(gc.freeze)
        atexit.register(gc.freeze)
        if was:
            gc.enable()


def _build(spec: Path, environment: str, engine: EngineName, only: frozenset[str], lacking: Mapping[str, str]) -> Build:
    shown = spec.as_posix()
    try:
        loaded = load(spec, shown)
    except OSError as error:
        return Build(faults=(unreadable(shown, error),))
    if loaded.spec is None:
        return Build(faults=in_reading_order(loaded.faults))
    mixins, wrong = mixins_of(loaded, spec)
    notes = _notes(spec)
    try:
        plan, faults = resolve(loaded, catalogue(), environment, engine, mixins, notes, lacking)
    except WrongKindError as wrong_kind:
        return Build(faults=in_reading_order((*loaded.faults, *wrong_kind.faults)))
    if plan is None or wrong or loaded.faults:
        return Build(faults=in_reading_order((*loaded.faults, *wrong, *faults)))
    tests, unproved = prove_rules(plan)
    if unproved:
        return Build(faults=in_reading_order(unproved))
    compiled = compile_plan(plan, tests)
    faults = in_reading_order((*check(compiled), *_orphaned(_own(notes, spec, compiled), compiled)))
    if any(fault.severity == "error" for fault in faults):
        return Build(faults=faults)
    files = {path: text for path, text in emit(compiled).items() if not only or part_of(path) in only}
    return Build(files, faults, compiled)


def compile_plan(plan: Plan, tests: tuple[TestFile, ...]) -> Compiled:
    """Plan to IR, with its tests as they were derived. Cannot fail."""
    rule_files = compile_rules(plan)
    return Compiled(
        project=plan.project.name,
        environment=plan.environment.name,
        engine=plan.engine,
        contract=with_recorded(plan.contract, rule_files),
        prometheus=compile_scrape(plan),
        rule_files=rule_files,
        alerting=compile_alerting(plan),
        grafana=compile_grafana(plan),
        tracing=compile_tracing(plan),
        stack=compile_stack(plan),
        runbooks=compile_runbooks(plan),
        telemetry=compile_telemetry(plan),
        test_files=(*tests, *prove_echoes(plan)),
        route_tests=prove_routes(plan),
        scenarios=prove_notifications(plan),
    )


def emit(compiled: Compiled) -> dict[str, str]:
    """IR to text, every file by its path."""
    engine = compose.emit(compiled.stack) if compiled.engine == "compose" else supervisord.emit(compiled.stack)
    return {
        **prometheus.emit(compiled.prometheus),
        **rules.emit(compiled.rule_files),
        **ruletests.emit(compiled.test_files),
        **alertmanager.emit(compiled.alerting, compiled.route_tests, compiled.scenarios),
        **grafana.emit(compiled.grafana),
        **(jaeger.emit(compiled.tracing) if compiled.tracing else {}),
        **engine,
        **runbooks.emit(compiled.runbooks),
        **telemetry.emit(compiled.telemetry),
    }


def plan_of(spec: Path, environment: str, engine: EngineName) -> tuple[Plan | None, tuple[Fault, ...]]:
    """The plan of a spec with all that its mixins bring along, for what asks more than its files tell."""
    return plans_of(spec, (environment,), engine)[environment]


def plans_of(spec: Path, environments: Iterable[str], engine: EngineName) -> dict[str, tuple[Plan | None, tuple[Fault, ...]]]:
    """The same of several environments; what they have in common is read once."""
    loaded = load(spec, spec.as_posix())
    mixins, wrong = mixins_of(loaded, spec)
    found = {one: resolve(loaded, catalogue(), one, engine, mixins) for one in environments}
    return {one: (plan, (*loaded.faults, *wrong, *faults)) for one, (plan, faults) in found.items()}


def mixins_of(loaded: Loaded, spec: Path) -> tuple[tuple[MixinPlan, ...], tuple[Fault, ...]]:
    """The mixins that a spec names, evaluated."""
    found: list[MixinPlan] = []
    faults: list[Fault] = []
    for index, name in enumerate(loaded.spec.mixins if loaded.spec else ()):
        mixin, wrong = read_mixin(spec.parent / name, name, loaded.source.where(("mixins", index)))
        faults.extend(wrong)
        if mixin:
            found.append(mixin)
    return tuple(found), tuple(faults)


def _notes(spec: Path) -> dict[str, str]:
    """What people wrote about alerts, by alert: docs/runbooks/notes/ beside the spec's folder."""
    folder = spec.parent.parent / "docs" / "runbooks" / "notes"
    return {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.md"))}


def _own(notes: Mapping[str, str], spec: Path, compiled: Compiled) -> Mapping[str, str]:
    """The notes that are this spec's to keep: none where the files that were generated beside them are another project's."""
    rules = spec.parent.parent / "prometheus" / "rules"
    written = {file.name for file in compiled.rule_files}
    theirs = [path for path in rules.glob("*.yml") if path.stem not in written]
    return {} if theirs and not (rules / f"{compiled.project}.yml").exists() else notes


def _orphaned(notes: Mapping[str, str], compiled: Compiled) -> Iterator[Fault]:
    """Notes whose alert is gone: nobody would find them any more, and they are people's, so they are not taken away."""
    alerts = {runbook.alert for runbook in compiled.runbooks}
    for name in notes.keys() - alerts:
        near = difflib.get_close_matches(name, alerts, 1, 0.6)
        fix = f"Did you mean '{near[0]}'?" if near else "Move the file to the alert's new name, or delete it."
        what = f"no alert is called '{name}', whose note this is"
        yield Fault("orphaned-note", Where(f"docs/runbooks/notes/{name}.md", 1, 1), what, fix, "warning")


def part_of(path: str) -> str:
    """The part that a file belongs to. The modules of `telemetry` stand where a spec says, and are all that is Python."""
    return next((part for part, places in PARTS.items() if path.startswith(places)), "telemetry" if path.endswith(".py") else "")
