"""Messages as a real Alertmanager sends them by what we emit: to Slack, PagerDuty, a webhook and by mail, with hostile labels."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from generators.emit import alertmanager
from generators.ir.alerting import (
    Alerting,
    EmailIntegration,
    InhibitRule,
    Matcher,
    PagerDutyIntegration,
    Receiver,
    Route,
    SlackIntegration,
    WebhookIntegration,
)
from tests.emit.samples import HOSTILE
from tests.emit.tools import need, write
from tests.ports import free_ports


class Sink(BaseHTTPRequestHandler):
    """Takes every POST and answers as the receiver at that path would."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        assert isinstance(server, SinkServer)
        server.posts.append((self.path, body))
        self.send_response(202 if self.path == "/pagerduty" else 200)
        self.end_headers()
        self.wfile.write(b"ok" if self.path == "/slack" else b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class SinkServer(ThreadingHTTPServer):
    """The HTTP side of the receivers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Sink)
        self.posts: list[tuple[str, Any]] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def at(self, path: str) -> list[Any]:
        """What arrived at a path."""
        return [body for where, body in list(self.posts) if where == path]


class Mailbox:
    """The SMTP side."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 kept"


@dataclasses.dataclass
class Told:
    """A running Alertmanager and everything it has told."""

    address: str
    sink: SinkServer
    mailbox: Mailbox

    def fire(self, labels: dict[str, str], **annotations: str) -> None:
        """Send one firing alert."""
        body = json.dumps([{"labels": labels, "annotations": annotations, "generatorURL": "http://prometheus:9090/graph"}])
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/api/v2/alerts", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200


def until(met: Callable[[], object], what: str) -> None:
    """Wait for a condition; half a minute is a failure."""
    deadline = time.monotonic() + 30
    while not met():
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.1)


def answers(address: str) -> bool:
    """Whether the Alertmanager is ready."""
    try:
        with urllib.request.urlopen(f"{address}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def alerting(sink: SinkServer, smtp: Controller) -> Alerting:
    """One receiver of every kind, all of them told of everything at once."""
    everyone = Receiver(
        "everyone",
        (
            SlackIntegration("#alerts", url=f"{sink.base}/slack"),
            PagerDutyIntegration(routing_key="k" * 32, url=f"{sink.base}/pagerduty"),
            EmailIntegration("ops@example.com", "touchline@example.com", f"127.0.0.1:{smtp.port}", require_tls=False),
            WebhookIntegration(url=f"{sink.base}/webhook", max_alerts=10),
        ),
    )
    cause = InhibitRule("cause", (Matcher("alertname", "=", "DatabaseDown"),), (Matcher("alertname", "=", "OrdersFail"),))
    route = Route("everyone", group_by=("severity", "service"), group_wait=1, group_interval=60, repeat_interval=3600)
    return Alerting(route, (everyone,), (cause,), locale="zh-CN", zone="Asia/Shanghai", project="shop")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    binary, sink, mailbox = need("alertmanager"), SinkServer(), Mailbox()
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    port, smtp_port = free_ports(2)
    smtp = Controller(mailbox, hostname="127.0.0.1", port=smtp_port)
    smtp.start()
    write(tmp_path, alertmanager.emit(alerting(sink, smtp)))
    address = f"http://127.0.0.1:{port}"
    flags = [f"--config.file={tmp_path}/alertmanager/alertmanager.yml", f"--storage.path={tmp_path}/data"]
    flags += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", f"--web.external-url={address}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([binary, *flags], stdout=log, stderr=log)
    try:
        until(lambda: answers(address), "alertmanager")
        yield Told(address, sink, mailbox)
    finally:
        process.terminate()
        process.wait(timeout=20)
        smtp.stop()
        sink.shutdown()


@pytest.mark.engine
def test_every_channel_is_told_in_full_whatever_the_labels_say(told: Told) -> None:
    told.fire(
        HOSTILE,
        summary="下单失败 {{ .Nope }}",
        description='- a: b\n- {{ template "none" }}',
        runbook_url="https://r.example.com/a",
    )
    until(lambda: told.sink.at("/slack") and told.sink.at("/pagerduty") and told.mailbox.mails, "all the channels told")
    attachment = told.sink.at("/slack")[0]["attachments"][0]
    assert attachment["color"] == "danger"
    assert attachment["title"].startswith("[FIRING:1] ShopFails · shop · 严重 · 下单失败 {{ .Nope }}")
    assert "&lt;!channel&gt;" in attachment["text"]
    event = told.sink.at("/pagerduty")[0]
    assert (event["event_action"], event["payload"]["severity"], event["payload"]["source"]) == ("trigger", "critical", "shop")
    assert event["payload"]["summary"].startswith("[FIRING:1] ShopFails")
    details = event["payload"]["custom_details"]["firing"]
    assert isinstance(details, str), "Alertmanager must not take it for YAML and render it again"
    assert '- {{ template "none" }}' in details
    assert event["links"][0]["href"] == "https://r.example.com/a"
    mail = told.mailbox.mails[0]
    assert mail["Subject"].startswith("[FIRING:1] ShopFails · shop · 严重")
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert "下单失败 {{ .Nope }}" in plain.get_content()
    assert "<script>" not in page.get_content()
    assert "&lt;script&gt;" in page.get_content()


@pytest.mark.engine
def test_what_its_cause_explains_is_kept_back(told: Told) -> None:
    told.fire({"alertname": "DatabaseDown", "severity": "critical", "service": "db"})
    until(lambda: told.sink.at("/webhook"), "the cause told")
    told.fire({"alertname": "OrdersFail", "severity": "critical", "service": "shop"})
    told.fire({"alertname": "Unrelated", "severity": "critical", "service": "mail"})
    until(lambda: len(told.sink.at("/webhook")) >= 2, "the unrelated told")
    until(lambda: inhibited(told), "the explained one kept back")
    names = {alert["labels"]["alertname"] for body in told.sink.at("/webhook") for alert in body["alerts"]}
    assert names == {"DatabaseDown", "Unrelated"}


def inhibited(told: Told) -> bool:
    """Whether Alertmanager says that OrdersFail is kept back, by DatabaseDown."""
    with urllib.request.urlopen(f"{told.address}/api/v2/alerts", timeout=5) as answer:
        found = {one["labels"]["alertname"]: one for one in json.load(answer)}
    by: list[str] = found.get("OrdersFail", {}).get("status", {}).get("inhibitedBy", [])
    return by == [found["DatabaseDown"]["fingerprint"]]
