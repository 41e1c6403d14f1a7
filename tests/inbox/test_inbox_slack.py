"""What a Slack incoming webhook takes and what it turns down, with Slack's own words and codes."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

SILENCE = "http://localhost:9093/#/silences/new?filter=%7Balertname%3D%22HighAPILatency%22%2C%20severity%3D%22critical%22%7D"

# As notify/slack/slack.go of Alertmanager 0.31.1 writes it: keys without omitempty are always there.
ALERTMANAGER = {
    "channel": "#football-alerts",
    "username": "Alertmanager",
    "attachments": [
        {
            "title": "[FIRING:1] HighAPILatency (football-api)",
            "title_link": "http://localhost:9093/#/alerts?receiver=ops",
            "text": "接口延迟过高：P95 3.2 s\nAPI latency is too high",
            "fallback": "[FIRING:1] HighAPILatency | http://localhost:9093",
            "callback_id": "",
            "fields": [{"title": "service", "value": "football-api", "short": True}],
            "actions": [
                {"type": "button", "text": "Runbook", "url": "https://example.com/runbooks/HighAPILatency"},
                {"type": "button", "text": "Silence", "url": SILENCE},
            ],
            "footer": "",
            "color": "danger",
            "mrkdwn_in": ["fallback", "pretext", "text"],
        }
    ],
}
ATTACHMENT = {"fallback": "x", "text": "x"}


def test_an_alertmanager_notification_is_taken_and_understood(running):
    answer = running.post("/slack/football/alerts", ALERTMANAGER)
    assert (answer.status, answer.text) == (200, "ok")
    message = running.only()
    assert message["kind"] == "slack"
    assert message["channel"] == "football/alerts"
    assert message["title"] == "[FIRING:1] HighAPILatency (football-api)"
    assert "接口延迟过高" in message["text"]
    assert "service: football-api" in message["text"]
    assert message["status"] == "firing"
    assert message["severity"] == "critical"
    assert [alert["labels"] for alert in message["alerts"]] == [{"alertname": "HighAPILatency", "severity": "critical"}]
    assert [link["text"] for link in message["links"]] == ["[FIRING:1] HighAPILatency (football-api)", "Runbook", "Silence"]
    assert json.loads(message["raw"]) == ALERTMANAGER


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"text": "hello"}, id="text"),
        pytest.param({"attachments": [ATTACHMENT] * 100}, id="100 attachments"),
        pytest.param({"attachments": [{"title": "only a title", "text": "", "fallback": ""}]}, id="title alone"),
        pytest.param({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "b"}}] * 50}, id="50 blocks"),
        pytest.param({"text": "lone surrogate \ud800"}, id="lone surrogate"),
        pytest.param({"attachments": [{"text": "x", "fields": 5, "actions": {"a": 1}, "color": ["red"]}]}, id="odd fields"),
    ],
)
def test_taken(running, payload):
    answer = running.post("/slack/ops", payload)
    assert (answer.status, answer.text) == (200, "ok")
    assert running.only()["channel"] == "ops"


@pytest.mark.parametrize(
    ("payload", "code", "word"),
    [
        pytest.param(b"{not json", 400, "invalid_payload", id="not JSON"),
        pytest.param(b"", 400, "invalid_payload", id="empty"),
        pytest.param(b"[1]", 400, "invalid_payload", id="an array"),
        pytest.param(b"[" * 100_000, 400, "invalid_payload", id="nested too deep"),
        pytest.param(b'{"text": "\xff"}', 400, "invalid_payload", id="not UTF-8"),
        pytest.param({"text": 5}, 400, "invalid_payload", id="text is a number"),
        pytest.param({"attachments": "x"}, 400, "invalid_payload", id="attachments is a string"),
        pytest.param({"attachments": ["x"]}, 400, "invalid_payload", id="attachment is a string"),
        pytest.param({}, 400, "no_text", id="nothing"),
        pytest.param({"text": "", "attachments": []}, 400, "no_text", id="empty text"),
        pytest.param(
            {"channel": "#x", "attachments": [{"text": "", "fallback": "", "color": "good"}]}, 400, "no_text", id="hollow"
        ),
        pytest.param({"attachments": [ATTACHMENT] * 101}, 400, "too_many_attachments", id="101 attachments"),
        pytest.param({"blocks": [{"type": "divider"}] * 51}, 400, "invalid_blocks", id="51 blocks"),
    ],
)
def test_refused(running, payload, code, word):
    answer = running.post("/slack/ops", payload)
    assert (answer.status, answer.text) == (code, word)
    assert running.messages() == []
    assert [(one["kind"], one["channel"], one["reason"]) for one in running.refusals()] == [("slack", "ops", word)]


def test_a_hook_without_a_channel_is_unknown(running):
    answer = running.post("/slack/", {"text": "x"})
    assert (answer.status, answer.text) == (404, "no_service")


def test_the_form_field_payload_is_read(running):
    body = urlencode({"payload": json.dumps({"text": "你好 & more"})}).encode()
    answer = running.ask("POST", "/slack/ops", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.text) == (200, "ok")
    assert running.only()["text"] == "你好 & more"


def test_what_slack_would_cut_is_cut_and_said(running):
    running.post("/slack/ops", {"text": "x" * 40_001})
    message = running.only()
    assert len(message["text"]) == 40_000
    assert message["warnings"] == ["Slack cuts text after 40000 characters"]


def test_a_sixth_button_is_warned_of(running):
    buttons = [{"type": "button", "text": str(n), "url": "https://example.com"} for n in range(6)]
    running.post("/slack/ops", {"attachments": [{"text": "x", "actions": buttons}]})
    assert running.only()["warnings"] == ["Slack shows at most 5 buttons in an attachment"]


@pytest.mark.parametrize(
    ("title", "colour", "status"),
    [
        ("[RESOLVED] HighAPILatency", None, "resolved"),
        ("[FIRING:2] HighAPILatency", None, "firing"),
        ("预测准确率下降 已恢复", None, "resolved"),
        ("预测准确率下降", "danger", "firing"),
        ("预测准确率下降", "good", "resolved"),
        ("预测准确率下降", "#439FE0", None),
    ],
)
def test_the_state_is_read_from_colour_or_title(running, title, colour, status):
    running.post("/slack/ops", {"attachments": [{"title": title, "text": "x", **({"color": colour} if colour else {})}]})
    assert running.only()["status"] == status


def test_a_real_hook_token_is_not_shown(running):
    token = "XyZ0123456789abcdefABCDEF"
    running.post(f"/slack/services/T00000000/B00000000/{token}", {"text": "x"})
    assert running.only()["channel"] == "services/T00000000/B00000000/…CDEF"
    assert token not in running.log.getvalue()
