"""The plain webhook: any JSON, Alertmanager's in full."""

from __future__ import annotations

import pytest

# As notify/webhook/webhook.go of Alertmanager 0.31.1 writes it.
ALERTMANAGER = {
    "receiver": "hook",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "APIDown", "service": "football-api", "severity": "warning"},
            "annotations": {"summary": "接口不可用", "runbook_url": "https://example.com/runbooks/APIDown"},
            "startsAt": "2026-11-23T03:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://localhost:9090/graph?g0.expr=up",
            "fingerprint": "9a6f2c1e0d3b4a58",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "RedisDown", "severity": "critical"},
            "annotations": {},
            "startsAt": "2026-11-23T03:00:00Z",
            "endsAt": "2026-11-23T03:05:00Z",
            "generatorURL": "",
            "fingerprint": "1a6f2c1e0d3b4a58",
        },
    ],
    "groupLabels": {"alertname": "APIDown"},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://localhost:9093",
    "version": "4",
    "groupKey": '{}:{alertname="APIDown"}',
    "truncatedAlerts": 2,
}


def test_an_alertmanager_notification_is_understood(running):
    assert running.post("/webhook/dingtalk-bridge", ALERTMANAGER).status == 200
    message = running.only()
    assert (message["kind"], message["channel"]) == ("webhook", "dingtalk-bridge")
    assert message["title"] == "[FIRING:1] APIDown RedisDown"
    assert (message["status"], message["severity"]) == ("firing", "critical")
    assert [(alert["name"], alert["status"]) for alert in message["alerts"]] == [("APIDown", "firing"), ("RedisDown", "resolved")]
    assert message["alerts"][0]["labels"] == ALERTMANAGER["alerts"][0]["labels"]
    assert [link["text"] for link in message["links"]] == ["runbook_url", "source", "Alertmanager"]
    assert message["warnings"] == ["Alertmanager left out 2 more alerts (max_alerts)"]


def test_resolved(running):
    running.post("/webhook/x", {**ALERTMANAGER, "status": "resolved"})
    message = running.only()
    assert (message["title"], message["status"]) == ("[RESOLVED] APIDown RedisDown", "resolved")


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"message": "disk full", "n": 1}, "disk full"),
        ({"title": "", "text": "second choice"}, "second choice"),
        ({"n": 1}, "other"),
        ([1, 2], "other"),
        ("word", "other"),
    ],
)
def test_any_json_is_taken(running, payload, title):
    assert running.post("/webhook/other", payload).status == 200
    assert running.only()["title"] == title


@pytest.mark.parametrize(
    ("path", "payload", "code"),
    [
        pytest.param("/webhook/x", b"{", 400, id="not JSON"),
        pytest.param("/webhook/x", b"", 400, id="empty"),
        pytest.param("/webhook/x", {"alerts": "x"}, 400, id="alerts is a string"),
        pytest.param("/webhook/x", {"alerts": ["x"]}, 400, id="alert is a string"),
        pytest.param("/webhook/x", {"alerts": [{"labels": {"a": 1}}]}, 400, id="label is a number"),
        pytest.param("/webhook/x", {"alerts": [{"labels": {}, "annotations": None}]}, 400, id="annotations is null"),
        pytest.param("/webhook", {"n": 1}, 404, id="no name"),
    ],
)
def test_refused(running, path, payload, code):
    answer = running.post(path, payload)
    assert answer.status == code
    assert answer.json["error"]
    assert running.messages() == []
    assert len(running.refusals()) == 1
