"""A webhook receiver that writes down what it is sent. In: Alertmanager's webhook at /RUN/RECEIVER. Out: the messages of each run."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Alerts = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One message: when (time.time()), to whom, and the labels of what fires and of what is over."""

    at: float
    receiver: str
    firing: Alerts
    resolved: Alerts


class Recorder:
    """Listens on a free port of loopback until it is closed."""

    def __init__(self) -> None:
        self.told: dict[str, list[Told]] = defaultdict(list)
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                _, run, receiver = self.path.split("/")
                firing, resolved = (
                    tuple(sorted(tuple(sorted(one["labels"].items())) for one in body["alerts"] if one["status"] == status))
                    for status in ("firing", "resolved")
                )
                recorder.told[run].append(Told(time.time(), receiver, firing, resolved))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the result is printed at the end."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
