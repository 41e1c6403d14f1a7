"""A system of any size. In: how many services, how often they are scraped. Out: a spec: FastAPI services that share a database
and a cache, each with an availability and a latency SLO, and two receivers. The releases are those of the shipped spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from bench.processes import ROOT

DATABASE, CACHE = "postgres", "redis"


def names(count: int) -> list[str]:
    """The services, by name."""
    return [f"service-{number:04}" for number in range(count)]


def write_spec(folder: Path, count: int, scrape_interval: str = "15s") -> Path:
    """Write the spec; where it is. JSON is YAML, too, and needs no library to be written."""
    shipped = yaml.safe_load((ROOT / "spec" / "football.yaml").read_text(encoding="utf-8"))
    stack = {"versions": shipped["stack"]["versions"], "scrape_interval": scrape_interval}
    spec: dict[str, Any] = {
        "project": {"name": "bench", "owner": "platform", "title": "Bench", "locale": "en", "locales": ["en"]},
        "services": {name: _service() for name in names(count)}
        | {DATABASE: {"kind": "postgres"}, CACHE: {"kind": "redis"}, "prometheus": {"kind": "prometheus"}}
        | {"alertmanager": {"kind": "alertmanager"}, "grafana": {"kind": "grafana"}},
        "notify": {
            "channels": {
                "chat": {"slack": {"channel": "#alerts", "url_file": "slack_url"}},
                "oncall": {"pagerduty": {"routing_key_file": "pagerduty_key"}},
            },
            "routes": [{"severity": "critical", "to": ["oncall", "chat"]}, {"to": ["chat"]}],
            "heartbeat": {"url_file": "heartbeat_url", "every": "1m"},
        },
        "stack": stack,
        "targets": {"detect_within": "15m"},
        "environments": {"production": _production(count, shipped)},
    }
    file = folder / "spec" / f"bench-{count}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in spec.items()) + "\n", encoding="utf-8")
    return file


def _service() -> dict[str, Any]:
    return {
        "kind": "fastapi",
        "depends_on": [DATABASE, CACHE],
        "operations": ["GET /items"],
        "slos": {
            "availability": {
                "objective": "99.9%",
                "sli": {"errors": 'http_requests_total{status=~"5.."}', "total": "http_requests_total"},
            },
            "latency": {"objective": "95%", "sli": {"histogram": "http_request_duration_seconds", "faster_than": "1s"}},
        },
    }


def _production(count: int, shipped: dict[str, Any]) -> dict[str, Any]:
    targets = {name: f"{name}:8000" for name in names(count)} | {DATABASE: "db:5432", CACHE: "cache:6379"}
    urls = {**shipped["environments"]["production"]["external_urls"]}
    return {"production": True, "notify": "channels", "targets": targets, "external_urls": urls}
