"""The receiving side of a DingTalk group robot. In: POST /dingtalk/robot/send?access_token=…[&timestamp=…&sign=…].
Out: always HTTP 200, and in the body `errcode` 0 or what is wrong. A sender that looks at the HTTP status alone
believes everything arrived.

Sources:
- signature (HMAC-SHA256 of "timestamp\\nsecret", Base64), one hour, keywords, 310000 and its three messages, 20
  messages a minute: https://open.dingtalk.com/document/robots/custom-robot-access and
  …/robots/customize-robot-security-settings
- message types and their fields: https://open.dingtalk.com/document/group/message-types-and-data-format
- replies that the documentation does not list were seen by senders: 40035 缺少参数, 400105 unsupported msgtype,
  400201 and its neighbours "miss param : …", 460101 "message too long, exceed 20000 bytes". Those of 4002xx to
  4006xx that nobody quotes follow their pattern; a sender should judge by errcode != 0, not by the number.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.inbox.alerts import alerts_in, severity_in, status_in
from services.inbox.exchange import (
    Accepted,
    Answer,
    Refused,
    Request,
    concealed,
    json_object,
    json_reply,
    objects,
    pretty,
)
from services.inbox.message import Content, Link

LARGEST_MESSAGE = 20_000
OLDEST_TIMESTAMP = timedelta(hours=1)
MOST_KEYWORDS = 10

# For each message type: the code of "miss param" for the object itself, then its required fields, whose codes count on.
REQUIRED: dict[str, tuple[int, tuple[str, ...]]] = {
    "text": (400201, ("content",)),
    "link": (400301, ("title", "text", "messageUrl")),
    "markdown": (400401, ("title", "text")),
    "actionCard": (400501, ("title", "text")),
    "feedCard": (400601, ("links",)),
}


@dataclass(frozen=True)
class Security:
    """The robot's security settings: a secret to sign with, words of which each message must hold one."""

    secret: str | None = None
    keywords: tuple[str, ...] = ()


def receive(request: Request, security: Security) -> Answer:
    """POST /dingtalk/robot/send."""
    token = request.query.get("access_token", "")
    channel = concealed(token)
    if request.path != ("robot", "send"):
        return _error(channel, 404, "请求的URI地址不存在")
    if not token:
        return _error(channel, 40035, "缺少参数 access_token")
    payload = json_object(request.body)
    if payload is None:
        return _error(channel, 40035, "缺少参数 json")
    if security.secret is not None and (fault := signature_fault(request.query, security.secret, request.at)):
        return _error(channel, 310000, fault)
    if len(request.body) > LARGEST_MESSAGE:
        return _error(channel, 460101, f"message too long, exceed {LARGEST_MESSAGE} bytes")
    if wrong := _shape_fault(payload):
        return _error(channel, *wrong)
    content = _content(channel, payload)
    said = f"{content.title}\n{content.text}"
    if security.keywords and not any(word in said for word in security.keywords):
        return _error(channel, 310000, "keywords not in content")
    return Accepted(content, json_reply(200, {"errcode": 0, "errmsg": "ok"}))


def _error(channel: str, code: int, message: str) -> Refused:
    return Refused(channel, f"{code} {message}", json_reply(200, {"errcode": code, "errmsg": message}))


def signature(timestamp: str, secret: str) -> str:
    """The sign that belongs to a timestamp, before it is percent-encoded into the address."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signature_fault(query: Mapping[str, str], secret: str, now: datetime) -> str | None:
    timestamp = query.get("timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()):
        return "invalid timestamp"
    # Milliseconds are compared as integers: a timestamp may be too large for a datetime.
    if abs(int(now.timestamp() * 1000) - int(timestamp[:20])) > OLDEST_TIMESTAMP / timedelta(milliseconds=1):
        return "invalid timestamp"
    if not hmac.compare_digest(signature(timestamp, secret).encode(), query.get("sign", "").encode()):
        return "sign not match"
    return None


def _shape_fault(payload: Mapping[str, Any]) -> tuple[int, str] | None:
    kind = payload.get("msgtype")
    if not isinstance(kind, str) or kind not in REQUIRED:
        return 400105, f"不支持类型 msgType:{kind}"
    code, names = REQUIRED[kind]
    body = payload.get(kind)
    if not isinstance(body, dict) or not body:
        return code, f"miss param : {kind}"
    for offset, name in enumerate(names, start=1):
        wanted = list if name == "links" else str
        if not isinstance(body.get(name), wanted) or not body[name]:
            return code + offset, f"miss param : {kind}->{name}"
    if kind == "feedCard":
        return _feed_fault(body["links"])
    if kind == "actionCard" and not _has_buttons(body):
        return code + len(names) + 1, "miss param : actionCard->btns"
    return None


def _feed_fault(links: list[Any]) -> tuple[int, str] | None:
    for link in links:
        for offset, name in enumerate(("title", "messageURL", "picURL"), start=3):
            if not isinstance(link, dict) or not isinstance(link.get(name), str) or not link[name]:
                return 400600 + offset, f"miss param : feedCard->links->{name}"
    return None


def _has_buttons(card: Mapping[str, Any]) -> bool:
    if card.get("singleTitle") and card.get("singleURL"):
        return True
    buttons = card.get("btns")
    if not isinstance(buttons, list) or not buttons:
        return False
    return all(isinstance(one, dict) and one.get("title") and one.get("actionURL") for one in buttons)


def _content(channel: str, payload: dict[str, Any]) -> Content:
    body: dict[str, Any] = payload[payload["msgtype"]]
    _, names = REQUIRED[payload["msgtype"]]
    words = {name: body[name] for name in names}  # the shape is checked: all are words, but for the links of a feed
    text = words.get("content") or words.get("text") or "\n".join(link["title"] for link in words["links"])
    title = words.get("title") or text.splitlines()[0]
    links = tuple(_links(body))
    status = status_in(title) or status_in(text)
    alerts = alerts_in(title, text, links, status)
    mentioned = _mentioned(payload.get("at"))
    return Content(
        kind="dingtalk",
        channel=channel,
        title=title,
        text=f"{text}\n\n@ {mentioned}" if mentioned else text,
        raw=pretty(payload),
        severity=severity_in(title, alerts),
        status=status,
        alerts=alerts,
        links=links,
    )


def _mentioned(at: object) -> str:
    """Who is called by name: `at` of the message."""
    if not isinstance(at, dict):
        return ""
    lists = [at.get(name) for name in ("atMobiles", "atUserIds")]
    people = [str(one) for listed in lists if isinstance(listed, list) for one in listed]
    return " ".join([*people, "all"] if at.get("isAtAll") else people)


def _links(body: Mapping[str, Any]) -> Iterable[Link]:
    pairs = [(body.get("title"), body.get("messageUrl")), (body.get("singleTitle"), body.get("singleURL"))]
    pairs += [(one.get("title"), one.get("actionURL")) for one in objects(body.get("btns"))]
    pairs += [(one.get("title"), one.get("messageURL")) for one in objects(body.get("links"))]
    for title, url in pairs:
        if url:
            yield Link(str(title or url), str(url))
