"""Rule files of Prometheus, and those that Kubernetes carries (kind PrometheusRule). In: a document. Out: a `RuleFile` of our own
types, each rule with the place of its expression, and faults for what Prometheus would not load
(https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from generators.fault import Fault
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.read.document import Document, Node
from generators.read.durations import seconds_of

_GROUP_KEYS = frozenset(
    {
        "name",
        "interval",
        "query_offset",
        "limit",
        "labels",
        "rules",
        "partial_response_strategy",
        "source_tenants",
        "evaluation_delay",
    }
)
"""Prometheus's own, and those of Thanos and Mimir."""
_RULE_KEYS = frozenset({"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"})
_NO_NAME = re.compile(r"[{}]")
"""Since Prometheus 3 a name may hold any character, but a recording rule's no braces (model/rulefmt)."""
_LOGQL = re.compile(
    r"\|=|\|~|\|\s*(json|logfmt|pattern|regexp|unpack|unwrap|line_format|label_format|drop|keep|decolorize)\b|\}\s*!=\s*[\"`]"
)
OPERATORS = "PrometheusRule"
"""The title of rules that Kubernetes carries: an operator loads them, no configuration names them."""
_OTHER_ENGINES = frozenset({"graphite", "vlogs", "loki"})
_FIX = "promtool check rules names the same; Prometheus does not load the file."


def is_rules(root: Node) -> bool:
    """Whether a document holds rules of Prometheus; Grafana's own provisioned alerts are not."""
    return any(True for _ in _groups(root)) and not any(_is_grafanas(group) for group in _groups(root))


def is_logql(root: Node) -> bool:
    """Whether its expressions are Loki's, or another engine's than Prometheus's."""
    expressions = [rule["expr"].text for group in _groups(root) for rule in group["rules"].items()]
    engines = {group["type"].text for group in _groups(root)}
    return any(_LOGQL.search(text) for text in expressions) or bool(engines & _OTHER_ENGINES)


def _groups(root: Node) -> Iterator[Node]:
    holder = root["spec"] if root["kind"].text == "PrometheusRule" else root
    for group in holder["groups"].items():
        if group["rules"].is_list:
            yield group


def _is_grafanas(group: Node) -> bool:
    return any("condition" in rule or rule["data"].is_list for rule in group["rules"].items())


def read_rules(document: Document) -> tuple[RuleFile, tuple[Fault, ...]]:
    """Every rule of a file."""
    faults: list[Fault] = []
    groups: list[RuleGroup] = []
    strict = document.root["kind"].text != "PrometheusRule"
    for group in _groups(document.root):
        name = group["name"].text
        if not name:
            faults.append(Fault("rule-form", group.where, "a rule group has no name", _FIX))
        elif name in {one.name for one in groups}:
            faults.append(Fault("rule-form", group["name"].where, f"two groups of this file are called '{name}'", _FIX))
        faults += _unknown(group, _GROUP_KEYS, "a rule group") if strict else ()
        rules = [_rule(each, faults) for each in group["rules"].items()]
        interval = _seconds(group["interval"], faults)
        groups.append(RuleGroup(name, interval, tuple(rule for rule in rules if rule), group.where))
    return RuleFile(document.path, document.path if strict else OPERATORS, tuple(groups)), tuple(faults)


def _unknown(node: Node, known: frozenset[str], what: str) -> list[Fault]:
    return [
        Fault("rule-form", node.source.where_key((*node.place, key)), f"{what} has no field '{key}'", _FIX)
        for key, _ in node.fields()
        if key not in known and not key.startswith("x-")
    ]


def _rule(node: Node, faults: list[Fault]) -> Rule | None:
    """One rule; None where it is none, which is a fault."""
    alert, record, expr = node["alert"].text, node["record"].text, node["expr"]
    if not node.is_map or bool(alert) == bool(record) or not expr.text:
        faults.append(Fault("rule-form", node.where, "a rule needs one of `alert` and `record`, and an `expr`", _FIX))
        return None
    faults += _unknown(node, _RULE_KEYS, f"the rule '{alert or record}'")
    labels, annotations = _texts(node["labels"]), _texts(node["annotations"])
    faults += [
        Fault("rule-form", node["labels"][name].where, f"'{name}' is no name of a label", _FIX)
        for name in labels
        if not name or name == "__name__"
    ]
    where = expr.written.where
    if alert:
        hold, keep = _seconds(node["for"], faults), _seconds(node["keep_firing_for"], faults)
        return AlertingRule(alert, expr.text, hold, keep, labels, annotations, where, expr.written)
    if _NO_NAME.search(record):
        faults.append(Fault("rule-form", node["record"].where, f"'{record}' is no name of a metric", _FIX))
    for key in ("for", "keep_firing_for", "annotations"):
        if node[key].value:
            faults.append(
                Fault("rule-form", node[key].where, f"the recording rule '{record}' has `{key}`, which alerts alone have", _FIX)
            )
    return RecordingRule(record, expr.text, labels, where, expr.written)


def _texts(node: Node) -> Mapping[str, str]:
    return {name: value.text for name, value in node.fields()}


def _seconds(node: Node, faults: list[Fault]) -> int:
    if node.value is None:
        return 0
    value = seconds_of(node.text)
    if value is None:
        faults.append(Fault("rule-form", node.where, f"'{node.text[:40]}' is no duration", "Write it like 30s, 5m or 1h30m."))
    return value or 0
