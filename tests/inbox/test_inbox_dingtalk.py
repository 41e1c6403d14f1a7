"""What a DingTalk robot takes and what it turns down: always HTTP 200, `errcode` says which."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import quote_plus

import pytest

from services.inbox.dingtalk import Security

PATH = "/dingtalk/robot/send?access_token=china-team"
TEXT = {"msgtype": "text", "text": {"content": "预测准确率下降"}, "at": {"atMobiles": ["13800000000"], "isAtAll": False}}
SECRET = "SEC-of-the-test"
HOUR = 3_600_000


def signed(timestamp: int, secret: str = SECRET) -> str:
    """The documented algorithm, written a second time."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{PATH}&timestamp={timestamp}&sign={quote_plus(base64.b64encode(digest))}"


def now() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize(
    ("payload", "title", "links"),
    [
        pytest.param(TEXT, "预测准确率下降", [], id="text"),
        pytest.param(
            {"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://example.com"}}, "t", ["t"], id="link"
        ),
        pytest.param({"msgtype": "markdown", "markdown": {"title": "t", "text": "## x"}}, "t", [], id="markdown"),
        pytest.param(
            {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "singleTitle": "看", "singleURL": "https://a.b"}},
            "t",
            ["看"],
            id="actionCard of one button",
        ),
        pytest.param(
            {
                "msgtype": "actionCard",
                "actionCard": {"title": "t", "text": "x", "btns": [{"title": "b", "actionURL": "https://a.b"}]},
            },
            "t",
            ["b"],
            id="actionCard of buttons",
        ),
        pytest.param(
            {
                "msgtype": "feedCard",
                "feedCard": {"links": [{"title": "f", "messageURL": "https://a.b", "picURL": "https://a.b/c"}]},
            },
            "f",
            ["f"],
            id="feedCard",
        ),
        pytest.param({**TEXT, "at": {"atMobiles": 5, "atUserIds": "x"}}, "预测准确率下降", [], id="odd at"),
    ],
)
def test_taken(running, payload, title, links):
    answer = running.post(PATH, payload)
    assert (answer.status, answer.json) == (200, {"errcode": 0, "errmsg": "ok"})
    message = running.only()
    assert (message["kind"], message["channel"], message["title"]) == ("dingtalk", "china-team", title)
    assert [link["text"] for link in message["links"]] == links


def test_a_markdown_alert_is_understood(running):
    silence = "http://localhost:9093/#/silences/new?filter=%7Balertname%3D%22LowPredictionAccuracy%22%7D"
    text = f"### 预测准确率下降\n\n[静默]({silence})"
    markdown = {"title": "[FIRING:1] 预测准确率下降 严重", "text": text}
    running.post(PATH, {"msgtype": "markdown", "markdown": markdown, "at": {"isAtAll": True}})
    message = running.only()
    assert (message["status"], message["severity"]) == ("firing", "critical")
    assert [alert["name"] for alert in message["alerts"]] == ["LowPredictionAccuracy"]
    assert message["text"].endswith("@ all")


