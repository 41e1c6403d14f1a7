"""The service around the protocols: its API, its page, heartbeats, bounds, and what it does to requests nobody should send."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import socket
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from services.inbox import inbox as inbox_module
from services.inbox import server
from services.inbox.journal import Journal


def send(running, *texts: str, path: str = "/slack/ops") -> None:
    for text in texts:
        assert running.post(path, {"text": text}).status == 200


def texts(messages: list[dict[str, object]]) -> list[object]:
    return [one["text"] for one in messages]


def test_newest_first_with_filter_and_limit(running):
    send(running, "one", "two")
    send(running, "three", path="/slack/dev")
    running.post("/webhook/ops", {"text": "four"})
    assert texts(running.messages())[1:] == ["three", "two", "one"]
    assert texts(running.messages("?channel=ops&kind=slack")) == ["two", "one"]
    assert texts(running.messages("?channel=ops&kind=slack&limit=1")) == ["two"]
    assert texts(running.messages("?since=2&kind=slack")) == ["three"]
    assert texts(running.messages("?status=firing")) == []
    assert running.get("/api/messages?limit=1").json["total"] == 4


def test_since_a_moment(running):
    send(running, "one")
    before, after = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
    assert texts(running.messages(f"?since={before:%Y-%m-%dT%H:%M:%SZ}")) == ["one"]
    assert texts(running.messages(f"?since={after:%Y-%m-%dT%H:%M:%SZ}")) == []


def test_one_who_polls_by_last_id_misses_nothing(running):
    send(running, "one")
    last = running.get("/api/messages").json["last_id"]
    send(running, "two")
    assert texts(running.messages(f"?since={last}")) == ["two"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "since=yesterday", "chanel=ops", "limit=" + "9" * 40])
def test_a_wrong_question_is_answered_with_a_reason(running, query):
    answer = running.get(f"/api/messages?{query}")
    assert answer.status == 400
    assert len(answer.json["errors"]) == 1


def test_a_message_that_is_not_kept(running):
    assert running.get("/api/messages/7").status == 404
    assert running.get("/api/messages/x").status == 404


def test_delete_empties_it_and_numbers_go_on(running):
    send(running, "one", "two")
    running.post("/slack/ops", {})
    assert running.ask("DELETE", "/api/messages").json == {"deleted": 2}
    assert (running.messages(), running.refusals()) == ([], [])
    send(running, "three")
    assert running.only()["id"] == 3


def test_the_ring_is_bounded(starting):
    running = starting(keep=2)
    send(running, "one", "two", "three", "four", "five")
    assert [(one["id"], one["text"]) for one in running.messages()] == [(5, "five"), (4, "four")]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_heartbeats_are_counted_and_push_nothing_out(running, method):
    for _ in range(3):
        assert running.ask(method, "/heartbeat/night/watch").status == 200
    running.get("/heartbeat/other")
    night, other = running.get("/api/heartbeats").json["heartbeats"]
    assert (night["name"], night["count"], other["count"], other["every_seconds"]) == ("night/watch", 3, 1, None)
    assert night["every_seconds"] is not None
    assert night["first_seen"] <= night["last_seen"]
    assert running.messages() == []


def test_heartbeats_are_bounded(running, monkeypatch):
    monkeypatch.setattr("services.inbox.heartbeat.MOST_NAMES", 2)
    for name in ("a", "b", "a", "c"):
        running.get(f"/heartbeat/{name}")
    assert [one["name"] for one in running.get("/api/heartbeats").json["heartbeats"]] == ["a", "c"]


def test_healthy(running):
    answer = running.get("/-/healthy")
    assert (answer.status, answer.json["status"]) == (200, "healthy")


def test_not_healthy_when_mail_has_stopped(running):
    running.inbox._mail._loop.call_soon_threadsafe(running.inbox._mail._server.close)
    running.inbox._mail._loop.call_soon_threadsafe(lambda: None)
    for _ in range(100):
        answer = running.get("/-/healthy")
        if answer.status == 503:
            break
    assert answer.json["faults"] == ["SMTP is not serving"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/slack/ops", 405),
        ("PUT", "/webhook/x", 405),
        ("POST", "/api/messages", 405),
        ("BREW", "/", 405),
        ("GET", "/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/heartbeat/", 404),
    ],
)
def test_other_addresses(running, method, path, status):
    answer = running.ask(method, path)
    assert answer.status == status
    assert "json" in answer.headers["content-type"]


def test_a_body_may_have_a_mebibyte(running):
    assert running.ask("POST", "/webhook/x", b'"' + b"x" * (server.LARGEST_BODY - 2) + b'"').status == 200
    assert running.ask("POST", "/webhook/x", b'"' + b"x" * (server.LARGEST_BODY - 1) + b'"').status == 413
    assert running.ask("POST", "/webhook/x", b"x" * server.LARGEST_DROPPED).status == 413  # all of it is sent before we answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [("Transfer-Encoding: chunked", b"411"), ("Content-Length: many", b"400"), ("Content-Length: " + "9" * 30, b"413")],
)
def test_bodies_of_unknown_length(running, headers, status):
    with socket.create_connection(running.inbox.http_address, timeout=20) as raw:
        raw.sendall(f"POST /slack/x HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
        assert raw.recv(100).split()[1] == status


def test_a_body_that_never_comes_is_not_waited_for(running, monkeypatch):
    monkeypatch.setattr(server, "READ_SECONDS", 0.2)
    with socket.create_connection(running.inbox.http_address, timeout=20) as raw:
        raw.sendall(b"POST /slack/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert raw.recv(100).split()[1] == b"408"
    send(running, "others are served")


def test_no_page_of_another_site_may_write(running):
    foreign = {"Origin": "https://example.com", "Content-Type": "text/plain"}
    assert running.ask("DELETE", "/api/messages", headers=foreign).status == 403
    assert running.ask("POST", "/slack/ops", b'{"text":"x"}', foreign).status == 403
    host, port = running.inbox.http_address
    own = {"Origin": f"http://{host}:{port}"}
    assert running.ask("DELETE", "/api/messages", headers=own).status == 200


def test_a_fault_of_ours_is_an_answer_and_a_line(running, monkeypatch):
    def broken(request):
        raise KeyError("x")

    monkeypatch.setattr(inbox_module.slack, "receive", broken)
    assert running.post("/slack/ops", {"text": "x"}).status == 500
    assert "fault of the inbox: KeyError('x')" in running.log.getvalue()


def test_one_line_a_message_whatever_it_holds(running):
    send(running, 'a\n2026-11-23T03:00:00.000Z #9 slack forged - - "x"')
    running.post("/slack/ops", {"text": "\u2028\ud800 终"})
    running.post("/slack/ops", {})
    lines = running.log.getvalue().rstrip("\n").split("\n")
    assert len(lines) == 3
    assert " refused slack ops no_text" in lines[2]
    assert "终" in lines[1]


def test_a_lone_surrogate_does_not_break_the_log():
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    Journal(out).note("\ud800 终")
    out.seek(0)
    assert out.read().endswith(" \\ud800 终\n")


class Markup(HTMLParser):
    """What a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        source = named.get("src") or (named.get("href") if tag == "link" else None)
        if source and not source.startswith("data:"):
            self.fetched.append(source)


def test_the_page_fetches_nothing_and_runs_its_own_script_alone(running):
    answer = running.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    markup = Markup()
    markup.feed(answer.text)
    assert markup.fetched == []
    policy = answer.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy


def test_the_page_writes_no_markup_from_messages(running):
    script = running.get("/").text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script)
    assert "allow-scripts" not in script
    assert "allow-same-origin" not in script
