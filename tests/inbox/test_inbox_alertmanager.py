"""A real Alertmanager delivers a firing and a resolved alert through every channel it speaks by itself."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operate import tools
from tests.ports import free_ports

LABELS = {"alertname": "LowPredictionAccuracy", "severity": "critical", "service": "football-models"}
SILENCE = "{{ .ExternalURL }}/#/silences/new?filter=%7Balertname%3D%22{{ .CommonLabels.alertname }}%22%7D"
CONFIGURATION = """
global:
  smtp_smarthost: {smtp}
  smtp_from: alertmanager@example.com
  smtp_hello: touchline
  smtp_require_tls: false
route:
  receiver: all
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: all
    slack_configs:
      - api_url: {http}/slack/football-alerts
        channel: '#football-alerts'
        send_resolved: true
        text: '{{{{ .CommonAnnotations.summary }}}}'
        actions:
          - {{type: button, text: Silence, url: '{silence}'}}
    pagerduty_configs:
      - url: {http}/pagerduty/v2/enqueue
        routing_key: 00000000000000000000000000oncall
        severity: '{{{{ .CommonLabels.severity }}}}'
    webhook_configs:
      - url: {http}/webhook/bridge
        send_resolved: true
      - url: {http}/heartbeat/alertmanager
        send_resolved: true
    email_configs:
      - to: ops@example.com
        send_resolved: true
        text: '{{{{ .CommonAnnotations.summary }}}}'
        headers:
          Subject: '[{{{{ .Status | toUpper }}}}] {{{{ .CommonLabels.alertname }}}} {{{{ .CommonAnnotations.summary }}}}'
"""


def alertmanager() -> Path:
    try:
        return tools.path("alertmanager")
    except tools.ToolMissing as missing:
        pytest.skip(f"no real Alertmanager: {missing}")


def until(wanted: Callable[[], Any], explain: Callable[[], str]) -> Any:
    """The first true answer; the patience is for a busy machine, nothing is measured."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := wanted():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not seen: {explain()}")


def ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@contextmanager
def started(binary: Path, running: Any, folder: Path) -> Iterator[str]:
    """Alertmanager with the inbox as its every receiver; its address."""
    http, smtp = ("{}:{}".format(*one) for one in (running.inbox.http_address, running.inbox.smtp_address))
    (folder / "alertmanager.yml").write_text(CONFIGURATION.format(http=f"http://{http}", smtp=smtp, silence=SILENCE))
    address = f"127.0.0.1:{free_ports(1)[0]}"
    command = [binary, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}", f"--web.listen-address={address}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--cluster.listen-address="], stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or ready(f"http://{address}"), lambda: "Alertmanager ready")
        assert process.poll() is None, (folder / "log").read_text()
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def post(address: str, **times: datetime) -> None:
    alert = {
        "labels": LABELS,
        "annotations": {"summary": "预测准确率下降 0.79 < 0.85"},
        "generatorURL": "http://localhost:9090/graph",
        **{name: moment.isoformat() for name, moment in times.items()},
    }
    body = json.dumps([alert]).encode()
    request = urllib.request.Request(f"{address}/api/v2/alerts", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.engine
def test_a_real_alertmanager_reaches_every_channel(running, tmp_path):
    def arrived(status: str) -> dict[str, dict[str, Any]] | None:
        listed = {one["kind"]: one for one in running.messages(f"?status={status}")}
        return listed if len(listed) == 4 else None

    def beats() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = running.get("/api/heartbeats").json["heartbeats"]
        return listed

    now = datetime.now(UTC)
    with started(alertmanager(), running, tmp_path) as address:
        post(address, startsAt=now - timedelta(minutes=1))
        firing = until(lambda: arrived("firing"), lambda: f"four firing messages: {running.log.getvalue()}")
        post(address, startsAt=now - timedelta(minutes=1), endsAt=now)
        resolved = until(lambda: arrived("resolved"), lambda: f"four resolved messages: {running.log.getvalue()}")
        (beat,) = until(lambda: [one for one in beats() if one["count"] == 2], lambda: f"two heartbeats: {beats()}")

    assert running.refusals() == []
    assert len(running.messages()) == 8
    assert beat["name"] == "alertmanager"
    for state in (firing, resolved):
        channels = {kind: one["channel"] for kind, one in state.items()}
        assert channels == {"slack": "football-alerts", "pagerduty": "oncall", "webhook": "bridge", "email": "ops@example.com"}
        for one in state.values():
            assert {alert["name"] for alert in one["alerts"]} == {LABELS["alertname"]}, one["kind"]
            assert LABELS["alertname"] in one["title"]
            assert "预测准确率下降 0.79 < 0.85" in one["text"] or one["kind"] == "pagerduty"
        assert state["webhook"]["alerts"][0]["labels"] == state["pagerduty"]["alerts"][0]["labels"] == LABELS
        assert state["webhook"]["severity"] == state["pagerduty"]["severity"] == "critical"
        assert "Silence" in [link["text"] for link in state["slack"]["links"]]
        assert state["email"]["has_html"]
