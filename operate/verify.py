"""Does what runs equal the release? In: a release and the engine that carries it. Out: a report of every difference, of targets
that are down, and of what could not be asked because it does not run here. Each engine is asked over its own API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from generators.ir.compiled import Compiled
from operate.engines import Absent, Engine, EngineError
from operate.live import alertmanager, grafana, http, jaeger, prometheus
from operate.release import Release
from operate.site import Site

SETTLING = 45.0
"""Seconds that a freshly started stack gets to discover its targets and to answer."""
GRAFANA_LOGIN = ("admin", "grafana_admin_password")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was compared, and what was different."""

    component: str
    what: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole comparison. It is good when no check found anything; targets that are down do not count."""

    release: str
    checks: tuple[Check, ...]
    down: tuple[prometheus.Down, ...] = ()
    failing_rules: tuple[str, ...] = ()
    absent: tuple[Absent, ...] = ()

    @property
    def good(self) -> bool:
        return not any(check.findings for check in self.checks)

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(f"{check.component}: {finding}" for check in self.checks for finding in check.findings)

    def as_dict(self) -> dict[str, Any]:
        """The report for `--format json`."""
        return {
            "release": self.release,
            "good": self.good,
            "checks": [{"component": c.component, "what": c.what, "findings": list(c.findings)} for c in self.checks],
            "targets_down": [{"job": d.job, "address": d.address, "why": d.why} for d in self.down],
            "failing_rules": list(self.failing_rules),
            "absent": [{"component": a.component, "because": a.because} for a in self.absent],
        }


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask an engine: the differences come back, none when it is as released."""

    component: str
    what: str
    ask: Callable[[], Iterable[str]]


def verify(site: Site, release: Release, settling: float = 0.0) -> Report:
    """Compare once; and again, until `settling` seconds are over, what is not yet as it should be."""
    engine = site.engine(release.engine)
    absent = engine.absent(release.compiled.stack)
    checks = answers(questions(site, release, engine, frozenset(one.component for one in absent)), settling)
    base = _base(engine, release.compiled, "prometheus", "http")
    down, failing = _prometheus_state(base, release, time.monotonic() + settling) if base else ((), ())
    return Report(release.hash, checks, down, failing, absent)


def answers(asked: Iterable[Question], settling: float) -> tuple[Check, ...]:
    """Ask all at once."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return tuple(pool.map(lambda question: _settled(question, time.monotonic() + settling), asked))


def _settled(question: Question, deadline: float) -> Check:
    while True:
        try:
            findings = tuple(question.ask())
        except (http.Unreachable, EngineError) as error:
            findings = (str(error),)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            findings = (f"the answer is not as its API says: {error!r}",)
        if not findings or time.monotonic() >= deadline:
            return Check(question.component, question.what, findings)
        time.sleep(1.0)


def questions(site: Site, release: Release, engine: Engine, absent: frozenset[str]) -> Iterable[Question]:
    """Everything there is to ask of what runs here."""
    compiled, here = release.compiled, {c.name for c in release.compiled.stack.components} - absent
    yield Question("release", "files as they were built, and current", lambda: _intact(site, release))
    yield Question("engine", "every component runs", lambda: _components(engine, compiled))
    if "prometheus" in here:
        yield from _prometheus(release, _base(engine, compiled, "prometheus", "http"))
    if "alertmanager" in here:
        yield from _alertmanager(release, _base(engine, compiled, "alertmanager", "http"))
    if "grafana" in here:
        yield from _grafana(site, release, _base(engine, compiled, "grafana", "http"))
    tracing = compiled.tracing
    if "jaeger" in here and tracing is not None:
        otlp, query = (_base(engine, compiled, "jaeger", port) for port in ("otlp-http", "query"))
        yield Question("jaeger", "spans sent are read back", lambda: jaeger.kept(otlp, query, tracing))


def _prometheus(release: Release, base: str) -> Iterable[Question]:
    compiled = release.compiled
    component = next(c for c in compiled.stack.components if c.name == "prometheus")
    command = (component.local_command or component.command) if release.engine == "local" else component.command
    text = (release.path / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    scrape = compiled.prometheus
    count = sum(len(group.rules) for file in compiled.rule_files for group in file.groups)
    yield Question("prometheus", f"{count} rules", lambda: prometheus.rules(base, compiled.rule_files))
    yield Question("prometheus", "configuration", lambda: prometheus.config(base, text))
    yield Question("prometheus", "flags", lambda: prometheus.flags(base, command))
    yield Question("prometheus", "targets", lambda: prometheus.targets(base, scrape)[0])
    yield Question("prometheus", "Alertmanagers", lambda: prometheus.alertmanagers(base, scrape))


def _alertmanager(release: Release, base: str) -> Iterable[Question]:
    text = (release.path / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    names = [receiver.name for receiver in release.compiled.alerting.receivers]
    yield Question("alertmanager", "configuration", lambda: alertmanager.config(base, text))
    yield Question("alertmanager", f"{len(names)} receivers", lambda: alertmanager.receivers(base, names))


def _grafana(site: Site, release: Release, base: str) -> Iterable[Question]:
    model = release.compiled.grafana
    folder = release.path / "grafana/dashboards"
    files = {f"grafana/dashboards/{p.name}": p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.json"))}
    user, secret = GRAFANA_LOGIN
    file = site.state.secrets / secret
    login = (user, file.read_text(encoding="utf-8").strip()) if file.exists() else None
    yield Question("grafana", "datasources", lambda: grafana.datasources(base, login, model))
    yield Question("grafana", f"{len(files)} dashboards", lambda: grafana.dashboards(base, login, model, files))


def _prometheus_state(base: str, release: Release, deadline: float) -> tuple[tuple[prometheus.Down, ...], tuple[str, ...]]:
    try:
        while prometheus.unscraped(base) and time.monotonic() < deadline:
            time.sleep(0.5)
        down = prometheus.targets(base, release.compiled.prometheus)[1]
        return tuple(down), tuple(prometheus.unhealthy_rules(base))
    except (http.Unreachable, KeyError, TypeError):
        return (), ()


def _intact(site: Site, release: Release) -> list[str]:
    current = site.state.release()
    found = [f"{line} in release {release.hash}" for line in release.damage()]
    return found if current == release.hash else [f"current is {current or 'nothing'}, not {release.hash}", *found]


def _components(engine: Engine, compiled: Compiled) -> list[str]:
    running = engine.status(compiled.stack)
    return [f"{one.component} is {one.health} {one.detail}".strip() for one in running if one.health not in ("running", "done")]


def _base(engine: Engine, compiled: Compiled, component: str, port: str) -> str:
    address = engine.address(component, port, compiled.stack)
    return f"http://{address}" if address else ""
