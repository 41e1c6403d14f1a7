"""Durations as Prometheus and Alertmanager read them. In: text such as 90s, 1h30m, 250ms. Out: whole seconds, or None
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/, `<duration>`)."""

from __future__ import annotations

import re

_DURATION = re.compile(
    r"(?:(\d{1,9})y)?(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII
)
_MILLISECONDS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)


def seconds_of(text: str) -> int | None:
    """The whole seconds of a duration; a plain 0 is one. None where it is none."""
    match = _DURATION.fullmatch(text)
    if text == "0" or match is None or not text:
        return 0 if text == "0" else None
    return sum(int(part) * factor for part, factor in zip(match.groups(), _MILLISECONDS, strict=True) if part) // 1000
