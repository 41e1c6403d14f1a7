"""Where fields are written in a Jsonnet text. In: the text. Out: `Fields`, which finds the field of a name within another one. It
knows brackets, strings and comments, not the language: what is computed is taken to stand where its parent stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace

from generators.record import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/|\|\|\|.*?^[ \t]*\|\|\|)
      | (?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<bare>[A-Za-z_]\w*))(?P<colon>\s*\+?:{1,3}(?!:))?
      | (?P<open>[\[{(]) | (?P<close>[\]})]) | (?P<end>[,;])""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_NEVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Field:
    """A field's name in the text: line and column from 1, how many brackets are open, and where its value ends."""

    line: int = 1
    column: int = 1
    depth: int = -1
    end: int = _NEVER
    offset: int = -1

    @property
    def position(self) -> tuple[int, int]:
        return self.line, self.column

    def after(self, other: Field) -> Field:
        """The same field, of which only what stands after another one is looked at."""
        return replace(self, offset=other.offset) if other.offset > self.offset else self


class Fields:
    """Every field of a text, by its name."""

    def __init__(self, text: str) -> None:
        self._named: dict[str, list[Field]] = defaultdict(list)
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        pending: dict[int, tuple[str, int]] = {}
        line = depth = 0
        for token in _TOKEN.finditer(text):
            while line + 1 < len(starts) and starts[line + 1] <= token.start():
                line += 1
            if token["open"]:
                depth += 1
            elif token["close"] or token["end"]:
                self._close(pending.pop(depth, None), token.start())
                depth -= 1 if token["close"] else 0
            elif token["colon"]:
                name = token["bare"] or _unquoted(token["quoted"])
                self._close(pending.pop(depth, None), token.start())
                pending[depth] = (name, len(self._named[name]))
                self._named[name].append(Field(line + 1, token.start() - starts[line] + 1, depth, _NEVER, token.start()))

    def _close(self, field: tuple[str, int] | None, end: int) -> None:
        if field:
            name, index = field
            self._named[name][index] = replace(self._named[name][index], end=end)

    def find(self, name: str, above: Field) -> Field:
        """The first field of a name within another, of those that fewest brackets enclose; that other one where there is none."""
        known = self._named.get(name, [])
        first = bisect_right(known, above.offset, key=lambda one: one.offset)
        last = bisect_right(known, above.end, key=lambda one: one.offset)
        inside = (one for one in known[first:last] if one.depth > above.depth)
        return min(inside, key=lambda one: (one.depth, one.offset), default=above)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
