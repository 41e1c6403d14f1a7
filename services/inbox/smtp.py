"""The receiving side of e-mail. In: SMTP, by aiosmtpd (the one package this service needs: the standard library's
smtpd was removed in Python 3.12). Out: the message with its subject, its plain and its HTML part, or the reply a
careful mail server gives.

No AUTH and no STARTTLS are offered, which is what Alertmanager meets with `require_tls: false` and no user
(notify/email/email.go of v0.31.1).

Sources: From (once) and Date are required, https://www.rfc-editor.org/rfc/rfc5322#section-3.6; large mail servers
refuse mail without them, https://support.google.com/mail/answer/81126; reply codes,
https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3 and rfc3463; the size limit is announced and kept by aiosmtpd
(SIZE, 552).
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable
from email import message_from_bytes, policy
from email.errors import MessageDefect
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.inbox.alerts import alerts_in, severity_in, status_in
from services.inbox.message import Content, Link

LARGEST_MAIL = 5 * 1024 * 1024
TIMEOUT_SECONDS = 30

# Called with an accepted mail, or with the recipients and the reply of a refused one.
OnMail = Callable[[Content], None]
OnRefused = Callable[[str, str], None]


class Postman:
    """aiosmtpd's handler: it decides about recipients and messages."""

    def __init__(self, on_mail: OnMail, on_refused: OnRefused) -> None:
        self._on_mail = on_mail
        self._on_refused = on_refused

    async def handle_RCPT(  # noqa: N802 (aiosmtpd finds its hooks by these names)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            self._on_refused(address, "501 5.1.3 Bad recipient address syntax")
            return "501 5.1.3 Bad recipient address syntax"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        channel = ", ".join(dict.fromkeys(envelope.rcpt_tos))
        source = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(source, policy=policy.default)
        if reply := fault(mail):
            self._on_refused(channel, reply)
            return reply
        self._on_mail(content(channel, mail, source))
        return "250 2.0.0 OK"


class MailServer:
    """Listens in a thread of its own. Raises OSError when the address cannot be had.

    aiosmtpd's own Controller is not used: to see whether it listens it connects to itself, which cannot work with port 0.
    """

    def __init__(self, address: tuple[str, int], on_mail: OnMail, on_refused: OnRefused) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd logs every command; one line a mail is ours
        self._postman = Postman(on_mail, on_refused)
        self._loop = asyncio.new_event_loop()
        try:
            self._server = self._loop.run_until_complete(self._loop.create_server(self._session, *address))
        except OSError:
            self._loop.close()
            raise
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address: tuple[str, int] = (str(host), int(port))
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()

    def is_serving(self) -> bool:
        return self._thread.is_alive() and self._server.is_serving()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=TIMEOUT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _session(self) -> SMTP:
        return SMTP(
            self._postman,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            timeout=TIMEOUT_SECONDS,
            hostname="inbox",
            ident="inbox",
            loop=self._loop,
        )

    async def _close(self) -> None:
        self._server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)


def fault(mail: EmailMessage) -> str | None:
    """The reply that turns a mail down, or None."""
    for name in ("From", "Date"):
        values = mail.get_all(name, [])
        if not values or not str(values[0]).strip():
            return f"550 5.7.1 Message is not RFC 5322 compliant: '{name}' header is missing"
        if len(values) > 1:
            return f"550 5.7.1 Message is not RFC 5322 compliant: multiple '{name}' headers"
    if not any("@" in address for _, address in getaddresses([str(mail["From"])])):
        return "550 5.7.1 Message is not RFC 5322 compliant: 'From' holds no address"
    try:
        parsedate_to_datetime(str(mail["Date"]))
    except ValueError:
        return "550 5.7.1 Message is not RFC 5322 compliant: 'Date' cannot be read"
    if defects := sorted({type(one).__name__ for one in _defects(mail)}):
        return f"554 5.6.0 Message is malformed: {', '.join(defects)}"
    return None


def _defects(mail: EmailMessage) -> Iterable[MessageDefect]:
    for part in mail.walk():
        yield from part.defects


def content(channel: str, mail: EmailMessage, source: bytes) -> Content:
    """What is kept of a mail. Attachments are named in the text; the raw source holds them."""
    html, plain = _part(mail, "html"), _part(mail, "plain")
    page = _Reader()
    page.feed(html or "")
    text = (plain if plain is not None else page.text()).strip()
    if names := [part.get_filename() or part.get_content_type() for part in mail.iter_attachments()]:
        text += "\n\nattachments: " + ", ".join(names)
    title = str(mail["Subject"] or "").strip() or "(no subject)"
    status = status_in(title)
    alerts = alerts_in(title, text, page.links, status)
    return Content(
        kind="email",
        channel=channel,
        title=title,
        text=text.strip(),
        raw=source.decode("utf-8", "replace"),
        severity=severity_in(title, alerts),
        status=status,
        alerts=alerts,
        links=tuple(page.links),
        html=html,
    )


def _part(mail: EmailMessage, subtype: str) -> str | None:
    part = mail.get_body((subtype,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # a charset nobody knows: show what can be shown
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


class _Reader(HTMLParser):
    """The words and the links of an HTML mail that has no plain part, or whose links are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._words: list[str] = []
        self._hidden = 0
        self._target: str | None = None
        self._label: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "head"):
            self._hidden += 1
        if tag in ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "table"):
            self._words.append("\n")
        if tag == "a":
            self._target, self._label = dict(attrs).get("href"), []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "head"):
            self._hidden = max(0, self._hidden - 1)
        if tag == "a" and self._target and self._target.startswith(("http://", "https://")):
            label = " ".join("".join(self._label).split())
            self.links.append(Link(label or self._target, self._target))
            self._target = None

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)
            self._label.append(data)

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._words).splitlines())
        return "\n".join(line for line in lines if line)
