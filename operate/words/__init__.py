"""What a change means, in words a reviewer reads. In: two IRs of one part. Out: `Change`s. Each module knows one part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence: what it is about, whether it is new, gone or changed, and how."""

    kind: Literal["new", "gone", "changed"]
    subject: str
    text: str = ""

    def __str__(self) -> str:
        if self.kind == "changed":
            return f"{self.subject}: {self.text}"
        said = f"{self.kind} {self.subject}"
        return f"{said} ({self.text})" if self.text else said


def paired(old: Mapping[str, V], new: Mapping[str, V]) -> tuple[list[str], list[str], list[str]]:
    """Names that are new, gone, and on both sides, each in the order of their side."""
    return (
        [name for name in new if name not in old],
        [name for name in old if name not in new],
        [name for name in new if name in old],
    )


def entries(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """How two flat mappings differ: `label severity: warning -> critical`."""
    fresh, gone, both = paired(old, new)
    said = [f"{what} {name}: none -> {short(new[name])}" for name in fresh]
    said += [f"{what} {name}: {short(old[name])} -> none" for name in gone]
    return said + [f"{what} {n}: {short(old[n])} -> {short(new[n])}" for n in both if old[n] != new[n]]


def listed(what: str, old: Iterable[str], new: Iterable[str], none: str = "none") -> list[str]:
    """How two lists differ: `group by alertname -> alertname, service`."""
    ours, theirs = list(old), list(new)
    if ours == theirs:
        return []
    return [f"{what} {', '.join(ours) or none} -> {', '.join(theirs) or none}"]


def one(what: str, old: object, new: object, none: str = "none") -> list[str]:
    """How two single values differ."""
    return [] if old == new else [f"{what} {short(old) or none} -> {short(new) or none}"]


def length(seconds: int | None) -> str:
    """`90` as `1m30s`."""
    if seconds is None:
        return "inherited"
    if seconds == 0:
        return "0s"
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        text += f"{count}{unit}" if count else ""
    return text


def short(value: object) -> str:
    """A value in one line of bearable length."""
    text = " ".join(str(value).split()) if value is not None else ""
    return text if len(text) <= 90 else text[:87] + "..."
