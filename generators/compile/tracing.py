"""What Jaeger counts, keeps and forgets. In: the Plan. Out: the tracing IR, or None where nothing is traced."""

from __future__ import annotations

from generators.ir.tracing import Operation, Tracing
from generators.plan import Plan

COMPONENT = "jaeger"
DATA = "${env:TOUCHLINE_DATA}"
"""Where the process keeps its data, as the stack tells it: both engines read the same text."""

BUCKETS = "traces_span_metrics_duration_milliseconds"
"""The histogram whose bounds the contract states, so that what is exported is what rules may ask for."""


def compile_tracing(plan: Plan) -> Tracing | None:
    """The tracing IR. Inside a container everything listens on every address of that container, as a process on loopback only."""
    if plan.tracing is None or COMPONENT not in plan.stack.components:
        return None
    ports = plan.stack.components[COMPONENT].ports
    host = "0.0.0.0" if plan.engine == "compose" else "127.0.0.1"
    port = {name: inside if plan.engine == "compose" else outside for name, (inside, outside) in ports.items()}
    slower = plan.tracing.slower_than
    durations = plan.contract.metrics.get(BUCKETS)
    return Tracing(
        otlp_grpc=f"{host}:{port['otlp-grpc']}",
        otlp_http=f"{host}:{port['otlp-http']}",
        query_http=f"{host}:{port['query']}",
        query_grpc=f"{host}:{port['query-grpc']}",
        span_metrics=f"{host}:{port['spans']}",
        telemetry_host=host,
        telemetry_port=port["http"],
        health=f"{host}:{port['health']}",
        prometheus_url=f"http://{plan.address('prometheus')}" if "prometheus" in plan.stack.components else "",
        storage_dir=DATA,
        retention=plan.tracing.retention,
        share=plan.tracing.share,
        keep_errors=plan.tracing.keep_errors,
        slower_than_ms=None if slower is None else int(slower * 1000),
        keep_operations=tuple(Operation(one.method, one.route) for one in plan.tracing.operations),
        latency_buckets_ms=durations.buckets if durations else (),
        flush_interval=plan.stack.scrape_interval,
    )
