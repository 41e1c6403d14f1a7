"""Another service that the application asks by httpx, sync or async. In: a client. Out: a span for each request it sends, whose place goes
along in the headers, so that the other service's spans are below it. Only where it goes and how it ended is told: no path, no query.
Outside of every trace nothing is added to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from touchline_client.integrations.calls import Began, Calls, once
from touchline_client.metrics import OTHER

if TYPE_CHECKING:
    from touchline_client.telemetry import Telemetry

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"})
"""Names that a span may have; the conventions' word for others is HTTP."""
HOSTS = 200
"""Hosts that are told apart: where users choose the host (web hooks), their names are users' data after so many."""


def watch(telemetry: Telemetry, client: Any) -> None:
    """Traces what it sends from now on. Raises TypeError where it is no httpx.Client or httpx.AsyncClient."""
    import httpx

    if not isinstance(client, httpx.Client | httpx.AsyncClient):
        raise TypeError(f"{type(client).__qualname__} is no httpx.Client and no httpx.AsyncClient")
    if not once(client):
        return
    sending = Sending(telemetry)
    if isinstance(client, httpx.AsyncClient):
        client.send = _async(client.send, sending)  # type: ignore[method-assign]
    else:
        client.send = _sync(client.send, sending)  # type: ignore[method-assign]


def _sync(send: Any, sending: Sending) -> Any:
    def sent(request: Any, *arguments: Any, **named: Any) -> Any:
        began = sending.begin(request)
        try:
            response = send(request, *arguments, **named)
        except BaseException as error:
            sending.end(began, request, None, error)
            raise
        sending.end(began, request, response, None)
        return response

    return sent


def _async(send: Any, sending: Sending) -> Any:
    async def sent(request: Any, *arguments: Any, **named: Any) -> Any:
        began = sending.begin(request)
        try:
            response = await send(request, *arguments, **named)
        except BaseException as error:
            sending.end(began, request, None, error)
            raise
        sending.end(began, request, response, None)
        return response

    return sent


class Sending:
    """What is sent by one client."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._calls = Calls(telemetry, "")
        self._hosts: set[str] = set()

    def begin(self, request: Any) -> Began:
        """Now; the request says where it comes from."""
        began = self._calls.begin()
        if began.place is not None:
            try:
                from touchline_client.tracing import w3c

                for name, value in w3c.headers(began.place):
                    request.headers[name] = value
            except Exception as fault:
                self._calls.guard.caught("telling a request its trace", fault, "spans")
        return began

    def end(self, began: Began, request: Any, response: Any, error: BaseException | None) -> None:
        """It was answered, or failed."""
        if began.place is None:
            return
        try:
            method = request.method if request.method in METHODS else "_OTHER"
            url, status = request.url, response.status_code if response is not None else None
            wrong = error if error is not None else str(status) if status is not None and status >= 400 else None
            described = {
                "http.request.method": method,
                "url.scheme": url.scheme,
                "server.address": self._host(url.host),
                "server.port": url.port or {"http": 80, "https": 443}.get(url.scheme),
                "http.response.status_code": status,
            }
            attributes = tuple((key, value) for key, value in described.items() if value is not None)
            self._calls.end(began, (), "HTTP" if method == "_OTHER" else method, attributes, wrong)
        except Exception as fault:
            self._calls.guard.caught("measuring a request sent", fault)

    def _host(self, host: str) -> str:
        if host not in self._hosts:
            if len(self._hosts) >= HOSTS:
                return OTHER
            self._hosts.add(host)
        return host
