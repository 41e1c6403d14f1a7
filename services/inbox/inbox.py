"""The inbox as a whole. In: requests and mails, from the two servers. Out: replies, and everything that arrived, was
refused or beat, kept in one place. Here stands which address leads to which protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from services.inbox import api, dingtalk, pagerduty, slack, webhook
from services.inbox.exchange import Accepted, Answer, Refused, Reply, Request, concealed, json_reply
from services.inbox.heartbeat import Heartbeats
from services.inbox.journal import Journal
from services.inbox.message import Content, stamp
from services.inbox.server import Address, HttpServer
from services.inbox.smtp import MailServer
from services.inbox.store import Store

MOST_REFUSALS = 100


@dataclass(frozen=True)
class Refusal:
    """A notification that was turned down: as telling as one that arrived."""

    at: datetime
    kind: str
    channel: str
    reason: str

    def record(self) -> dict[str, str]:
        return {"at": stamp(self.at), "kind": self.kind, "channel": self.channel, "reason": self.reason}


@dataclass
class Inbox:
    """Everything that arrived, and the two servers it arrives through."""

    store: Store
    journal: Journal
    security: dingtalk.Security = field(default_factory=dingtalk.Security)
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    refusals: deque[Refusal] = field(default_factory=lambda: deque(maxlen=MOST_REFUSALS))
    _http: HttpServer | None = None
    _mail: MailServer | None = None

    def start(self, listen: Address, mail: Address | None) -> None:
        """Raises OSError when an address cannot be had."""
        self._http = HttpServer(listen, self.answer)
        if mail is not None:
            try:
                self._mail = MailServer(mail, self.accept, partial(self.refuse, "email"))
            except OSError:
                self._http.server_close()
                raise
        self._http.start()

    def stop(self) -> None:
        """Take no more, finish what is under way."""
        if self._http is not None:
            self._http.stop()
        if self._mail is not None:
            self._mail.stop()

    @property
    def http_address(self) -> Address:
        assert self._http is not None
        return self._http.address

    @property
    def smtp_address(self) -> Address | None:
        return self._mail.address if self._mail is not None else None

    def accept(self, content: Content) -> None:
        message = self.store.add(content, datetime.now(UTC))
        self.journal.arrived(message)
        if self.store.fault:
            self.journal.note(f"not written to the store file: {self.store.fault}")

    def refuse(self, kind: str, channel: str, reason: str) -> None:
        refusal = Refusal(datetime.now(UTC), kind, channel, reason)
        self.refusals.append(refusal)
        self.journal.refused(refusal.at, kind, channel, reason)

    def healthy(self) -> Reply:
        """GET /-/healthy: 503 when mail is not taken any more or the store file cannot be written."""
        faults = [self.store.fault] if self.store.fault else []
        if self._mail is not None and not self._mail.is_serving():
            faults.append("SMTP is not serving")
        return json_reply(503 if faults else 200, {"status": "failing" if faults else "healthy", "faults": faults})

    def clear(self) -> Reply:
        count = self.store.clear()
        self.refusals.clear()
        self.heartbeats.clear()
        return json_reply(200, {"deleted": count})

    def beat(self, request: Request) -> Reply:
        name = concealed("/".join(request.path))
        if not name or len(name) > 200:
            return json_reply(404, {"error": "call /heartbeat/<name>"})
        return json_reply(200, self.heartbeats.beat(name, request.at).record())

    def ask(self, request: Request) -> Reply:
        """GET /api/…"""
        match request.path:
            case ("messages",):
                return api.messages(self.store, request.query)
            case ("messages", name):
                return api.message(self.store, name)
            case ("heartbeats",):
                beats = [one.record() for one in self.heartbeats.all()]
                return json_reply(200, {"now": stamp(request.at), "heartbeats": beats})
            case ("refusals",):
                return json_reply(200, {"refusals": [one.record() for one in reversed(list(self.refusals))]})
        return json_reply(404, {"errors": ["no such address"]})

    def deliver(self, kind: str, receive: Callable[[Request], Answer], request: Request) -> Reply:
        try:
            answer = receive(request)
        except Exception as error:  # one strange payload must end neither in silence nor in a trace-back for its sender
            answer = Refused("", f"fault of the inbox: {error!r}", json_reply(500, {"errors": ["the inbox failed on this"]}))
        if isinstance(answer, Accepted):
            self.accept(answer.content)
        else:
            self.refuse(kind, answer.channel, answer.reason)
        return answer.reply

    def answer(self, method: str, request: Request) -> Reply:
        """Where each address leads. `request.path` still holds all segments."""
        first, inner = (request.path or ("",))[0], replace(request, path=request.path[1:])
        receivers: dict[str, Callable[[Request], Answer]] = {
            "slack": slack.receive,
            "pagerduty": pagerduty.receive,
            "dingtalk": partial(dingtalk.receive, security=self.security),
            "webhook": webhook.receive,
        }
        match method, first:
            case "POST", kind if kind in receivers:
                return self.deliver(kind, receivers[kind], inner)
            case (("GET" | "HEAD" | "POST"), "heartbeat"):
                return self.beat(inner)
            case (("GET" | "HEAD"), "-") if inner.path == ("healthy",):
                return self.healthy()
            case (("GET" | "HEAD"), "api"):
                return self.ask(inner)
            case "DELETE", "api" if inner.path == ("messages",):
                return self.clear()
        known = first in (*receivers, "heartbeat", "api", "-", "")
        return json_reply(405 if known else 404, {"errors": [f"{method} /{'/'.join(request.path)} is not served here"]})
