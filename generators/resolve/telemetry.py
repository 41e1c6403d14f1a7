"""Where an application's typed module is written. In: the spec's services and the contract. Out: nothing but faults: a module can be
written only into an application, in the repository, one a file, and of metrics that the client library knows how to export."""

from __future__ import annotations

import re

from generators.ir.contract import Contract
from generators.ir.telemetry import EXPORTED
from generators.resolve.context import Context

_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z_][A-Za-z0-9_]*\.py")


def check_telemetry(context: Context, contract: Contract) -> None:
    """Every fault of `services.NAME.telemetry`."""
    owners: dict[str, str] = {}
    for name, service in context.spec.services.items():
        path, where = service.telemetry, context.where("services", name, "telemetry")
        if path is None:
            continue
        entry = context.catalogue.kinds.get(service.kind)
        if not _PATH.fullmatch(path):
            fix = "Write a path below the repository's root like `shop/telemetry.py`."
            context.fault("telemetry", where, f"'{path}' is no Python module inside the repository", fix)
        elif path in owners:
            what = f"the module '{path}' is already written for '{owners[path]}'"
            context.fault("duplicate-name", where, what, "Give each service a module of its own.")
        elif entry is not None and not entry.kind.application:
            what = f"'{name}' is of kind {service.kind}, which is no application of ours: nobody would import the module"
            context.fault("telemetry", where, what, "Take `telemetry` out here.")
        else:
            _check_metrics(context, contract, name)
        owners.setdefault(path, name)


def _check_metrics(context: Context, contract: Contract, service: str) -> None:
    for metric in contract.metrics.values():
        if service in metric.exported_by and metric.kind not in EXPORTED and metric.name in context.spec.metrics:
            what = f"'{service}' cannot export '{metric.name}': touchline-client knows no {metric.kind}"
            fix = "Make it a counter, a gauge or a histogram."
            context.fault("telemetry", context.where("metrics", metric.name, "kind"), what, fix)
