"""A world in which everything is covered. In: a spec. Out: a real Prometheus that runs the spec's rules and scrapes programs that
export all that the contract says, a real Jaeger that keeps whole traces of every key flow, and the `Ground` for coverage to stand on."""

from __future__ import annotations

import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from generators.build import plan_of
from generators.compile import slos
from generators.compile.scrape import compile_scrape
from generators.emit import grafana, prometheus, rules, runbooks
from generators.plan import Plan
from operate.coverage.ground import Ground
from operate.live import http, queries
from tests.coverage.exporter import Exporter, Says, serving
from tests.coverage.spans import Span, post
from tests.ports import free_ports
from tests.promql.engine import running_prometheus, tool

LAST = 900
QUICK = 1
"""Seconds between two evaluations of objectives, so that nobody waits four minutes for the slow ones."""

JAEGER = """\
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {{traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}}}
  telemetry: {{metrics: {{level: none}}}}
extensions:
  jaeger_storage: {{backends: {{main: {{memory: {{max_traces: 1000}}}}}}}}
  jaeger_query: {{storage: {{traces: main}}, http: {{endpoint: '127.0.0.1:{query}'}}, grpc: {{endpoint: '127.0.0.1:{grpc}'}}}}
receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{otlp}'}}}}}}}}
exporters: {{jaeger_storage_exporter: {{trace_storage: main}}}}
"""


@dataclass
class World:
    """What runs. `exporters` by service."""

    ground: Ground
    exporters: Mapping[str, Exporter]
    otlp: str
    spec: Path
    folder: Path
    ports: Mapping[str, int]

    def send(self, *spans: Span) -> None:
        """Hand a trace to Jaeger and wait until it is kept."""
        trace = post(self.otlp, spans)
        for _ in range(100):
            try:
                if http.get(f"{self.ground.jaeger}/api/traces/{trace}")["data"]:
                    return
            except http.Unreachable:
                pass
            time.sleep(0.1)
        raise AssertionError(f"Jaeger did not keep {spans}")

    def after(self, old: str, new: str) -> Ground:
        """The ground once somebody has changed the spec and released it; what runs is as before."""
        text = self.spec.read_text(encoding="utf-8")
        assert old in text
        changed = self.folder / self.spec.name
        changed.write_text(text.replace(old, new), encoding="utf-8")
        plan = plan_in(changed, self.ports)
        return replace(self.ground, plan=plan, files=files_of(replace(self.ground, plan=plan)))

    def forget(self, selector: str) -> None:
        """Take the samples away that were scraped before now, once no scrape is under way that began before."""
        self._scraped(1)
        url = f"{self.ground.prometheus}/api/v1/admin/tsdb/delete_series?{urllib.parse.urlencode({'match[]': selector})}"
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30).close()

    def _scraped(self, after: int) -> None:
        """Wait until every service was scraped so many seconds from now."""
        await_answer(self.ground.prometheus, f"count(timestamp(up) > {time.time()} + {after}) == {len(self.exporters)}")

    @contextmanager
    def where(self, service: str, selector: str, **changed: Says | list[tuple[str, str]]) -> Iterator[None]:
        """A service exports `selector` otherwise while the block runs (fields of its `Exporter`), and always did."""
        exporter = self.exporters[service]
        before = {name: getattr(exporter, name) for name in changed}
        for name, value in changed.items():
            setattr(exporter, name, value)
        try:
            self.forget(selector)
            self._scraped(0)
            yield
        finally:
            for name, old in before.items():
                setattr(exporter, name, old)
            self._scraped(2)

    @contextmanager
    def ruled(self, file: str, old: str, new: str) -> Iterator[None]:
        """Prometheus runs a rule file in another form while the block runs."""
        path = self.folder / "rules" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        try:
            self._reload(path, text.replace(old, new))
            yield
        finally:
            self._reload(path, text)

    def _reload(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        urllib.request.urlopen(urllib.request.Request(f"{self.ground.prometheus}/-/reload", method="POST"), timeout=30).close()


def await_answer(base: str, expr: str) -> None:
    """Wait until Prometheus answers an expression with something."""
    for _ in range(300):
        if queries.instant(base, expr):
            return
        time.sleep(0.1)
    raise AssertionError(f"no answer to {expr}")


def plan_in(spec: Path, ports: Mapping[str, int] | None = None) -> Plan:
    """The Plan of a spec whose services are exported at these ports of this machine."""
    plan, faults = plan_of(spec, "local", "compose")
    assert plan is not None, "\n".join(map(str, faults))
    given = ports or {}
    return replace(
        plan,
        services=tuple(
            replace(one, targets=(f"127.0.0.1:{given.get(one.name, 9)}",), metrics_path="/metrics") for one in plan.services
        ),
    )


def files_of(ground: Ground) -> dict[str, str]:
    """What a release of it would hold."""
    return {**rules.emit(ground.rule_files), **grafana.emit(ground.grafana), **runbooks.emit(ground.runbooks)}


@contextmanager
def world(spec: Path, folder: Path) -> Iterator[World]:
    """Everything, until the block ends."""
    names = [one.name for one in plan_in(spec).services]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    plan = plan_in(spec, ports)
    exporters = {one.name: Exporter(plan, one) for one in plan.services}
    with pytest.MonkeyPatch.context() as quick, ExitStack() as stack:
        quick.setattr(slos, "PAGE_CADENCE", QUICK)
        quick.setattr(slos, "TICKET_CADENCE", QUICK)
        for name, exporter in exporters.items():
            server = serving(exporter, ports[name])
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        ground = Ground(plan, "", "", LAST)
        files = files_of(ground)
        for path, text in files.items():
            if path.startswith("prometheus/"):
                file = folder / path.removeprefix("prometheus/")
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8")
        (config,) = prometheus.emit(replace(compile_scrape(plan), alertmanagers=())).values()
        base = stack.enter_context(running_prometheus(folder, config, "--web.enable-admin-api", "--web.enable-lifecycle"))
        jaeger, otlp = stack.enter_context(running_jaeger(folder))
        applications = {name: (f"127.0.0.1:{port}",) for name, port in ports.items()}
        found = replace(ground, prometheus=f"http://{base}", jaeger=jaeger, applications=applications, files=files)
        await_answer(found.prometheus, "count(count_over_time(up[1m]) > 4) == " + str(len(names)))
        yield World(found, exporters, otlp, spec, folder, ports)


@contextmanager
def running_jaeger(folder: Path) -> Iterator[tuple[str, str]]:
    """Addresses of a real Jaeger's query API and of its OTLP receiver. It keeps every trace."""
    query, grpc, otlp = free_ports(3)
    config = folder / "jaeger.yaml"
    config.write_text(JAEGER.format(query=query, grpc=grpc, otlp=otlp), encoding="utf-8")
    log = folder / "jaeger.log"
    with log.open("w") as out:
        server = subprocess.Popen([tool("jaeger"), f"--config={config}"], stdout=out, stderr=out)
    try:
        for _ in range(300):
            assert server.poll() is None, log.read_text(encoding="utf-8")[-2000:]
            try:
                http.get(f"http://127.0.0.1:{query}/api/services")
                break
            except http.Unreachable:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{query}", f"http://127.0.0.1:{otlp}"
    finally:
        server.kill()  # it keeps nothing, and takes its time to end by itself
        server.wait(30)
