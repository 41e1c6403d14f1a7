"""What the inbox keeps of a notification. In: what a protocol module understood of a request. Out: JSON for the API
and the store.

`Content` is what arrived, `Message` is content with the number and the time the inbox gave it. Both are
immutable; everything a sender wrote stays available in `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

Kind = Literal["slack", "pagerduty", "dingtalk", "webhook", "email"]
Status = Literal["firing", "resolved", "acknowledged"]

KINDS: tuple[Kind, ...] = get_args(Kind)
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Alert:
    """One alert named in a notification, with as much of its labels as the notification says."""

    name: str
    status: Status | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """Something to press: a button, a runbook, a silence."""

    text: str
    url: str


@dataclass(frozen=True)
class Content:
    """What arrived. `warnings` say what the real receiver does to it without refusing it: cut it, leave parts out."""

    kind: Kind
    channel: str
    title: str
    text: str
    raw: str
    severity: str | None = None
    status: Status | None = None
    alerts: tuple[Alert, ...] = ()
    links: tuple[Link, ...] = ()
    html: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """About the memory it takes, in characters; the store is bounded by the sum."""
        return len(self.title) + len(self.text) + len(self.raw) + len(self.html or "")


@dataclass(frozen=True)
class Message:
    """Content with its number and its time of arrival (UTC)."""

    id: int
    received_at: datetime
    content: Content

    def summary(self) -> dict[str, Any]:
        """For lists: everything but the bulky raw payload and HTML."""
        whole = self.whole()
        del whole["raw"]
        whole["html"] = None
        whole["has_html"] = self.content.html is not None
        return whole

    def whole(self) -> dict[str, Any]:
        """Everything, flat: as the API shows one message and as the store writes it."""
        return {"id": self.id, "received_at": stamp(self.received_at), **asdict(self.content)}


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the one form of time this service writes."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def restored(record: Mapping[str, Any]) -> Message:
    """The message that `whole` wrote. Raises KeyError, TypeError or ValueError when the record is damaged."""
    if record["kind"] not in KINDS or record["status"] not in (None, *STATUSES):
        raise ValueError("unknown kind or status")
    content = Content(
        kind=record["kind"],
        channel=str(record["channel"]),
        title=str(record["title"]),
        text=str(record["text"]),
        raw=str(record["raw"]),
        severity=record["severity"],
        status=record["status"],
        alerts=tuple(Alert(**one) for one in record["alerts"]),
        links=tuple(Link(**one) for one in record["links"]),
        html=record["html"],
        warnings=tuple(str(one) for one in record["warnings"]),
    )
    return Message(int(record["id"]), datetime.fromisoformat(record["received_at"]), content)
