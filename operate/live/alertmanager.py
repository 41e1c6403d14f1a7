"""A running Alertmanager against a release. In: its address and the released alertmanager.yml. Out: what it has loaded otherwise;
and for `touchline ping` the way to hand it an alert and to see what it did with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from operate.live import http
from operate.live.compare import differences

_HASH = re.compile(r"^alertmanager_config_hash (\S+)$", re.MULTILINE)


def config(base: str, released: str) -> list[str]:
    """The loaded configuration against the released file: in words what differs, and by its hash whether anything does.

    Alertmanager hides secrets and fills in receivers' defaults; the hash of the file's bytes sees what the words cannot."""
    if loaded_hash(base) == file_hash(released):
        return []
    theirs = yaml.safe_load(http.get(f"{base}/api/v2/status")["config"]["original"])
    found = differences(yaml.safe_load(released), theirs, _is_default)
    return [f"alertmanager.yml: {line}" for line in found] or ["alertmanager.yml: another file is loaded (its hash differs)"]


def _is_default(parent: str, key: str, value: Any) -> bool:
    """What stands below routes, inhibitions and time intervals is ours alone; receivers and `global` are filled with defaults."""
    if parent.startswith(("receivers", "global")) or (parent == "" and key == "global"):
        return True
    return key == "continue" and value is False


def loaded_hash(base: str) -> float | None:
    """`alertmanager_config_hash`, as a metric carries it."""
    found = _HASH.search(http.get_text(f"{base}/metrics"))
    return float(found.group(1)) if found else None


def file_hash(text: str) -> float:
    """The same of a file: the first six bytes of its MD5, little end first, as `md5HashAsMetricValue` in Alertmanager's
    config/coordinator.go computes it (https://github.com/prometheus/alertmanager/blob/v0.31.1/config/coordinator.go)."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return float(int.from_bytes(digest[:6], "little"))


def receivers(base: str, expected: Sequence[str]) -> list[str]:
    """Receivers that are missing or added."""
    running = {one["name"] for one in http.get(f"{base}/api/v2/receivers")}
    found = [f"receiver {name} does not run" for name in expected if name not in running]
    return found + [f"receiver {name} runs and is not in the release" for name in sorted(running - set(expected))]


def send(base: str, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Hand over alerts as Prometheus does."""
    http.post(f"{base}/api/v2/alerts", list(alerts))


def held_back(base: str, label: str, value: str, labels: Mapping[str, str]) -> str:
    """Why the alert with these labels is not notified now: silenced, inhibited, or muted by a time interval; else ""."""
    for group in http.get(f"{base}/api/v2/alerts/groups", {"filter": f'{label}="{value}"'}):
        for alert in group["alerts"]:
            if alert["labels"] != dict(labels):
                continue
            status = alert["status"]
            for key, said in (("silencedBy", "silenced by"), ("inhibitedBy", "inhibited by"), ("mutedBy", "outside its hours:")):
                if status.get(key):
                    return f"{said} {', '.join(status[key])}"
    return ""
