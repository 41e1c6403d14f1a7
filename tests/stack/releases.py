"""A release written by hand, for tests of the engines themselves: the smallest configuration with which Prometheus,
Alertmanager and Jaeger run, and the engine's own file as the emitter writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generators.emit import compose, supervisord
from generators.ir.stack import Stack

PROMETHEUS = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules/*.yml]
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: ['%(prometheus)s']}]}
"""
RULES = """\
groups:
  - name: one
    rules: [{record: one, expr: vector(%(number)s)}]
"""
ALERTMANAGER = """\
route: {receiver: nobody}
receivers: [{name: nobody}]
"""
JAEGER = """\
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics:
      readers: [{pull: {exporter: {prometheus: {host: '%(listen)s', port: %(http)s}}}}]
extensions:
  healthcheckv2: {use_v2: true, http: {endpoint: '%(listen)s:%(health)s', status: {enabled: true, path: /status}}}
  jaeger_storage: {backends: {main: {badger: {directories: {keys: '${env:TOUCHLINE_DATA}/keys', values: '${env:TOUCHLINE_DATA}/values'}, ephemeral: false}}}}
  jaeger_query: {storage: {traces: main}, http: {endpoint: '%(listen)s:%(query)s'}, grpc: {endpoint: '%(listen)s:%(query-grpc)s'}}
receivers:
  otlp: {protocols: {grpc: {endpoint: '%(listen)s:%(otlp-grpc)s'}, http: {endpoint: '%(listen)s:%(otlp-http)s'}}}
exporters:
  jaeger_storage_exporter: {trace_storage: main}
"""  # noqa: E501


def write_release(state: Path, name: str, stack: Stack, engine: str, number: str = "1", rules: str = RULES) -> None:
    """Write the release and point `current` at it."""
    files = {
        "prometheus/prometheus.yml": PROMETHEUS % {"prometheus": _addresses(stack, "prometheus", engine)["http"]},
        "prometheus/rules/one.yml": rules % {"number": number},
        "alertmanager/alertmanager.yml": ALERTMANAGER,
        **(compose.emit(stack) if engine == "compose" else supervisord.emit(stack)),
    }
    if any(component.name == "jaeger" for component in stack.components):
        listen = "0.0.0.0" if engine == "compose" else "127.0.0.1"
        ports = {port: address.split(":")[1] for port, address in _addresses(stack, "jaeger", engine).items()}
        files["jaeger/config.yaml"] = JAEGER % {"listen": listen, **ports}
    write_files(state, name, files)


def write_files(state: Path, name: str, files: Mapping[str, str]) -> None:
    """A release of these files, and `current` pointing at it."""
    folder = state / "releases" / name
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    fresh = state / "releases" / ".fresh"
    fresh.symlink_to(name)
    fresh.replace(state / "releases" / "current")


def _addresses(stack: Stack, name: str, engine: str) -> dict[str, str]:
    component = next(component for component in stack.components if component.name == name)
    if engine == "compose":
        return {port.name: f"{name}:{port.container_port}" for port in component.ports}
    return {port.name: f"127.0.0.1:{port.host_port}" for port in component.ports}
