"""Two configurations, value by value. In: what a release's file says and what an engine says it has loaded, both parsed.
Out: differences in words. Engines print durations in their own way, fill in defaults and hide secrets: no difference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

HIDDEN = "<secret>"
IDENTITIES = ("job_name", "name", "alert", "record", "receiver")
_TIMES = re.compile(r"(interval|timeout|wait|time|retention|age|period)$")
_DURATION = re.compile(r"(?:(\d+)(ms|[smhdwy]))")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_MATCHER = re.compile(r"""^\s*"?([^\s"=!~]+)"?\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$""")

IsDefault = Callable[[str, str, Any], bool]
"""Path of the parent, key, value shown by the engine: would the engine show it for a file that says nothing of it?"""


def seconds(text: str) -> float | None:
    """The length of `1h30m`; None for what is no duration."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return 0.0 if text == "0" else None
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def differences(expected: Any, running: Any, is_default: IsDefault, path: str = "") -> list[str]:
    """What the engine has otherwise than the release says, each with its path."""
    if running == HIDDEN:
        return []
    if isinstance(expected, Mapping) and isinstance(running, Mapping):
        return _mappings(expected, running, is_default, path)
    if isinstance(expected, list | tuple) and isinstance(running, list | tuple):
        return _sequences(expected, running, is_default, path)
    if _plain(path, expected) != _plain(path, running):
        return [f"{path}: runs with {_shown(running)}, the release says {_shown(expected)}"]
    return []


def _mappings(expected: Mapping[str, Any], running: Mapping[str, Any], is_default: IsDefault, path: str) -> list[str]:
    found: list[str] = []
    for key, value in expected.items():
        inner = f"{path}.{key}" if path else key
        if key in running:
            found += differences(value, running[key], is_default, inner)
        elif value not in (None, [], {}, "", False, 0) and not is_default(path, key, value):
            found.append(f"{inner}: the release says {_shown(value)}, what runs has none")
    for key, value in running.items():
        if key not in expected and value not in (None, [], {}, "") and not is_default(path, key, value):
            found.append(f"{path}.{key}".lstrip(".") + f": runs with {_shown(value)}, the release says nothing of it")
    return found


def _sequences(expected: Sequence[Any], running: Sequence[Any], is_default: IsDefault, path: str) -> list[str]:
    identity = _identity([*expected, *running])
    if identity:
        ours, theirs = ({one[identity]: one for one in side} for side in (expected, running))
        if len(ours) == len(expected) and len(theirs) == len(running):
            found = [f"{path}[{name}]: does not run" for name in ours if name not in theirs]
            found += [f"{path}[{name}]: runs, and the release has none" for name in theirs if name not in ours]
            for name, value in ours.items():
                if name in theirs:
                    found += differences(value, theirs[name], is_default, f"{path}[{name}]")
            if not found and list(ours) != list(theirs):
                found.append(f"{path}: runs in another order: {', '.join(theirs)}")
            return found
    if len(expected) != len(running):
        return [f"{path}: runs with {_shown(running)}, the release says {_shown(expected)}"]
    found = []
    for index, (one, other) in enumerate(zip(expected, running, strict=True)):
        found += differences(one, other, is_default, f"{path}[{index}]")
    return found


def _identity(items: Sequence[Any]) -> str:
    """The key by which the entries of a list are known, if each has it."""
    for key in IDENTITIES:
        if items and all(isinstance(one, Mapping) and isinstance(one.get(key), str) for one in items):
            return key
    return ""


def _plain(path: str, value: Any) -> Any:
    """A scalar without the ways of writing it."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    parent = re.sub(r"\[\d+\]$", "", path)
    if _TIMES.search(parent) and (length := seconds(value)) is not None:
        return length
    if parent.endswith("matchers") and (found := _MATCHER.match(value)):
        return found.groups()
    if parent.endswith(("rule_files", "templates", "_file", "_files")):
        return value.rpartition("/")[2]
    if parent.endswith("weekdays"):
        return value.lower()
    return value.strip() if "\n" in value else value


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."
