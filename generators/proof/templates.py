"""Go templates as alerts use them. In: a text with `{{ $value | humanize }}` and `{{ $labels.x }}`, and what they stand for. Out: the
text as Prometheus renders it (template/template.go of the pinned release); `Unforeseen` for any other function."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from generators.proof.meaning.columns import Unforeseen

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_LABEL = re.compile(r"\$labels\.(\w+)")
_LARGE, _SMALL = ("k", "M", "G", "T", "P", "E", "Z", "Y"), ("m", "u", "n", "p", "f", "a", "z", "y")


def rendered(text: str, labels: Mapping[str, str], value: float) -> str:
    """The text with every action carried out."""
    return _ACTION.sub(lambda action: _act(action[1], labels, value), text)


def _act(action: str, labels: Mapping[str, str], value: float) -> str:
    subject, *functions = (part.strip() for part in action.split("|"))
    label = _LABEL.fullmatch(subject)
    if label and not functions:
        return labels.get(label[1], "")
    if subject == "$value" and not functions:
        return plain(value)
    if subject == "$value" and len(functions) == 1 and functions[0] in FUNCTIONS:
        return FUNCTIONS[functions[0]](value)
    raise Unforeseen(f"the template {{{{ {action} }}}}")


def plain(value: float) -> str:
    """A float as Go prints it by itself (%v): shortest digits, with an exponent from a million on."""
    if math.isnan(value) or math.isinf(value):
        return _four(value)
    number = Decimal(repr(value)).normalize()
    if not number or -4 <= number.adjusted() < 6:
        return f"{number:f}" if number else "0"
    _, digits, _ = number.as_tuple()
    mantissa = "".join(map(str, digits))
    point = f"{mantissa[0]}.{mantissa[1:]}" if len(mantissa) > 1 else mantissa
    return f"{'-' if value < 0 else ''}{point}e{number.adjusted():+03d}"


def _four(value: float) -> str:
    """Four significant digits (%.4g)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.4g}"


def humanize(value: float) -> str:
    """With the prefix of a power of a thousand."""
    if value == 0 or math.isnan(value) or math.isinf(value):
        return _four(value)
    prefix = ""
    for step in _LARGE if abs(value) >= 1 else _SMALL:
        if 1 <= abs(value) < 1000:
            break
        prefix, value = step, value / 1000 if abs(value) >= 1 else value * 1000
    return _four(value) + prefix


def humanize_duration(seconds: float) -> str:
    """Days, hours, minutes and seconds; below a second by its own prefix."""
    if seconds == 0 or math.isnan(seconds) or math.isinf(seconds):
        return _four(seconds) + ("s" if seconds == 0 else "")
    if abs(seconds) < 1:
        return humanize(seconds) + "s"
    sign, whole = "-" if seconds < 0 else "", int(abs(seconds))
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {whole % 60}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {whole % 60}s"
    return f"{sign}{minutes}m {whole % 60}s" if minutes else f"{sign}{_four(abs(seconds))}s"


def humanize_percentage(ratio: float) -> str:
    """A ratio as a percentage."""
    return _four(ratio * 100) + "%"


FUNCTIONS: dict[str, Callable[[float], str]] = {
    "humanize": humanize,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
}
