"""One request and its answer, as the protocol modules see them. In: a parsed HTTP request. Out: `Accepted` or
`Refused`, each with the reply the real receiver would send. No sockets here, so a protocol's rules can be read
and tested on their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.inbox.message import Content


@dataclass(frozen=True)
class Request:
    """What was asked. `path` holds the decoded segments after the protocol's own prefix."""

    path: tuple[str, ...]
    query: Mapping[str, str]
    content_type: str
    body: bytes
    at: datetime


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Accepted:
    """A notification that goes into the store."""

    content: Content
    reply: Reply


@dataclass(frozen=True)
class Refused:
    """A notification the real receiver would turn down, with the reason in its own words."""

    channel: str
    reason: str
    reply: Reply


Answer = Accepted | Refused


def text_reply(status: int, text: str) -> Reply:
    return Reply(status, text.encode())


def json_reply(status: int, value: object) -> Reply:
    """JSON with readable Chinese. A lone surrogate, which JSON may carry and UTF-8 may not, becomes its JSON escape."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Reply(status, body, "application/json; charset=utf-8")


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None (RecursionError: brackets nested past the parser's depth)."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON array; none when a sender wrote something else in its place."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def pretty(value: object) -> str:
    """A payload the way a person reads it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def concealed(name: str) -> str:
    """A channel name safe to show: what looks like a real key or token keeps its last four characters only.

    Keys made up for the inbox are a name padded with zeros (PagerDuty insists on 32 characters); the zeros are dropped.
    """
    parts = [part.lstrip("0") or part for part in name.split("/")]
    return "/".join("…" + part[-4:] if re.fullmatch(r"[A-Za-z0-9]{24,}", part) else part for part in parts)
