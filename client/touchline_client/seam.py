"""Where the middleware and tracing meet. In: nothing. Out: the protocols that one calls and the other implements, so that neither
imports the other: without tracing the middleware runs alone, and a test may put a tracer of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Dropped = Callable[[str, int], None]
"""`dropped("spans", 3)` counts in telemetry_dropped_total what could not be kept; it never raises."""


class ServerSpan(Protocol):
    """The span of one request served."""

    trace_id: str
    """32 hexadecimal digits."""

    def end(self, *, route: str, status: int, error: BaseException | None, duration: float) -> None:
        """End the span after `duration` seconds, and leave its context. `route` is the template, "unmatched" where none matched;
        `status` is what was answered, 499 where the client left before anything was."""


class Tracer(Protocol):
    """What makes spans."""

    def server(self, scope: Scope) -> ServerSpan:
        """Begin the span of a request: its parent is read from `traceparent` in the scope's headers, and it becomes the current one."""

    def flush(self, seconds: float) -> None:
        """Send what waits, within a time: the application ends."""
