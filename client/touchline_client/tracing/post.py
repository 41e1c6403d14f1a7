"""One POST to a collector, within a time. In: a body. Out: the status and a short body, or an OSError.

The standard library's client waits for each read; a collector that sends a byte now and then would hold it for ever. Here every read has
what is left of the whole time, and of an answer no more is read than an honest one is long."""

from __future__ import annotations

import io
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import cast
from urllib.parse import SplitResult

LONGEST = 65536
"""Bytes of an answer. Longer ones, and those whose length is not said, are left, and the connection closed."""


class PostError(OSError):
    """No answer, or none that can be understood."""


class Poster:
    """Keeps a connection to one address. For one thread."""

    def __init__(self, address: SplitResult, headers: dict[str, str], authority: str | None = None) -> None:
        self._address = address
        self._path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        self._headers = {"content-type": "application/x-protobuf", "user-agent": "touchline-client", **headers}
        self._trust = ssl.create_default_context(cafile=authority) if address.scheme == "https" else None
        self._connection: HTTPConnection | None = None

    def post(self, body: bytes, seconds: float) -> tuple[int, str | None, bytes]:
        """Status, Retry-After and body of the answer. An old connection that the other side has closed is tried anew, once."""
        until = monotonic() + seconds
        old = self._connection
        if old is not None:
            try:
                return self._once(old, body, until)
            except (OSError, HTTPException):
                self.close()
                if monotonic() >= until:
                    raise PostError("the collector did not answer in time") from None
        try:
            return self._once(self._connect(until), body, until)
        except HTTPException as error:
            self.close()
            raise PostError(f"the collector's answer is no HTTP: {type(error).__name__}") from None
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Forgets the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self, until: float) -> HTTPConnection:
        address = self._address
        plain = socket.create_connection((address.hostname, address.port or (443 if self._trust else 80)), _left(until))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(_left(until))
        wire = self._trust.wrap_socket(plain, server_hostname=address.hostname) if self._trust else plain
        connection = HTTPConnection(address.hostname or "", address.port)
        connection.sock = cast("socket.socket", _Timed(wire))
        self._connection = connection
        return connection

    def _once(self, connection: HTTPConnection, body: bytes, until: float) -> tuple[int, str | None, bytes]:
        timed = cast("_Timed", connection.sock)
        timed.until = until
        connection.request("POST", self._path, body, self._headers)
        response: HTTPResponse = connection.getresponse()
        length = response.length
        answer = b""
        if length is not None and length <= LONGEST:
            answer = response.read()
        else:
            self.close()
        if response.will_close:
            self.close()
        return response.status, response.headers.get("retry-after"), answer


class _Timed:
    """As much of a socket as http.client uses, with one time for all of it."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire, self.until = wire, 0.0

    def sendall(self, data: bytes) -> None:
        self._wire.settimeout(_left(self.until))
        self._wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._wire, self))

    def close(self) -> None:
        self._wire.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: socket.socket, timed: _Timed) -> None:
        self._wire, self._timed = wire, timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._wire.settimeout(_left(self._timed.until))
        return self._wire.recv_into(buffer)


def _left(until: float) -> float:
    seconds = until - monotonic()
    if seconds <= 0:
        raise TimeoutError("the collector did not answer in time")
    return seconds
