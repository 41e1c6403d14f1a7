"""HTTP. In: an address and a function from request to reply. Out: a server in threads of its own, and the page at `/`.

This is the standard library's ThreadingHTTPServer: a few notifications a minute need no framework, and without one the
image is Python and one package. What it lacks for strangers is added here: a bound on the body, a deadline for reading
it, a bound on connections. Each connection serves one request, so that no sender meets a kept-alive connection that we
are about to close.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, socket
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from services.inbox import page
from services.inbox.exchange import Reply, Request, json_reply

LARGEST_BODY = 1024 * 1024
LARGEST_DROPPED = 8 * LARGEST_BODY
READ_SECONDS = 5.0
MOST_CONNECTIONS = 64

Address = tuple[str, int]
Respond = Callable[[str, Request], Reply]


class HttpServer(ThreadingHTTPServer):
    daemon_threads = False  # stopping waits for requests under way; each ends within READ_SECONDS

    request_queue_size = MOST_CONNECTIONS

    def __init__(self, address: Address, respond: Respond) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, HttpHandler)
        self.respond = respond
        self.page, self.page_headers = page.load()
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def server_bind(self) -> None:
        """HTTPServer looks its own name up in DNS here, which takes seconds in a container without one."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.address

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="http", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> Address:
        host, port = self.server_address[:2]
        return str(host), int(port)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(timeout=READ_SECONDS):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """A sender that hangs up in the middle is no event; the default prints a trace-back."""


class HttpHandler(BaseHTTPRequestHandler):
    server: HttpServer
    server_version = "inbox"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(READ_SECONDS)  # for each read and write

    def __getattr__(self, name: str) -> Any:
        """Every method is dispatched by address: the base class looks for `do_GET`, `do_POST` and so on."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        address = urlsplit(self.path)
        segments = tuple(unquote(part) for part in address.path.split("/") if part)
        if not segments and self.command in ("GET", "HEAD"):
            return self._send(Reply(200, self.server.page, "text/html; charset=utf-8"), self.server.page_headers)
        if not self._from_here():
            return self._send(json_reply(403, {"errors": ["a page of another site may not post here"]}))
        body = self._body()
        if isinstance(body, Reply):
            return self._send(body)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        request = Request(segments, query, self.headers.get_content_type(), body, datetime.now(UTC))
        return self._send(self.server.respond(self.command, request))

    def _from_here(self) -> bool:
        """No web page may write to the reader's loopback: a browser names the page in Origin, senders send none."""
        origin = self.headers.get("Origin")
        return self.command in ("GET", "HEAD") or origin is None or urlsplit(origin).netloc == self.headers.get("Host")

    def _body(self) -> bytes | Reply:
        if "Transfer-Encoding" in self.headers:
            return json_reply(411, {"errors": ["send Content-Length; chunked bodies are not read here"]})
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return json_reply(400, {"errors": ["Content-Length is not a number"]})
        size = int(length[:12])
        # What is too large is read and dropped, up to a bound: a sender still writing would see a broken connection, no reply.
        body = self._read(size) if size <= LARGEST_DROPPED else b""
        if size > LARGEST_BODY:
            return json_reply(413, {"errors": [f"a body may have {LARGEST_BODY} bytes"]})
        return body if len(body) == size else json_reply(408, {"errors": ["the body did not arrive in time"]})

    def _read(self, size: int) -> bytes:
        """So many bytes, or as many as come before the deadline."""
        deadline, body = time.monotonic() + READ_SECONDS, bytearray()
        while len(body) < size and time.monotonic() < deadline:
            try:
                piece = self.rfile.read1(size - len(body))
            except TimeoutError:
                break
            if not piece:
                break
            body += piece
        return bytes(body)

    def _send(self, reply: Reply, headers: dict[str, str] | None = None) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """One line a message is written by the journal; the page's polling would drown it."""
