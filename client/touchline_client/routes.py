"""The route template of a request. In: an application's route table, and the scope after the application has routed it. Out: the whole
template, those of mounts and included routers in front ("/shop/orders/{id}"), or "unmatched"; never the raw path, which anybody can make
up.

The router leaves the endpoint in the scope. An endpoint that stands under one template gives it at once; one that stands under several,
or a request that something answered before the router, is matched against the templates."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from touchline_client.seam import Scope

UNMATCHED = "unmatched"
_PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")
REREAD = 5.0
"""Seconds between two readings of the route table: whoever asks for what is not there must not make us read it each time."""
DEEPEST = 16
"""Mounts within mounts that are followed; an application may be mounted in itself."""


@dataclass(frozen=True, slots=True)
class Template:
    """One route: `text` as people wrote it, without converters; `methods` empty where it takes any."""

    text: str
    pattern: re.Pattern[str]
    endpoint: Any
    methods: frozenset[str]
    websocket: bool

    def takes(self, path: str, method: str, websocket: bool) -> bool:
        """Whether it serves the request."""
        return (
            self.websocket == websocket
            and (not self.methods or method in self.methods)
            and self.pattern.fullmatch(path) is not None
        )


class Templates:
    """The route table of an application, read when a request first asks, and again for an endpoint that is not in it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._all: list[Template] = []
        self._by_endpoint: dict[int, list[Template]] = {}
        self._not_before = 0.0

    def of(self, scope: Scope, root: str) -> str:
        """The template of a request; `root` is the root_path it came in with, before mounts lengthened it."""
        endpoint = scope.get("endpoint")
        found = self._by_endpoint.get(id(endpoint))
        if found is None:
            self._read()
            found = self._all if endpoint is None else self._by_endpoint.get(id(endpoint), [])
        return found[0].text if len(found) == 1 and endpoint is not None else self._match(scope, root, found)

    def all(self) -> Sequence[Template]:
        """Every template there is."""
        self._read()
        return self._all

    def _read(self) -> None:
        if time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + REREAD
        self._all = list(_walk(getattr(self._app, "routes", ()), "", 0))
        by_endpoint: dict[int, list[Template]] = {}
        for one in self._all:  # the list holds the endpoints, so that no other object gets their ids
            by_endpoint.setdefault(id(one.endpoint), []).append(one)
        self._by_endpoint = by_endpoint

    def _match(self, scope: Scope, root: str, among: Sequence[Template]) -> str:
        path, websocket = str(scope.get("path", "")), scope.get("type") == "websocket"
        path = path.removeprefix(root) if root and path.startswith(root + "/") else path
        method = str(scope.get("method", ""))
        for one in among:
            if one.takes(path, method, websocket):
                return one.text
        for one in among:  # 405: the path is a route's, the method is not
            if one.websocket == websocket and one.pattern.fullmatch(path):
                return one.text
        return UNMATCHED


def _walk(routes: Sequence[Any], prefix: str, depth: int) -> Iterator[Template]:
    for route in _flat(routes):
        inner = getattr(route, "routes", None)
        if inner is None and hasattr(route, "host"):
            inner = getattr(route.app, "routes", None)
        path = getattr(route, "path", None)
        if inner and depth < DEEPEST:
            yield from _walk(inner, prefix + (path or ""), depth + 1)
        elif path is not None and (endpoint := _endpoint(route)) is not None:
            mounted = getattr(route, "endpoint", None) is None
            text = prefix + path + ("/{path:path}" if mounted else "")
            methods = getattr(route, "methods", None)
            websocket = methods is None and "WebSocket" in type(getattr(route, "original_route", route)).__name__
            yield Template(_shown(text), _pattern(text), endpoint, frozenset(methods or ()), websocket)


def _flat(routes: Sequence[Any]) -> Iterator[Any]:
    """The routes, those of included routers among them: newer FastAPI keeps these apart, and tells them by this function."""
    try:
        from fastapi.routing import iter_route_contexts
    except ImportError:
        yield from routes
    else:
        yield from iter_route_contexts(routes)


def _endpoint(route: Any) -> Any:
    """What the router leaves in the scope: a route's function, or what is mounted."""
    endpoint = getattr(route, "endpoint", None)
    return getattr(route, "app", None) if endpoint is None else endpoint


def _shown(text: str) -> str:
    return _PARAMETER.sub(r"{\1}", text) or "/"


def _pattern(text: str) -> re.Pattern[str]:
    """A parameter is one segment, or with `:path` all the rest."""
    parts: list[str] = []
    at = 0
    for parameter in _PARAMETER.finditer(text):
        parts += (re.escape(text[at : parameter.start()]), ".*" if parameter[2] == "path" else "[^/]+")
        at = parameter.end()
    return re.compile("".join((*parts, re.escape(text[at:]))), re.DOTALL)
