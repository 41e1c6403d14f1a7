"""The scalars people write in a spec, and what they become: durations (whole seconds), ratios and numbers (exact decimals),
ranges, texts in one or several languages. In: what YAML or Jsonnet gave; out: a value, or ValueError with words for a person."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_UNITS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
    "w": Decimal(604800),
}
_DURATION = re.compile(r"(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_SECONDS = (604800, 86400, 3600, 60, 1)
LONGEST = 100 * 365 * 86400
"""A hundred years; Prometheus itself counts nanoseconds in 64 bits and ends at 292."""

MOST_DIGITS = 18
"""Digits before and after the point; `1e999999999` is a short text of a number that fills the memory when written out."""


def duration(value: Any) -> int:
    """Seconds of a Prometheus duration such as 30s, 5m, 1h30m, 30d. Raises ValueError."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) <= 2 * MOST_DIGITS else None
    if match is None or not value:
        raise ValueError(f"{_shown(value)} is no duration; write it like 30s, 5m, 1h30m or 30d")
    total = sum(int(part) * seconds for part, seconds in zip(match.groups(), _SECONDS, strict=True) if part)
    if total > LONGEST:
        raise ValueError(f"{_shown(value)} is longer than a hundred years; write a shorter time")
    return total


def positive(value: int) -> int:
    """A duration that is not nothing. Raises ValueError."""
    if not value:
        raise ValueError("0s is too short here; write at least 1s")
    return value


def _shown(value: Any) -> str:
    """A value as a message shows it, cut where it is long."""
    text = repr(str(value) if isinstance(value, Decimal) else value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def number(value: Any) -> Decimal:
    """An exact number; a string is taken as well, since Jsonnet's own numbers are floats. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"{_shown(value)} is no number; write digits, like 0.85")
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{_shown(value)} is no number; write digits, like 0.85") from None
    if not exact.is_finite():
        raise ValueError(f"{_shown(value)} is no finite number; write digits, like 0.85")
    if exact and (exact.adjusted() >= MOST_DIGITS or -int(exact.as_tuple().exponent) > MOST_DIGITS):
        raise ValueError(f"{_shown(value)} has more digits than a measurement; write at most {MOST_DIGITS} on either side")
    return exact


def ratio(value: Any) -> Decimal:
    """A ratio between 0 and 1, written as 99.9% or 0.999. Raises ValueError."""
    percent = isinstance(value, str) and value.endswith("%")
    exact = number(value[:-1]) / 100 if percent else number(value)
    if not 0 <= exact <= 1:
        raise ValueError(f"{_shown(value)} is no ratio; write it like 99.9% or 0.999")
    return exact.normalize() if exact else Decimal(0)


def seconds(value: Any) -> Decimal:
    """An exact time in seconds such as 2s, 250ms or 1m. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d|w)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_shown(value)} is no time; write it like 250ms, 2s or 1m")
    exact = Decimal(match[1]) * _UNITS[match[2]]
    return exact.normalize() if exact != exact.to_integral() else exact.to_integral()


def bounds(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """A range: [0, 1], or 0.9..1 where either side may be missing. Raises ValueError."""
    parts = value.split("..") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise ValueError(f"{_shown(value)} is no range; write it like 0.9..1, 0.. or [0, 1]")
    low, high = (None if part in ("", None) else number(part) for part in parts)
    if low is not None and high is not None and low > high:
        raise ValueError(f"the range {_shown(value)} is empty: {low} is above {high}; write the lower bound first")
    return low, high


def text(value: Any) -> dict[str, str]:
    """A text: one string for every language (under the locale ""), or one string a locale. Raises ValueError."""
    if isinstance(value, str):
        return {"": value.strip()}
    if isinstance(value, dict) and value and all(isinstance(part, str) for part in value.values()):
        return {locale: part.strip() for locale, part in value.items()}
    raise ValueError("a text is one string, or one string for each locale, like {zh-CN: …, en: …}")


def name(value: Any) -> str:
    """A name that becomes a label value, a DNS name and a file name. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value):
        raise ValueError(f"{_shown(value)} cannot be a name here; use lower-case letters, digits and dashes, at most 63")
    return value


def _as(kind: str, pattern: str = "", *examples: str) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": kind} if kind else {"type": ["string", "number"]}
    return WithJsonSchema(schema | ({"pattern": pattern} if pattern else {}) | ({"examples": list(examples)} if examples else {}))


Duration = Annotated[int, BeforeValidator(duration), _as("string", "^([0-9]+[wdhms])+$", "30s", "5m")]
Length = Annotated[int, BeforeValidator(duration), AfterValidator(positive), _as("string", "^([0-9]+[wdhms])+$", "30s", "5m")]
Port = Annotated[int, Field(ge=1, le=65535)]
Cpus = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["0.5"])]
Memory = Annotated[str, Field(pattern=r"^[0-9]+[kmg]$", examples=["256m"])]
Size = Annotated[str, Field(pattern=r"^[0-9]+([KMGTPE]B|B)$", examples=["20GB"])]
Number = Annotated[Decimal, BeforeValidator(number), _as("")]
Ratio = Annotated[Decimal, BeforeValidator(ratio), _as("", "", "99.9%")]
Seconds = Annotated[Decimal, BeforeValidator(seconds), _as("string", "^[0-9.]+(ms|s|m|h|d|w)$", "250ms", "2s")]
Bounds = Annotated[
    tuple[Decimal | None, Decimal | None],
    BeforeValidator(bounds),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 2, "maxItems": 2}], "examples": ["0.9..1"]}),
]
Text = Annotated[
    dict[str, str],
    BeforeValidator(text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
Name = Annotated[str, BeforeValidator(name), Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
