"""The Prometheus server's configuration. In: ir.scrape.Prometheus. Out: prometheus/prometheus.yml. Keys as in
https://prometheus.io/docs/prometheus/3.5/configuration/configuration/; retention is a flag and stands in the stack."""

from __future__ import annotations

from typing import Any

from generators.emit.serialize import duration, yaml
from generators.ir.scrape import Prometheus, ScrapeJob


def emit(prometheus: Prometheus) -> dict[str, str]:
    """prometheus/prometheus.yml."""
    config: dict[str, Any] = {"global": _global(prometheus)}
    if prometheus.rule_files:
        config["rule_files"] = prometheus.rule_files
    if prometheus.alertmanagers:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": prometheus.alertmanagers}]}]}
    if prometheus.exemplars:
        config["storage"] = {"exemplars": {"max_exemplars": prometheus.exemplars}}
    config["scrape_configs"] = [_job(job) for job in prometheus.jobs]
    return {"prometheus/prometheus.yml": yaml(config, "What Prometheus scrapes, which rules it reads, where its alerts go.")}


def _global(prometheus: Prometheus) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "scrape_interval": duration(prometheus.scrape_interval),
        "scrape_timeout": duration(prometheus.scrape_timeout),
        "evaluation_interval": duration(prometheus.evaluation_interval),
    }
    if prometheus.external_labels:
        entry["external_labels"] = prometheus.external_labels
    return entry


def _job(job: ScrapeJob) -> dict[str, Any]:
    entry: dict[str, Any] = {"job_name": job.name}
    if job.interval is not None:
        entry["scrape_interval"] = duration(job.interval)
    if job.timeout is not None:
        entry["scrape_timeout"] = duration(job.timeout)
    if job.metrics_path != "/metrics":
        entry["metrics_path"] = job.metrics_path
    if job.scheme != "http":
        entry["scheme"] = job.scheme
    if job.honor_labels:
        entry["honor_labels"] = True
    if job.sample_limit:
        entry["sample_limit"] = job.sample_limit
    entry["static_configs"] = [_target(target.addresses, dict(target.labels)) for target in job.targets]
    if job.drop_metrics:
        dropped = {"source_labels": ["__name__"], "regex": "|".join(job.drop_metrics), "action": "drop"}
        entry["metric_relabel_configs"] = [dropped]
    return entry


def _target(addresses: tuple[str, ...], labels: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"targets": addresses}
    if labels:
        entry["labels"] = labels
    return entry
