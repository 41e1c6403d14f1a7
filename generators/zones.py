"""Time zones by name. In: a name such as Asia/Shanghai. Out: its rules, from the pinned tz database and not from the machine's, so
that the same spec is the same everywhere; None for a name that is not there."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo | None:
    """The zone. "Local" is where Alertmanager runs, which is UTC in its image."""
    if not re.fullmatch(r"UTC|Local|[A-Z]\w+(/[\w+-]+)+", name):
        return None
    file = resources.files("tzdata") / "zoneinfo"
    for part in ("UTC" if name == "Local" else name).split("/"):
        file = file / part
    if not file.is_file():
        return None
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, name)
