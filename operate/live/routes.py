"""The table of routes that an application shows of itself. In: where it answers. Out: its operations, as OpenAPI lists them; `NoTable`
where the application answers and has none."""

from __future__ import annotations

import json
from collections.abc import Callable

from operate.live import http

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
"""The keys of a path that are operations (https://spec.openapis.org/oas/v3.1.0#path-item-object)."""


class NoTable(Exception):  # noqa: N818 - what is raised is that there is none
    """The application answers, but what it shows is no table of routes."""


def table(url: str, answer: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """(method, route template) of every operation. `answer` asks an address. Raises `NoTable`, and `Unreachable` where nobody answers."""
    try:
        document = json.loads(answer(url))
    except http.Unreachable as error:
        if error.status:
            raise NoTable(str(error)) from error
        raise
    except ValueError as error:
        raise NoTable(f"{url}: the answer is no JSON: {error}") from error
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        raise NoTable(f"{url}: it names no `paths`")
    return tuple(
        (method.upper(), route) for route, item in paths.items() if isinstance(item, dict) for method in METHODS if method in item
    )
