"""The receiving side of a Slack incoming webhook. In: the request's body. Out: "ok", or the short error words Slack
answers with.

Sources:
- errors and their HTTP codes: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
  and https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (section on handling errors)
- at most 100 attachments, `too_many_attachments`, and at most 50 blocks:
  https://docs.slack.dev/reference/methods/chat.postMessage
- text over 40,000 characters is cut, not refused:
  https://api.slack.com/changelog/2018-04-truncating-really-long-messages
- five buttons an attachment: https://docs.slack.dev/legacy/legacy-messaging/legacy-message-buttons
- what Alertmanager sends and that it wants exactly "ok" back: notify/slack/slack.go of v0.31.1
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from services.inbox.alerts import alerts_in, severity_in, status_in
from services.inbox.exchange import (
    Accepted,
    Answer,
    Refused,
    Request,
    concealed,
    json_object,
    objects,
    pretty,
    text_reply,
)
from services.inbox.message import Content, Link, Status

MOST_ATTACHMENTS = 100
MOST_BLOCKS = 50
MOST_ACTIONS = 5
LONGEST_TEXT = 40_000

# The two colours Alertmanager's default configuration writes (config/notifiers.go, DefaultSlackConfig).
COLOURS: dict[str, Status] = {"danger": "firing", "good": "resolved"}


def receive(request: Request) -> Answer:
    """POST /slack/<channel…>."""
    channel = concealed("/".join(request.path))
    if not channel:
        return Refused("", "no_service", text_reply(404, "no_service"))
    payload = _payload(request)
    if payload is None:
        return Refused(channel, "invalid_payload", text_reply(400, "invalid_payload"))
    if error := _error(payload):
        return Refused(channel, error, text_reply(400, error))
    return Accepted(_content(channel, payload), text_reply(200, "ok"))


def _payload(request: Request) -> dict[str, Any] | None:
    """The JSON object, sent as it is or in the form field `payload` (both are documented)."""
    if request.content_type == "application/x-www-form-urlencoded":
        try:
            fields = parse_qs(request.body.decode(), max_num_fields=100)
        except ValueError:
            return None
        return json_object(fields.get("payload", [""])[0].encode())
    return json_object(request.body)


def _error(payload: dict[str, Any]) -> str | None:
    """Slack's word for what is wrong with a payload, or None."""
    attachments, blocks = payload.get("attachments") or [], payload.get("blocks") or []
    if not isinstance(payload.get("text") or "", str) or not _is_objects(attachments):
        return "invalid_payload"
    if not _is_objects(blocks) or len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    if len(attachments) > MOST_ATTACHMENTS:
        return "too_many_attachments"
    if not payload.get("text") and not blocks and not any(map(_says_something, attachments)):
        return "no_text"
    return None


def _is_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _says_something(attachment: dict[str, Any]) -> bool:
    shown = ("text", "fallback", "title", "pretext", "fields", "image_url", "blocks")
    return any(attachment.get(name) for name in shown)


def _content(channel: str, payload: dict[str, Any]) -> Content:
    attachments: list[dict[str, Any]] = payload.get("attachments") or []
    links = tuple(_links(attachments))
    title = next((str(one["title"]) for one in attachments if one.get("title")), "")
    text = "\n".join(_lines(payload, attachments)).strip()
    if not title:
        title = text.splitlines()[0] if text else str(attachments[0].get("fallback") or "") if attachments else ""
    colours = (one["color"] for one in attachments if isinstance(one.get("color"), str))
    status = next((COLOURS[colour] for colour in colours if colour in COLOURS), None) or status_in(title)
    alerts = alerts_in(title, text, links, status)
    return Content(
        kind="slack",
        channel=channel,
        title=title,
        text=text,
        raw=pretty(payload),
        severity=severity_in(title, alerts),
        status=status,
        alerts=alerts,
        links=links,
        warnings=tuple(_warnings(payload, attachments)),
    )


def _lines(payload: dict[str, Any], attachments: list[dict[str, Any]]) -> Iterable[str]:
    """The words a reader sees in the channel, from top to bottom."""
    if payload.get("text"):
        yield payload["text"][:LONGEST_TEXT]
    for block in payload.get("blocks") or []:
        yield from _block_lines(block)
    for attachment in attachments:
        for name in ("pretext", "text"):
            if attachment.get(name):
                yield str(attachment[name])
        for shown in objects(attachment.get("fields")):
            yield f"{shown.get('title', '')}: {shown.get('value', '')}"
        if attachment.get("footer"):
            yield str(attachment["footer"])


def _block_lines(block: dict[str, Any]) -> Iterable[str]:
    for text in objects([block.get("text")]) + objects(block.get("fields")) + objects(block.get("elements")):
        if isinstance(text.get("text"), str):
            yield text["text"]


def _links(attachments: list[dict[str, Any]]) -> Iterable[Link]:
    for attachment in attachments:
        if attachment.get("title_link"):
            yield Link(str(attachment.get("title") or "link"), str(attachment["title_link"]))
        for action in objects(attachment.get("actions")):
            if action.get("url"):
                yield Link(str(action.get("text") or action["url"]), str(action["url"]))


def _warnings(payload: dict[str, Any], attachments: list[dict[str, Any]]) -> Iterable[str]:
    if len(payload.get("text") or "") > LONGEST_TEXT:
        yield f"Slack cuts text after {LONGEST_TEXT} characters"
    if any(len(objects(one.get("actions"))) > MOST_ACTIONS for one in attachments):
        yield f"Slack shows at most {MOST_ACTIONS} buttons in an attachment"
