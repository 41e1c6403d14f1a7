"""The log: one line on standard output for each message, refusal and event. In: messages. Out: lines nobody can
forge a second one into (what senders wrote is quoted).
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TextIO

from services.inbox.message import Message, stamp


class Journal:
    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def arrived(self, message: Message) -> None:
        content = message.content
        said = (content.kind, _quoted(content.channel), content.status or "-", _quoted(content.severity or "-"))
        self._line(message.received_at, f"#{message.id}", *said, _quoted(content.title))

    def refused(self, at: datetime, kind: str, channel: str, reason: str) -> None:
        self._line(at, "refused", kind, _quoted(channel), _quoted(reason))

    def note(self, text: str) -> None:
        self._line(datetime.now(UTC), text)

    def _line(self, at: datetime, *parts: str) -> None:
        line = " ".join((stamp(at), *parts)) + "\n"
        out = self._out or sys.stdout
        out.write(line.encode("utf-8", "backslashreplace").decode())  # a lone surrogate cannot be printed
        out.flush()


def _quoted(text: str) -> str:
    plain = text.replace("-", "").replace(".", "").replace("_", "").replace("@", "").replace("/", "")
    return text if plain.isalnum() or text == "-" else json.dumps(text, ensure_ascii=False)
