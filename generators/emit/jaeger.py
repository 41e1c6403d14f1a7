"""The configuration of Jaeger v2, which is an OpenTelemetry collector. In: ir.tracing. Out: jaeger/config.yaml. Spans take two
pipelines: every span is counted into service performance (spanmetrics), then, behind the forward connector, whole traces are
kept or dropped (tail_sampling) and stored. Keys as Jaeger 2.13.0 reads them: cmd/jaeger/config-spm.yaml and config-badger.yaml
there, and the READMEs of spanmetricsconnector and tailsamplingprocessor in opentelemetry-collector-contrib v0.140.1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from generators.emit.serialize import yaml
from generators.ir.tracing import Operation, Tracing

Entry = dict[str, Any]
TRACES, METRICS = "traces_store", "metrics_store"


def emit(tracing: Tracing) -> dict[str, str]:
    """jaeger/config.yaml."""
    config: Entry = {
        "service": _service(tracing),
        "extensions": _extensions(tracing),
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": tracing.otlp_grpc}, "http": {"endpoint": tracing.otlp_http}}},
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": tracing.memory_limit_mib, "spike_limit_percentage": 25},
            "tail_sampling": _sampling(tracing),
            "batch": {},
        },
        "connectors": {"spanmetrics": _span_metrics(tracing), "forward": {}},
        "exporters": {
            "jaeger_storage_exporter": {"trace_storage": TRACES},
            "prometheus": {"endpoint": tracing.span_metrics, "enable_open_metrics": True},
        },
    }
    return {"jaeger/config.yaml": yaml(config, "Every span is counted; errors, slow ones, key operations and a share are kept.")}


def _service(tracing: Tracing) -> Entry:
    endpoint = {"host": tracing.telemetry_host, "port": tracing.telemetry_port}
    return {
        "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
        "pipelines": {
            "traces/all": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["spanmetrics", "forward"]},
            "traces/kept": {
                "receivers": ["forward"],
                "processors": ["tail_sampling", "batch"],
                "exporters": ["jaeger_storage_exporter"],
            },
            "metrics/performance": {"receivers": ["spanmetrics"], "exporters": ["prometheus"]},
        },
        "telemetry": {
            "resource": {"service.name": "jaeger"},
            "metrics": {"level": "detailed", "readers": [{"pull": {"exporter": {"prometheus": endpoint}}}]},
            "logs": {"level": "info"},
        },
    }


def _extensions(tracing: Tracing) -> Entry:
    storage: Entry = {
        "backends": {
            TRACES: {
                "badger": {
                    "directories": {"keys": f"{tracing.storage_dir}/keys", "values": f"{tracing.storage_dir}/values"},
                    "ephemeral": False,
                    "ttl": {"spans": go_duration(tracing.retention)},
                }
            }
        }
    }
    used = {"traces": TRACES}
    if tracing.prometheus_url:
        prometheus = {"endpoint": tracing.prometheus_url, "normalize_calls": True, "normalize_duration": True}
        storage["metric_backends"] = {METRICS: {"prometheus": prometheus}}
        used["metrics"] = METRICS
    return {
        "healthcheckv2": {"use_v2": True, "http": {"endpoint": tracing.health}},
        "jaeger_query": {
            "storage": used,
            "http": {"endpoint": tracing.query_http},
            "grpc": {"endpoint": tracing.query_grpc},
        },
        "jaeger_storage": storage,
    }


def _span_metrics(tracing: Tracing) -> Entry:
    """Counted by service alone, not by process: the exporter would let the last of two processes win."""
    entry: Entry = {
        "metrics_flush_interval": go_duration(tracing.flush_interval),
        "resource_metrics_key_attributes": ["service.name", "telemetry.sdk.language", "telemetry.sdk.name"],
        "exemplars": {"enabled": True, "max_per_data_point": 5},
    }
    if tracing.latency_buckets_ms:
        entry["histogram"] = {"explicit": {"buckets": [f"{bound:f}ms" for bound in tracing.latency_buckets_ms]}}
    return entry


def _sampling(tracing: Tracing) -> Entry:
    policies: list[Entry] = []
    if tracing.keep_errors:
        policies.append({"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}})
    if tracing.slower_than_ms is not None:
        policies.append({"name": "slow", "type": "latency", "latency": {"threshold_ms": tracing.slower_than_ms}})
    for operation in tracing.keep_operations:
        condition = {"error_mode": "ignore", "span": _conditions(operation)}
        name = f"operation {operation.method} {operation.route}".replace("  ", " ")
        policies.append({"name": name, "type": "ottl_condition", "ottl_condition": condition})
    share = (tracing.share * 100).normalize()
    policies.append({"name": "share", "type": "probabilistic", "probabilistic": {"sampling_percentage": Decimal(f"{share:f}")}})
    return {
        "decision_wait": go_duration(tracing.decision_wait),
        "num_traces": tracing.traces_in_memory,
        "policies": policies,
    }


def _conditions(operation: Operation) -> list[str]:
    """Any of them keeps the trace. Both names of the method: before and since OpenTelemetry's stable HTTP conventions
    (https://opentelemetry.io/docs/specs/semconv/non-normative/http-migration/). Without a method it is a gRPC one."""
    route = _quoted(operation.route)
    if operation.method:
        method = _quoted(operation.method)
        same = f'attributes["http.route"] == {route}'
        return [f'attributes["{name}"] == {method} and {same}' for name in ("http.request.method", "http.method")]
    service, _, method = operation.route.strip("/").rpartition("/")
    by_name = f"name == {_quoted(f'{service}/{method}')}"
    return [by_name, f'attributes["rpc.service"] == {_quoted(service)} and attributes["rpc.method"] == {_quoted(method)}']


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def go_duration(seconds: int) -> str:
    """Seconds as Go's time.ParseDuration reads them; it knows no days."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
