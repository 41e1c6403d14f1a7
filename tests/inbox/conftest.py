"""A real inbox for each test: HTTP and SMTP on free loopback ports, spoken to over the network."""

from __future__ import annotations

import http.client
import io
import json
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services.inbox.dingtalk import Security
from services.inbox.inbox import Inbox
from services.inbox.journal import Journal
from services.inbox.store import Store


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Running:
    """A running inbox and what a client can do to it."""

    inbox: Inbox
    log: io.StringIO

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(*self.inbox.http_address, timeout=20)
        try:
            connection.request(method, quote(path, safe="/?&=%:+"), body=body, headers=headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, payload: object) -> Answer:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/json"})

    def mail(self, source: str | bytes, to: str = "ops@example.com") -> tuple[int, str]:
        """The code and text with which the server takes or turns down a mail."""
        address = self.inbox.smtp_address
        assert address is not None
        with smtplib.SMTP(*address, timeout=20) as client:
            try:
                client.sendmail("alertmanager@example.com", [to], source)
            except smtplib.SMTPResponseException as refused:
                return refused.smtp_code, str(refused.smtp_error, "utf-8")
            except smtplib.SMTPRecipientsRefused as refused:
                code, text = next(iter(refused.recipients.values()))
                return code, str(text, "utf-8")
        return 250, ""

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.get(f"/api/messages{query}").json["messages"]
        return listed

    def only(self) -> dict[str, Any]:
        """The one message there is, whole."""
        (summary,) = self.messages()
        whole: dict[str, Any] = self.get(f"/api/messages/{summary['id']}").json
        return whole

    def refusals(self) -> list[dict[str, str]]:
        listed: list[dict[str, str]] = self.get("/api/refusals").json["refusals"]
        return listed


def start(keep: int = 1000, store: Path | None = None, security: Security | None = None) -> Running:
    log = io.StringIO()
    inbox = Inbox(Store(keep, store), Journal(log), security or Security())
    inbox.start(("127.0.0.1", 0), ("127.0.0.1", 0))
    return Running(inbox, log)


@pytest.fixture
def running() -> Iterator[Running]:
    one = start()
    yield one
    one.inbox.stop()


@pytest.fixture
def starting() -> Iterator[Any]:
    """For tests that want an inbox of their own settings: `starting(keep=…, store=…, security=…)`."""
    started: list[Running] = []

    def begin(**settings: Any) -> Running:
        started.append(start(**settings))
        return started[-1]

    yield begin
    for one in started:
        one.inbox.stop()
