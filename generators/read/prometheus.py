"""Prometheus's own configuration. In: a document. Out: what it scrapes, which rule files it reads, where it sends alerts
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/)."""

from __future__ import annotations

from collections.abc import Iterator

from generators.ir.found import FoundJob, FoundPrometheus
from generators.read.document import Document, Node
from generators.read.durations import seconds_of

_OTHERS = frozenset({"clients", "positions", "receivers", "exporters", "kind"})
"""Keys beside `scrape_configs` that show another program's configuration (Promtail, a collector, a Kubernetes object)."""
_ADDRESS = "__address__"


def is_prometheus(root: Node) -> bool:
    """Whether a document is a Prometheus configuration."""
    if not root.is_map or any(key in root for key in _OTHERS):
        return False
    return root["scrape_configs"].is_list or (root["global"].is_map and (root["rule_files"].is_list or root["alerting"].is_map))


def read_prometheus(document: Document) -> FoundPrometheus:
    """One configuration."""
    root = document.root
    managers = list(root["alerting"]["alertmanagers"].items())
    addresses = tuple(each.written for one in managers for each in _targets(one))
    discovered = any(_discovers(one) for one in managers)
    return FoundPrometheus(
        path=document.path,
        jobs=tuple(_job(each) for each in root["scrape_configs"].items() if each.is_map),
        rule_files=tuple(each.written for each in root["rule_files"].items() if each.text),
        alertmanagers=addresses,
        tells=bool(addresses) or discovered,
        external_labels=frozenset(name for name, _ in root["global"]["external_labels"].fields()),
        interval=seconds_of(root["global"]["scrape_interval"].text) or 60,
        where=root["alerting"].where if "alerting" in root else root.where,
    )


def _targets(node: Node) -> Iterator[Node]:
    for static in node["static_configs"].items():
        yield from (each for each in static["targets"].items() if each.text)


def _discovers(node: Node) -> bool:
    """Whether targets come from elsewhere: a service discovery, or `http_sd_configs`."""
    return any(key.endswith("_sd_configs") and value.value for key, value in node.fields())


def _job(node: Node) -> FoundJob:
    rules = [rule for rule in node["relabel_configs"].items() if rule.is_map]
    moved = [rule for rule in rules if rule["target_label"].text == _ADDRESS]
    targets = tuple(each.written for each in _targets(node))
    if moved:
        # The address is replaced (a probe, a proxy): the exporter that is asked is the replacement, where it is a plain one.
        last = moved[-1]["replacement"]
        targets = (last.written,) if last.text and "$" not in last.text else ()
    interval = seconds_of(node["scrape_interval"].text) or 0
    return FoundJob(node["job_name"].text, targets, _labels(node, rules), interval, node.where)


def _labels(node: Node, rules: list[Node]) -> frozenset[str] | None:
    """The labels that targets bring along; None where nobody can tell."""
    if _discovers(node) or node["honor_labels"].text == "true" or node["metric_relabel_configs"].value:
        return None
    if any(rule["action"].text in ("labelmap", "labelkeep") for rule in rules):
        return None
    static = {name for each in node["static_configs"].items() for name, _ in each["labels"].fields()}
    return frozenset(static | {rule["target_label"].text for rule in rules} - {""})
