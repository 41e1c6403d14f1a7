"""Numbers, durations and strings: from the text of a token to its value, and from a value to Prometheus's text of it.

In: the text of one literal, or a value. Out: the value, or the canonical text. Prometheus takes its rules from Go's
strconv (octal with a leading zero, `_` between digits, escapes of one byte), so these do as well."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_UNIT_MS = dict(_UNITS)
_EXACT_UNITS = frozenset({"y", "w"})  # 90d reads better than 12w6d
_LONGEST = 2**63 - 1
_PART = re.compile(r"([0-9]+)(ms|[ywdhms])")
DURATION = r"(?=[0-9]+[a-z])(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m(?!s))?(?:[0-9]+s)?(?:[0-9]+ms)?"


def number_value(text: str) -> float:
    """The value of a number token; ValueError says what is wrong with it."""
    lowered = text.lower()
    if lowered in ("inf", "nan"):
        return math.inf if lowered == "inf" else math.nan
    if lowered.startswith("0x"):
        value = int(text, 16)
        if value > _LONGEST:
            raise ValueError("the hexadecimal number is longer than 64 bits")
        return float(value)
    real = float(text)
    if math.isinf(real):
        raise ValueError("the number is out of range")
    if text[0] == "0" and len(text) > 1 and text.replace("_", "").isdigit():
        try:
            return float(int(text.replace("_", ""), 8))
        except ValueError:
            return real
    return real


def duration_ns(text: str) -> int:
    """The nanoseconds of a duration token such as `1h30m`; ValueError when it is longer than Prometheus can hold."""
    total = sum(int(amount) * _UNIT_MS[unit] for amount, unit in _PART.findall(text)) * 1_000_000
    if total > _LONGEST:
        raise ValueError("duration out of range")
    return int(total)


def duration_text(nanoseconds: int) -> str:
    """The text Prometheus prints for a duration: years and weeks only when they are all of it, nothing below a millisecond."""
    rest = abs(nanoseconds) // 1_000_000
    if not rest:
        return "0s"
    text = "-" if nanoseconds < 0 else ""
    for unit, length in _UNITS:
        if unit in _EXACT_UNITS and rest % length:
            continue
        amount, rest = divmod(rest, length)
        if amount:
            text += f"{amount}{unit}"
    return text


def number_text(value: float) -> str:
    """The text Prometheus prints for a number: the fewest digits that mean this value, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value.is_integer() and abs(value) < 1e16:
        return "-0" if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def fill_text(value: float) -> str:
    """The text of a fill value; here alone Prometheus writes exponents, for very small and very large ones."""
    if value == 0 or math.isinf(value) or math.isnan(value) or 1e-4 <= abs(value) < 1e6:
        return number_text(value)
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)")


class BadEscape(ValueError):  # noqa: N818 - the house's word is fault
    """An escape sequence that PromQL does not know; `at` is its place in the literal."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


def unquote(literal: str) -> str:
    """The string that a literal in any of the three quotes means."""
    mark, body = literal[0], literal[1:-1]
    if mark == "`" or "\\" not in body:
        return body
    pieces: list[bytes] = []
    done = 0
    while (at := body.find("\\", done)) >= 0:
        pieces.append(body[done:at].encode())
        match = _ESCAPE.match(body, at)
        assert match is not None  # the last alternative is empty
        pieces.append(_escaped(match, mark))
        done = match.end()
    pieces.append(body[done:].encode())
    return b"".join(pieces).decode("utf-8", "surrogateescape")


def _escaped(match: re.Match[str], mark: str) -> bytes:
    simple, octal, byte, short, long = match.groups()
    at = match.start() + 1
    if simple is not None and (simple not in "'\"" or simple == mark):
        return _ESCAPES[simple].encode()
    if octal is not None or byte is not None:
        value = int(octal, 8) if octal is not None else int(byte, 16)
        if value > 255:
            raise BadEscape(at, "escape sequence is an invalid Unicode code point")
        return bytes([value])
    if short is not None or long is not None:
        point = int(short or long, 16)
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise BadEscape(at, "escape sequence is an invalid Unicode code point")
        return chr(point).encode()
    following = match.string[match.start() + 1 : match.start() + 2]
    if following and following in "01234567xuU":
        raise BadEscape(at, f"escape sequence \\{following} is cut short or has an illegal character")
    raise BadEscape(at, f"unknown escape sequence \\{following}")


_SHORT = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\", '"': r"\""}


def quote(value: str) -> str:
    """The string in double quotes as Go's strconv.Quote writes it."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return '"' + "".join(map(_quoted, value)) + '"'


def _quoted(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x20 or point == 0x7F:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
