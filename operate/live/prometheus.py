"""A running Prometheus against a release. In: its address, the compiled rules and the released prometheus.yml. Out: every
rule, group, setting, target, flag and Alertmanager that is not as the release says; and targets that are down, no fault of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from generators import promql
from generators.ir.rules import AlertingRule, Rule, RuleFile, RuleGroup
from generators.ir.scrape import Prometheus
from operate.live import http
from operate.live.compare import differences, seconds

# What Prometheus shows for a file that says nothing of it.
# https://prometheus.io/docs/prometheus/latest/configuration/configuration/, and the answer of 3.16's /api/v1/status/config.
DEFAULTS: Mapping[str, Any] = {
    "metric_name_validation_scheme": "utf8",
    "metric_name_escaping_scheme": "allow-utf-8",
    "scrape_native_histograms": False,
    "extra_scrape_metrics": False,
    "honor_labels": False,
    "honor_timestamps": True,
    "track_timestamps_staleness": False,
    "scrape_protocols": ["OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4"],
    "always_scrape_classic_histograms": False,
    "convert_classic_histograms_to_nhcb": False,
    "metrics_path": "/metrics",
    "scheme": "http",
    "enable_compression": True,
    "follow_redirects": True,
    "enable_http2": True,
    "api_version": "v2",
    "timeout": "10s",
    "separator": ";",
    "replacement": "$1",
    "regex": "(.*)",
    "action": "replace",
    "gogc": 75,
    "log_level": "info",
    "outofordertimewindow": 0,
    "translation_strategy": "UnderscoreEscapingWithSuffixes",
    "label_name_underscore_sanitization": True,
    "label_name_preserve_multiple_underscores": True,
}


@dataclass(frozen=True, slots=True)
class Down:
    """A target that is scraped and does not answer."""

    job: str
    address: str
    why: str


def rules(base: str, files: Iterable[RuleFile]) -> list[str]:
    """Every rule that is missing, added or different."""
    running = {(_stem(g["file"]), g["name"]): g for g in http.get(f"{base}/api/v1/rules")["data"]["groups"]}
    wanted = {(file.name, group.name): group for file in files for group in file.groups if group.rules}
    found = [f"group {name} of rules/{file}.yml does not run" for file, name in wanted if (file, name) not in running]
    found += [f"group {name} of {file} runs and is not in the release" for file, name in running if (file, name) not in wanted]
    for key, group in wanted.items():
        if key in running:
            found += _group(base, group, running[key])
    return found


def _group(base: str, group: RuleGroup, running: Mapping[str, Any]) -> list[str]:
    found = []
    if float(running["interval"]) != float(group.interval):
        found.append(f"group {group.name}: runs every {running['interval']} s, the release says {group.interval} s")
    if running.get("limit"):
        found.append(f"group {group.name}: runs with a limit of {running['limit']}, the release has none")
    names, theirs = [_name(rule) for rule in group.rules], [one["name"] for one in running["rules"]]
    if names != theirs:
        missing, added = Counter(names) - Counter(theirs), Counter(theirs) - Counter(names)
        found += [f"{name} does not run (group {group.name})" for name in missing]
        found += [f"{name} runs and is not in the release (group {group.name})" for name in added]
        if not missing and not added:
            found.append(f"group {group.name}: the rules run in another order")
    pools: dict[str, list[Mapping[str, Any]]] = {}
    for one in running["rules"]:
        pools.setdefault(one["name"], []).append(one)
    for rule in group.rules:
        if pools.get(_name(rule)):
            found += _rule(base, rule, pools[_name(rule)].pop(0))
    return found


def _rule(base: str, rule: Rule, running: Mapping[str, Any]) -> list[str]:
    pairs: list[tuple[str, Any, Any]] = [("labels", dict(rule.labels), dict(running.get("labels") or {}))]
    if isinstance(rule, AlertingRule):
        pairs += [
            ("for", float(rule.hold), float(running.get("duration", 0))),
            ("keep_firing_for", float(rule.keep_firing), float(running.get("keepFiringFor", 0))),
            ("annotations", dict(rule.annotations), dict(running.get("annotations") or {})),
        ]
    found = []
    for field, ours, theirs in pairs:
        if isinstance(ours, dict):
            for key in sorted({*ours, *theirs}):
                if ours.get(key) != theirs.get(key):
                    found.append(f"{_name(rule)}: {field}.{key} runs as {theirs.get(key)!r}, the release says {ours.get(key)!r}")
        elif ours != theirs:
            found.append(f"{_name(rule)}: {field} runs as {theirs:g} s, the release says {ours:g} s")
    if not _same_expression(base, rule.expr, running["query"]):
        found.append(f"{_name(rule)}: runs `{running['query']}`, the release says `{rule.expr}`")
    if running["type"] != ("alerting" if isinstance(rule, AlertingRule) else "recording"):
        found.append(f"{_name(rule)}: runs as {running['type']} rule")
    return found


def _same_expression(base: str, ours: str, theirs: str) -> bool:
    """Prometheus returns expressions in canonical form. Where our printer and it disagree, Prometheus itself prints both."""
    try:
        if promql.canonical(ours) == theirs:
            return True
    except promql.ParseFault:
        pass
    return _pretty(base, ours) == _pretty(base, theirs)


def _pretty(base: str, expr: str) -> str:
    return str(http.get(f"{base}/api/v1/format_query", {"query": expr})["data"])


def unhealthy_rules(base: str) -> list[str]:
    """Rules whose last evaluation failed."""
    groups = http.get(f"{base}/api/v1/rules")["data"]["groups"]
    failing = [rule for group in groups for rule in group["rules"] if rule.get("health") == "err"]
    return [f"{rule['name']} fails: {rule.get('lastError', '')}" for rule in failing]


def config(base: str, released: str) -> list[str]:
    """The loaded configuration against the released file."""
    ours = yaml.safe_load(released)
    theirs = yaml.safe_load(http.get(f"{base}/api/v1/status/config")["data"]["yaml"])
    inherited = {key: theirs["global"].get(key) for key in ("scrape_interval", "scrape_timeout")}

    def is_default(parent: str, key: str, value: Any) -> bool:
        if key in inherited and parent.startswith("scrape_configs["):
            return bool(value == inherited[key])
        if parent == "storage.tsdb" and key == "retention":
            return True  # shown here when it is given as a flag; `flags` compares it
        if isinstance(value, dict):
            return all(is_default(f"{parent}.{key}".lstrip("."), inner, item) for inner, item in value.items())
        return key in DEFAULTS and bool(DEFAULTS[key] == value)

    return [f"prometheus.yml: {line}" for line in differences(ours, theirs, is_default)]


def flags(base: str, command: Iterable[str]) -> list[str]:
    """The process's flags against the command line of the release, where it holds no placeholder."""
    running = http.get(f"{base}/api/v1/status/flags")["data"]
    found = []
    for argument in command:
        name, _, value = argument.lstrip("-").partition("=")
        if not value or "{" in value or name not in running:
            continue
        if _plain(running[name]) != _plain(value):
            found.append(f"--{name} runs as {running[name]}, the release says {value}")
    return found


