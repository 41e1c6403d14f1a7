"""The Prometheus server's own configuration: what it scrapes, which rules it reads, where alerts go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from generators.fault import NOWHERE, Where
from generators.record import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Addresses (`host:port`) that share labels."""

    addresses: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """One job; times in seconds, None means the global one. `sample_limit` and `label_limit` bound what a bad exporter can do."""

    name: str
    targets: tuple[Target, ...]
    metrics_path: str = "/metrics"
    scheme: str = "http"
    interval: int | None = None
    timeout: int | None = None
    honor_labels: bool = False
    sample_limit: int = 0
    drop_metrics: tuple[str, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Prometheus:
    """prometheus.yml; retention is a flag of the process and stands in the stack."""

    scrape_interval: int
    scrape_timeout: int
    evaluation_interval: int
    external_labels: Mapping[str, str]
    rule_files: tuple[str, ...]
    jobs: tuple[ScrapeJob, ...]
    alertmanagers: tuple[str, ...]
    exemplars: int = 100_000
