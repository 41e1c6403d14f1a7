"""What can be asked of the inbox over JSON. In: the query of GET /api/messages. Out: the messages it means, newest
first, or why it means none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from services.inbox.exchange import Reply, json_reply
from services.inbox.message import Message
from services.inbox.store import Store

USUAL_LIMIT = 100
PARAMETERS = ("channel", "kind", "status", "since", "limit")

Filter = Callable[[Message], bool]


def messages(store: Store, query: Mapping[str, str]) -> Reply:
    """GET /api/messages?channel=&kind=&status=&since=&limit=; `since` is a message number or a moment in RFC 3339."""
    faults = [f"unknown parameter `{name}`: one of {', '.join(PARAMETERS)}" for name in query if name not in PARAMETERS]
    limit = _number(query.get("limit") or str(USUAL_LIMIT))
    if limit is None or limit < 1:
        faults.append("`limit` must be a whole number from 1")
    later = _later(query["since"]) if query.get("since") else _everything
    if later is None:
        faults.append("`since` must be a message number or a time such as 2026-11-23T03:00:00Z")
    if faults or limit is None or later is None:
        return json_reply(400, {"errors": faults})
    last_id = store.last_id  # before the list is taken: a caller that polls from here sees a message twice rather than never
    kept = store.newest()
    wanted = [one for one in kept if later(one) and _matches(one, query)]
    listed = [one.summary() for one in wanted[:limit]]
    body = {"last_id": last_id, "kept": len(kept), "total": len(wanted), "messages": listed}
    return json_reply(200, body)


def message(store: Store, name: str) -> Reply:
    """GET /api/messages/ID, with raw payload and HTML."""
    number = _number(name)
    found = store.get(number) if number is not None else None
    return json_reply(200, found.whole()) if found else json_reply(404, {"errors": [f"no message `{name}` is kept"]})


def _matches(one: Message, query: Mapping[str, str]) -> bool:
    said = {"channel": one.content.channel, "kind": one.content.kind, "status": one.content.status or ""}
    return all(query.get(name, value) in (value, "") for name, value in said.items())


def _everything(one: Message) -> bool:
    return True


def _later(since: str) -> Filter | None:
    if (number := _number(since)) is not None:
        return lambda one: one.id > number
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return lambda one: one.received_at >= moment


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
