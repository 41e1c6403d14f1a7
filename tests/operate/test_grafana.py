"""The questions put to Grafana, against a server that answers as Grafana's HTTP API is described to. Grafana itself does not run in
these tests; where its image can be had, the stack test asks the real one."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generators.ir.dashboards import Grafana, GrafanaDatasource
from operate.live import grafana

PANEL = {"id": 2, "type": "stat", "title": "Up", "targets": [{"refId": "A", "expr": "up"}]}
ROW = {"id": 1, "type": "row", "title": "All", "panels": [PANEL]}
MODEL = {"uid": "sample", "title": "Sample", "schemaVersion": 41, "panels": [ROW]}
FILES = {"grafana/dashboards/sample.json": json.dumps(MODEL)}
SOURCE = GrafanaDatasource("prometheus", "Prometheus", "prometheus", "http://prometheus:9090", True)
IR = Grafana((), (), (SOURCE,), "Sample", "sample")
LOGIN = ("admin", "secret")


class Server(ThreadingHTTPServer):
    """What Grafana would answer."""

    answers: dict[str, Any]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        body = json.dumps(self.server.answers[self.path.partition("?")[0]]).encode()
        self.send_response(200 if self.headers["Authorization"] == "Basic YWRtaW46c2VjcmV0" else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    loaded = copy.deepcopy(MODEL) | {"id": 7, "version": 3, "schemaVersion": 42}
    found.answers = {
        "/api/search": [{"uid": "sample", "folderTitle": "Sample"}, {"uid": "theirs", "folderTitle": "Other"}],
        "/api/dashboards/uid/sample": {"dashboard": loaded},
        "/api/datasources": [
            {"uid": "prometheus", "name": "Prometheus", "type": "prometheus", "url": SOURCE.url, "isDefault": True}
        ],
    }
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def asked(server: Server) -> list[str]:
    return [*grafana.datasources(server.base, LOGIN, IR), *grafana.dashboards(server.base, LOGIN, IR, FILES)]


def test_what_is_as_released_is_no_difference(server: Server) -> None:
    assert asked(server) == []


@pytest.mark.parametrize(
    ("path", "keys", "value", "said"),
    [
        ("/api/datasources", (0, "url"), "http://x", "datasource prometheus: url runs as 'http://x', the release says"),
        ("/api/datasources", (0, "uid"), "other", "datasource prometheus is not there"),
        ("/api/search", (0, "uid"), "other", "dashboard sample is not there"),
        ("/api/search", (1, "folderTitle"), "Sample", "dashboard theirs is there and not in the release"),
        ("/api/dashboards/uid/sample", ("dashboard", "title"), "No", "dashboard sample: title is No, the release says Sample"),
        (
            "/api/dashboards/uid/sample",
            ("dashboard", "panels", 0, "panels", 0, "targets", 0, "expr"),
            "down",
            "dashboard sample: panel 2 query A is down, the release says up",
        ),
    ],
)
def test_each_difference_is_said(server: Server, path: str, keys: tuple[Any, ...], value: str, said: str) -> None:
    place = server.answers[path]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    assert any(line.startswith(said) for line in asked(server)), asked(server)