def _plain(value: str) -> float | str:
    """A flag's value without the ways of writing it: durations, and sizes, whose KB, MB, GB count in 1024 here."""
    length = seconds(value)
    return re.sub(r"^(\d+[KMGTPE])iB$", r"\1B", value) if length is None else length


def targets(base: str, prometheus: Prometheus) -> tuple[list[str], list[Down]]:
    """Targets that are missing, added or labelled otherwise; and those that are down or were not yet scraped."""
    active = http.get(f"{base}/api/v1/targets", {"state": "active"})["data"]["activeTargets"]
    running = {(one["scrapePool"], one["discoveredLabels"]["__address__"]): one for one in active}
    wanted = {(job.name, a): dict(t.labels) for job in prometheus.jobs for t in job.targets for a in t.addresses}
    found = [f"target {address} of job {job} is not scraped" for job, address in wanted if (job, address) not in running]
    found += [
        f"target {address} of job {job} is scraped and not in the release"
        for job, address in running
        if (job, address) not in wanted
    ]
    down = []
    for (job, address), labels in wanted.items():
        one = running.get((job, address))
        if one is None:
            continue
        given = {"job": job, "instance": address} | labels
        if given != one["labels"]:
            found.append(f"target {address} of job {job}: has labels {one['labels']}, the release says {given}")
        if one["health"] == "down":
            down.append(Down(job, address, one["lastError"]))
    return found, down


def unscraped(base: str) -> int:
    """How many targets nobody can say anything about: their first scrape is still to come."""
    active = http.get(f"{base}/api/v1/targets", {"state": "active"})["data"]["activeTargets"]
    return sum(one["health"] == "unknown" for one in active)


def alertmanagers(base: str, prometheus: Prometheus) -> list[str]:
    """The Alertmanagers it sends to."""
    active = http.get(f"{base}/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
    running = {one["url"].partition("://")[2].partition("/")[0] for one in active}
    found = [f"does not send to Alertmanager {address}" for address in prometheus.alertmanagers if address not in running]
    return found + [
        f"sends to Alertmanager {one}, which is not in the release" for one in sorted(running - set(prometheus.alertmanagers))
    ]


def _name(rule: Rule) -> str:
    return rule.alert if isinstance(rule, AlertingRule) else rule.record


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yml")
