"""What the mail server takes and what it turns down, over real SMTP."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest

HEAD = "From: a@example.com\r\nTo: ops@example.com\r\nDate: Mon, 23 Nov 2026 03:00:00 +0000\r\nSubject: s\r\n"

# As notify/email/email.go of Alertmanager 0.31.1 writes it, two spaces before `boundary` included.
ALERTMANAGER = (
    "Subject: =?utf-8?q?[FIRING:1]_APIDown_=E6=8E=A5=E5=8F=A3=E4=B8=8D=E5=8F=AF=E7=94=A8?=\r\n"
    "To: ops@example.com\r\n"
    "From: alertmanager@example.com\r\n"
    "Message-Id: <1732330800000000000.42@host>\r\n"
    "Date: Mon, 23 Nov 2026 03:00:00 +0000\r\n"
    "Content-Type: multipart/alternative;  boundary=b0b0b0\r\n"
    "MIME-Version: 1.0\r\n"
    "\r\n"
    "--b0b0b0\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "Content-Type: text/plain; charset=UTF-8\r\n"
    "\r\n"
    "Labels:\r\n - alertname =3D APIDown\r\n - severity =3D critical\r\nAnnotations:\r\n - summary =3D =E6=8E=A5=E5=8F=A3\r\n"
    "--b0b0b0\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "Content-Type: text/html; charset=UTF-8\r\n"
    "\r\n"
    '<html><body><p>=E6=8E=A5=E5=8F=A3</p><a href=3D"https://example.com/r">Run<b>book</b></a></body></html>\r\n'
    "--b0b0b0--\r\n"
)


def test_an_alertmanager_mail_is_taken_and_understood(running):
    assert running.mail(ALERTMANAGER) == (250, "")
    message = running.only()
    assert (message["kind"], message["channel"]) == ("email", "ops@example.com")
    assert message["title"] == "[FIRING:1] APIDown 接口不可用"
    assert (message["status"], message["severity"]) == ("firing", "critical")
    assert [alert["labels"] for alert in message["alerts"]] == [{"alertname": "APIDown", "severity": "critical"}]
    assert "summary = 接口" in message["text"]
    assert "<p>接口</p>" in message["html"]
    assert [(link["text"], link["url"]) for link in message["links"]] == [("Runbook", "https://example.com/r")]
    assert "Message-Id: <1732330800000000000.42@host>" in message["raw"]


def test_the_list_names_the_html_part_and_leaves_it_out(running):
    running.mail(ALERTMANAGER)
    (listed,) = running.messages()
    assert (listed["has_html"], listed["html"]) == (True, None)
    assert "raw" not in listed


def test_a_mail_of_html_alone_has_text_too(running):
    head = HEAD + "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    running.mail((head + "<head><style>p{}</style></head><p>one</p><p>二 &amp; three</p>\r\n").encode())
    assert running.only()["text"] == "one\n二 & three"


def test_attachments_are_named(running):
    mail = EmailMessage()
    mail["From"], mail["Date"], mail["Subject"] = "a@example.com", "Mon, 23 Nov 2026 03:00:00 +0000", "with"
    mail.set_content("see below")
    mail.add_attachment(b"1,2", maintype="text", subtype="csv", filename="周报.csv")
    running.mail(mail.as_bytes())
    assert running.only()["text"] == "see below\n\nattachments: 周报.csv"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(HEAD + "\r\nbody\r\n", id="plain"),
        pytest.param(HEAD.replace("Subject: s\r\n", "") + "\r\nbody\r\n", id="no subject"),
        pytest.param(HEAD.replace("To: ops@example.com\r\n", "") + "\r\nbody\r\n", id="no To header"),
        pytest.param(HEAD.replace("a@example.com", '"监控" <a@example.com>').encode() + b"\r\nbody\r\n", id="raw UTF-8 name"),
        pytest.param(HEAD + "Content-Type: text/plain; charset=no-such-charset\r\n\r\nbody\r\n", id="unknown charset"),
    ],
)
def test_taken(running, source):
    assert running.mail(source) == (250, "")
    assert running.only()["text"] == "body"


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        pytest.param("Date: Mon, 23 Nov 2026 03:00:00 +0000\r\n\r\nx", 550, "'From' header is missing", id="no From"),
        pytest.param(HEAD.replace("a@example.com", ""), 550, "'From' header is missing", id="empty From"),
        pytest.param(HEAD.replace("a@example.com", "nobody"), 550, "'From' holds no address", id="From without address"),
        pytest.param(HEAD + "From: b@example.com\r\n\r\nx", 550, "multiple 'From'", id="two From"),
        pytest.param("From: a@example.com\r\n\r\nx", 550, "'Date' header is missing", id="no Date"),
        pytest.param("From: a@example.com\r\nDate: yesterday\r\n\r\nx", 550, "'Date' cannot be read", id="Date is a word"),
        pytest.param(HEAD + "Content-Type: multipart/mixed\r\n\r\nx", 554, "NoBoundary", id="multipart without boundary"),
        pytest.param(HEAD + "Content-Type: multipart/mixed; boundary=b\r\n\r\nx", 554, "StartBoundaryNotFound", id="no part"),
        pytest.param(HEAD + "no colon here\r\n\r\nx", 554, "MissingHeaderBodySeparator", id="a header that is none"),
    ],
)
def test_refused(running, source, code, words):
    got, said = running.mail(source)
    assert got == code
    assert words in said
    assert running.messages() == []
    assert [one["channel"] for one in running.refusals()] == ["ops@example.com"]


def test_a_recipient_without_a_domain_is_refused(running):
    assert running.mail(HEAD + "\r\nx", to="ops") == (501, "5.1.3 Bad recipient address syntax")


def test_an_oversized_mail_is_refused(running):
    code, _ = running.mail(HEAD + "\r\n" + ("x" * 78 + "\r\n") * 70_000)
    assert code == 552
    assert running.messages() == []


def test_a_sender_that_lies_about_its_size_is_refused(running):
    """smtplib announces the size; one who does not is stopped while sending."""
    with smtplib.SMTP(*running.inbox.smtp_address, timeout=20) as client:
        client.ehlo()
        client.mail("a@example.com")
        client.rcpt("ops@example.com")
        code, _ = client.data(HEAD + "\r\n" + ("x" * 78 + "\r\n") * 70_000)
    assert code == 552
    assert running.messages() == []


def test_neither_tls_nor_a_user_is_asked_for(running):
    with smtplib.SMTP(*running.inbox.smtp_address, timeout=20) as client:
        client.ehlo("touchline")
        assert not client.has_extn("auth")
        assert not client.has_extn("starttls")
