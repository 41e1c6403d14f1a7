"""JSON text to plain values, with the place of each. In: text. Out: a `Source`, and one fault where the text is no JSON. Read
token by token, without recursion: a file of brackets must not end the process."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from generators.fault import Fault, Where
from generators.spec.source import DEEPEST, Place, Source, dollar, position

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)'
    r"|(?P<word>true|false|null)|(?P<sign>[\[\]{},:]))",
    re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None}
_LONGEST_NUMBER = 40


class _NoJson(Exception):  # noqa: N818 - the house's word is fault
    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


def json_source(text: str, shown: str) -> Source:
    """JSON text as a source, with its fault. Never raises."""
    reader = _Reader(text, shown)
    try:
        reader.read()
    except _NoJson as wrong:
        source = Source()
        source.faults.append(
            Fault("json", reader.where(wrong.offset, ()), f"this is no JSON: {wrong.what}", "Mend the text there.")
        )
        return source
    return reader.source


class _Reader:
    """The tokens of one text on their way to values; `_open` holds the collections that are not yet closed."""

    def __init__(self, text: str, shown: str) -> None:
        self.source = Source()
        self._text = text
        self._shown = shown
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._at = 0
        self._open: list[tuple[Any, Place]] = []
        self._key: str | None = None

    def where(self, offset: int, place: Place) -> Where:
        line = bisect_right(self._lines, offset)
        return Where(self._shown, line, offset - self._lines[line - 1] + 1, dollar(place))

    def _token(self) -> tuple[str, str, int]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            rest = len(self._text) - len(self._text[self._at :].lstrip())
            raise _NoJson(
                min(rest, len(self._text)), "the text ends too early" if rest >= len(self._text) else "something else stands here"
            )
        self._at = match.end()
        kind = str(match.lastgroup)
        return kind, match[kind], match.start(kind)

    def read(self) -> None:
        """Read the one value of the text."""
        self._value(*self._token(), ())
        while self._open:
            kind, word, offset = self._token()
            holder, place = self._open[-1]
            if kind == "sign" and word == ("}" if isinstance(holder, dict) else "]"):
                self._open.pop()
                continue
            if holder:
                if word != ",":
                    raise _NoJson(offset, "a comma or the end of the collection is missing")
                kind, word, offset = self._token()
            if isinstance(holder, dict):
                self._entry(holder, place, kind, word, offset)
            else:
                self._value(kind, word, offset, (*place, len(holder)))
        if self._text[self._at :].strip():
            raise _NoJson(self._at, "more stands after the value")

    def _entry(self, holder: dict[str, Any], place: Place, kind: str, word: str, offset: int) -> None:
        if kind != "string":
            raise _NoJson(offset, "a key in double quotes is missing")
        key = self._string(word, offset)
        inside = (*place, key)
        self.source.keys[inside] = position(self.where(offset, inside))
        if self._token()[1] != ":":
            raise _NoJson(self._at, "a colon is missing after the key")
        self._key = key
        self._value(*self._token(), inside)

    def _string(self, word: str, offset: int) -> str:
        try:
            return str(json.loads(word, strict=False))
        except ValueError as error:
            raise _NoJson(offset, str(error)) from None

    def _value(self, kind: str, word: str, offset: int, place: Place) -> None:
        self.source.values[place] = position(self.where(offset, place))
        value: Any
        if kind == "string":
            value = self._string(word, offset)
            if len(value) + 2 == len(word):
                self.source.shifts[place] = 1
        elif kind == "number":
            value = int(word) if word.lstrip("-").isdigit() and len(word) < _LONGEST_NUMBER else word
        elif kind == "word":
            value = _WORDS[word]
        elif word in "[{":
            value = [] if word == "[" else {}
        else:
            raise _NoJson(offset, "a value is missing")
        self._put(value, place)
        if kind == "sign":
            if len(place) > DEEPEST:
                raise _NoJson(offset, f"values are nested more than {DEEPEST} deep")
            self._open.append((value, place))

    def _put(self, value: Any, place: Place) -> None:
        if not place:
            self.source.value = value
            return
        holder = self._open[-1][0]
        if isinstance(holder, dict):
            holder[self._key] = value
        else:
            holder.append(value)
