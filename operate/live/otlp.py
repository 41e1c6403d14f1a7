"""Metrics handed to a Prometheus that takes them over OTLP. In: its address, gauges. Out: samples of this moment.

https://prometheus.io/docs/guides/opentelemetry/, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from operate.live import http

Sample = tuple[Mapping[str, str], float]


def push(base: str, service: str, gauges: Mapping[str, Iterable[Sample]]) -> None:
    """Hand over gauges by name. Their label `job` is the service. Raises `Unreachable`."""
    now = str(time.time_ns())
    metrics = [
        {"name": name, "gauge": {"dataPoints": [_point(now, *one) for one in samples]}} for name, samples in gauges.items()
    ]
    resource = {"attributes": [_attribute("service.name", service)]}
    http.post(
        f"{base}/api/v1/otlp/v1/metrics", {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}
    )


def _point(now: str, labels: Mapping[str, str], value: float) -> dict[str, Any]:
    return {"timeUnixNano": now, "asDouble": value, "attributes": [_attribute(key, text) for key, text in labels.items()]}


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
