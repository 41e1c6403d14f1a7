"""HTTP to engines on this machine. In: a URL. Out: JSON or text, or one `Unreachable` that says in a line what happened."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from operate.faults import EnvironmentFault

TIMEOUT = 10.0
# Engines listen on this machine; a proxy of the environment has no business between us.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unreachable(EnvironmentFault):
    """An engine does not answer, or not as it should. `status` is 0 where there was no answer at all."""

    def __init__(self, url: str, why: str, status: int = 0) -> None:
        super().__init__(f"{url}: {why}")
        self.url = url
        self.why = why
        self.status = status


def get(url: str, query: Mapping[str, str] | None = None, login: tuple[str, str] | None = None) -> Any:
    """The JSON an address answers with."""
    text = get_text(url, query, login)
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreachable(url, f"the answer is no JSON: {error}") from error


def get_text(url: str, query: Mapping[str, str] | None = None, login: tuple[str, str] | None = None) -> str:
    """The text an address answers with."""
    if query:
        url = f"{url}?{urllib.parse.urlencode(query)}"
    headers = {}
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    return _call(urllib.request.Request(url, headers=headers))


def post(url: str, value: Any) -> str:
    """Send JSON; the text of the answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return _call(urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST"))


def _call(request: urllib.request.Request) -> str:
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            body: bytes = answer.read()
            return body.decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        said = error.read(500).decode("utf-8", "replace").strip()
        raise Unreachable(request.full_url, f"HTTP {error.code} {said}".strip(), error.code) from error
    except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(request.full_url, str(getattr(error, "reason", error)) or type(error).__name__) from error