@pytest.mark.parametrize(
    ("path", "payload", "code", "words"),
    [
        pytest.param("/dingtalk/robot/send", TEXT, 40035, "access_token", id="no token"),
        pytest.param("/dingtalk/robot", TEXT, 404, "URI", id="wrong address"),
        pytest.param(PATH, b"", 40035, "json", id="empty"),
        pytest.param(PATH, b"{", 40035, "json", id="not JSON"),
        pytest.param(PATH, {"msgtype": "image", "image": {}}, 400105, "image", id="unknown msgtype"),
        pytest.param(PATH, {"text": {"content": "x"}}, 400105, "None", id="no msgtype"),
        pytest.param(PATH, {"msgtype": ["text"]}, 400105, "text", id="msgtype is a list"),
        pytest.param(PATH, {"msgtype": "text"}, 400201, "miss param : text", id="no text"),
        pytest.param(PATH, {"msgtype": "text", "text": {"content": ""}}, 400202, "text->content", id="empty content"),
        pytest.param(PATH, {"msgtype": "text", "text": {"content": 5}}, 400202, "text->content", id="content is a number"),
        pytest.param(PATH, {"msgtype": "markdown", "markdown": "x"}, 400401, "miss param : markdown", id="markdown is a string"),
        pytest.param(PATH, {"msgtype": "markdown", "markdown": {"text": "x"}}, 400402, "markdown->title", id="no title"),
        pytest.param(PATH, {"msgtype": "markdown", "markdown": {"title": "x"}}, 400403, "markdown->text", id="no markdown text"),
        pytest.param(PATH, {"msgtype": "link", "link": {"title": "x", "text": "y"}}, 400304, "messageUrl", id="no messageUrl"),
        pytest.param(PATH, {"msgtype": "actionCard", "actionCard": {"title": "x", "text": "y"}}, 400504, "btns", id="no button"),
        pytest.param(PATH, {"msgtype": "feedCard", "feedCard": {"links": []}}, 400602, "feedCard->links", id="no links"),
        pytest.param(PATH, {"msgtype": "feedCard", "feedCard": {"links": [5]}}, 400603, "title", id="link is a number"),
    ],
)
def test_refused(running, path, payload, code, words):
    answer = running.post(path, payload)
    assert answer.status == 200
    assert answer.json["errcode"] == code
    assert words in answer.json["errmsg"]
    assert running.messages() == []
    assert len(running.refusals()) == 1


@pytest.mark.parametrize(("size", "code"), [(20_000, 0), (20_001, 460101)])
def test_a_message_may_have_20000_bytes(running, size, code):
    body = json.dumps({"msgtype": "text", "text": {"content": ""}})
    body = body.replace('"content": ""', f'"content": "{"x" * (size - len(body))}"')
    assert len(body) == size
    assert running.post(PATH, body.encode()).json["errcode"] == code


def test_a_signed_message_is_taken(starting):
    running = starting(security=Security(SECRET))
    assert running.post(signed(now()), TEXT).json == {"errcode": 0, "errmsg": "ok"}
    assert running.post(signed(now() - HOUR + 60_000), TEXT).json["errcode"] == 0


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param(lambda: PATH, "invalid timestamp", id="unsigned"),
        pytest.param(lambda: signed(now(), "another"), "sign not match", id="another secret"),
        pytest.param(lambda: signed(now()).split("&sign")[0], "sign not match", id="no sign"),
        pytest.param(lambda: signed(now()) + "x", "sign not match", id="sign altered"),
        pytest.param(lambda: signed(now()) + "中", "sign not match", id="sign not ASCII"),
        pytest.param(lambda: signed(now() - HOUR - 60_000), "invalid timestamp", id="older than an hour"),
        pytest.param(lambda: signed(now() + HOUR + 60_000), "invalid timestamp", id="an hour ahead"),
        pytest.param(lambda: signed(now() // 1000), "invalid timestamp", id="seconds for milliseconds"),
        pytest.param(lambda: f"{PATH}&timestamp=soon&sign=x", "invalid timestamp", id="timestamp is a word"),
        pytest.param(lambda: f"{PATH}&timestamp={'9' * 5000}&sign=x", "invalid timestamp", id="endless timestamp"),
    ],
)
def test_a_wrong_signature_is_refused(starting, path, fault):
    running = starting(security=Security(SECRET))
    answer = running.post(path(), TEXT)
    assert (answer.status, answer.json) == (200, {"errcode": 310000, "errmsg": fault})
    assert running.messages() == []


def test_keywords(starting):
    running = starting(security=Security(keywords=("告警", "alert")))
    assert running.post(PATH, TEXT).json == {"errcode": 310000, "errmsg": "keywords not in content"}
    assert running.post(PATH, {"msgtype": "text", "text": {"content": "an alert"}}).json["errcode"] == 0
    assert running.post(PATH, {"msgtype": "markdown", "markdown": {"title": "告警", "text": "x"}}).json["errcode"] == 0


def test_a_real_token_is_not_shown(running):
    token = "566cc69da782ec00a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718"
    running.post(f"/dingtalk/robot/send?access_token={token}", TEXT)
    assert running.only()["channel"] == "…0718"
    assert token not in running.log.getvalue()
