"""Text to tokens. In: the text of an expression. Out: its tokens, each with its place, the last one `eof` or `error`.

One compiled expression does the common work. Inside square brackets Prometheus reads names differently (`[5m:1m]` holds a
colon, `a:b` elsewhere is one name), so a second one stands in there."""

from __future__ import annotations

import re
from typing import NamedTuple

from generators.promql.functions import DURATION_FUNCTIONS, KEYWORDS
from generators.promql.literals import DURATION
from generators.promql.syntax import ParseFault, Span


class Token(NamedTuple):
    """`kind` is a keyword or symbol itself, or word, metric (a name with a colon), number, inf, duration, string, eof, error."""

    kind: str
    text: str
    start: int
    end: int
    fault: ParseFault | None = None

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


_BLANK = r"[ \t\r\n]*"
_SKIP = rf"(?>(?:{_BLANK}#[^\r\n]*)*{_BLANK})"  # atomic: what is inside a comment is never given back
_STRING = r""""[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|`[^`]*`"""
# What this leaves out (`5.`, `0x1f`, `1_000`) is read by _number_end; both end where no letter, digit or dot follows.
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.])"
_END = r"(?![0-9A-Za-z_])"
_SYMBOLS = r"==|!=|=~|!~|<=|</|<|>=|>/|>|[-+*/%^(){}\[\],=@]"
_OUTSIDE = re.compile(rf"{_SKIP}(?:([A-Za-z_:][A-Za-z0-9_:]*)|({_SYMBOLS})|({_NUMBER})|({DURATION}){_END}|({_STRING}))", re.ASCII)
_INSIDE = re.compile(rf"{_SKIP}(?:([A-Za-z_]+)|({_SYMBOLS}|:)|({_NUMBER})|({DURATION}){_END}|({_STRING}))", re.ASCII)
_SKIPPED = re.compile(_SKIP)
_GROUPS = ("", "word", "symbol", "number", "duration", "string")
_SPECIAL = {"inf": "inf", "nan": "inf"} | {word: word for word in KEYWORDS}


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text. A fault of the lexer is a token too, so that a fault of grammar before it is reported first."""
    found: list[Token] = []
    pattern, at, end = _OUTSIDE, 0, len(text)
    opened = -1  # where the bracket was opened that is still open
    while True:
        match = pattern.match(text, at)
        if match is None:
            token = _other(text, at)
        else:
            group = match.lastindex or 0
            start, at = match.span(group)
            word = match[group]
            kind = _GROUPS[group]
            if kind == "symbol":
                kind = word
            elif kind == "word":
                kind = "metric" if ":" in word else _SPECIAL.get(word.lower(), "word")
                if pattern is _INSIDE and kind not in DURATION_FUNCTIONS:
                    found.append(_error(start, at, f'unexpected "{word}" in a duration', "Write a duration, such as 5m."))
                    return found
            token = Token(kind, word, start, at)
        found.append(token)
        kind, at = token.kind, token.end
        if kind == "eof" or kind == "error":
            return found
        if kind == "[":
            pattern, opened = _INSIDE, len(found)
        elif kind == "]":
            pattern = _OUTSIDE
        elif opened >= 0 and (kind == "number" or kind == "duration"):
            # Prometheus takes comments in brackets only after the first number.
            bad = _comment_before(text, found, opened)
            opened = -1
            if bad is not None:
                found.append(bad)
                return found
        if at > end:  # pragma: no cover - the patterns never pass the end
            raise AssertionError("lexer passed the end")


def _comment_before(text: str, found: list[Token], opened: int) -> Token | None:
    for before, token in zip(found[opened - 1 :], found[opened:], strict=False):
        hash_at = text.find("#", before.end, token.start)
        if hash_at >= 0:
            del found[found.index(token) :]
            return _error(hash_at, hash_at + 1, "unexpected character in duration expression: '#'", "Move the comment.")
    return None


def _number_end(text: str, at: int) -> int:
    """Where the number that starts here ends, or -1: the rare forms (`5.`, `0x1f`, `1_000`), read the way Prometheus does.

    It knows no hexadecimal fractions, yet takes an `e` right after the first hexadecimal digit for an exponent."""
    digits = "0123456789"
    if text[at : at + 2] in ("0x", "0X"):
        digits += "abcdefABCDEF"
        at += 2 + text.startswith("_", at + 2)
    at += text.startswith(".", at)
    at += text[at : at + 1] in digits and at < len(text)
    dots = exponents = 0
    while at < len(text) and (text[at] in digits or text[at] in "._eE"):
        character, following = text[at], text[at + 1 : at + 2]
        if character == ".":
            dots += 1
            if dots > 1 or following in ("_", ".") or len(digits) > 10:
                return -1
        elif character in "eE":
            exponents += 1
            at += following in ("+", "-")
            if exponents > 1 or text[at + 1 : at + 2] in ("", ".", "_", "e", "E"):
                return -1
        elif character == "_":
            if following in ("", ".", "_", "e", "E"):
                return -1
        else:
            while at + 1 < len(text) and text[at + 1] in digits:
                at += 1
        at += 1
    return -1 if _ALNUM.match(text, at) else at


_ALNUM = re.compile(r"[0-9A-Za-z_]")
_LONGEST_WORD = re.compile(r"[0-9A-Za-z_.]*")


def _other(text: str, at: int) -> Token:
    """The token where the fast pattern found none: the end, a rare form of number, or a fault."""
    skipped = _SKIPPED.match(text, at)
    assert skipped is not None  # it may be empty
    start = skipped.end()
    if start == len(text):
        return Token("eof", "", start, start)
    character = text[start]
    if character in "0123456789" or (character == "." and text[start + 1 : start + 2] in tuple("0123456789")):
        end = _number_end(text, start)
        if end >= 0:
            return Token("number", text[start:end], start, end)
        word = _LONGEST_WORD.match(text, start)
        assert word is not None  # it may be empty
        what = f'bad number or duration syntax: "{word[0]}"'
        return _error(start, word.end(), what, "Write a number (2.5, 1e3, 0x1f) or a duration (90s, 1h30m).")
    if character in "\"'`":
        kind = "raw string" if character == "`" else "quoted string"
        return _error(start, len(text), f"unterminated {kind}", f"Close it with {character} on the same line.")
    fix = 'Remove it, or quote it when it belongs to a name: {"my.metric"}.'
    if character == "$" or text.startswith("[[", start):
        fix = "Grafana's variables are no PromQL; only a dashboard's queries may use them."
    elif character == "!":
        fix = "Write != or !~."
    return _error(start, start + 1, f"unexpected character: {character!r}", fix)


def _error(start: int, end: int, what: str, fix: str) -> Token:
    return Token("error", what, start, end, ParseFault(Span(start, end), what, fix))
