"""A collector of OTLP for tests, honest or not. In: how it behaves. Out: an address, and the spans that came, as the official classes
read them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from tests.ports import free_ports

Answer = Callable[[socket.socket, bytes], None]
"""What is done with a connection once a request's body has come."""


def fine(connection: socket.socket, _body: bytes) -> None:
    """As a collector does."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")


def status(code: int, *headers: str) -> Answer:
    """Nothing but this status."""
    head = "".join(f"{each}\r\n" for each in headers)

    def answer(connection: socket.socket, _body: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {code} Said\r\n{head}Content-Length: 0\r\n\r\n".encode())

    return answer


@dataclass
class Collector:
    """What a collector has seen."""

    port: int
    answer: Answer = fine
    bodies: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _connections: list[socket.socket] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def address(self) -> str:
        """As OTEL_EXPORTER_OTLP_ENDPOINT has it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def resources(self) -> list[ResourceSpans]:
        """All that came."""
        return [each for body in list(self.bodies) for each in ExportTraceServiceRequest.FromString(body).resource_spans]

    @property
    def spans(self) -> list[Sent]:
        """All spans that came."""
        return [span for each in self.resources for scope in each.scope_spans for span in scope.spans]

    def wait(self, until: Callable[[Collector], bool], seconds: float = 20.0) -> None:
        """Until this holds of what came."""
        with self._came:
            assert self._came.wait_for(lambda: until(self), seconds), (
                f"{len(self.bodies)} requests came, and not what was waited for"
            )

    def _serve(self, server: socket.socket) -> None:
        while not self.over.is_set():
            with suppress(OSError):
                connection, _ = server.accept()
                self._connections.append(connection)
                threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        data = b""
        with connection, suppress(OSError, ValueError):
            while not self.over.is_set():
                while b"\r\n\r\n" not in data:
                    data += _more(connection)
                head, _, data = data.partition(b"\r\n\r\n")
                length = int(
                    next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1]
                )
                while len(data) < length:
                    data += _more(connection)
                with self._came:
                    self.heads.append(head)
                    self.bodies.append(data[:length])
                    self._came.notify_all()
                data = data[length:]
                self.answer(connection, self.bodies[-1])


def _more(connection: socket.socket) -> bytes:
    more = connection.recv(65536)
    if not more:
        raise ValueError("the other side has gone")
    return more


@contextmanager
def collector(answer: Answer = fine, port: int | None = None) -> Iterator[Collector]:
    """One that listens while the block runs."""
    seen = Collector(port or free_ports(1)[0], answer)
    with socket.create_server(("127.0.0.1", seen.port)) as server:
        thread = threading.Thread(target=seen._serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            seen.over.set()
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", seen.port), 1).close()
            thread.join(5)
            for connection in seen._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
