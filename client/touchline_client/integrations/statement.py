"""What a statement of SQL does, and to which table. In: its text. Out: the operation and the table, from small sets; never a value, never
any other part of the text. This understands no SQL, it looks where the table's name must stand; what does not stand there is `other`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from touchline_client.metrics import OTHER

TABLES = 100
"""Tables that are told apart when the spec declares none."""
STATEMENTS = 1000
"""Texts that are remembered; applications have few, unless they write values into them."""
LOOKED_AT = 4000
"""Characters: what a table's name stands behind, stands in the first of them."""

_TOKEN = re.compile(
    r"""--[^\n]*+ | /\*.*?(?:\*/|\Z)            # comments
    | '(?:[^']|'')*+(?:'|\Z)                    # values
    | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
    | "[^"]*+(?:"|\Z) | `[^`]*+(?:`|\Z) | \[[^\]\s]*\]  # names in quotes
    | [^\W\d][\w$]*+ | \S""",
    re.DOTALL | re.VERBOSE,
)
_SOUND = re.compile(r"[^\W\d][\w$ -]{0,62}")
_BEFORE_TABLE = {"SELECT": "FROM", "DELETE": "FROM", "INSERT": "INTO", "UPDATE": ""}
"""What stands between the verb and the table; for UPDATE nothing does."""


class Statement(NamedTuple):
    """`operation` is SELECT, INSERT, UPDATE, DELETE or other."""

    operation: str
    table: str


class Statements:
    """Reads statements, and remembers what it has read. `declared` are the tables to tell apart, if the spec says them."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared = frozenset(declared)
        self._tables: set[str] = set()
        self._known: dict[str, Statement] = {}

    def read(self, text: str) -> Statement:
        """Operation and table."""
        known = self._known.get(text)
        if known is None:
            operation, table = parse(text)
            known = Statement(operation, self._bounded(table))
            if len(self._known) < STATEMENTS and len(text) <= LOOKED_AT:
                self._known[text] = known
        return known

    def _bounded(self, table: str) -> str:
        if self._declared:
            return table if table in self._declared else OTHER
        if table not in self._tables and table != OTHER:
            if len(self._tables) >= TABLES:
                return OTHER
            self._tables.add(table)
        return table


def parse(text: str) -> Statement:
    """The same without bounds."""
    begin = text[:LOOKED_AT]
    tokens = _tokens(begin)
    verb = next((token for token in tokens if token != "("), "").upper()
    if verb == "WITH":
        verb = _outside(tokens, frozenset(_BEFORE_TABLE))
    if verb not in _BEFORE_TABLE:
        return Statement(OTHER, OTHER)
    # Behind a backslash it depends on the server where a value ends, and what was taken for a name might be a value.
    return Statement(verb, OTHER if "\\" in begin else _table(tokens, _BEFORE_TABLE[verb]))


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if not found[0].startswith(("--", "/*")):
            yield found[0]


def _outside(tokens: Iterator[str], words: frozenset[str]) -> str:
    """The first of these words outside of all brackets; the tokens stand behind it then."""
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth == 0 and token.upper() in words:
            return token.upper()
    return OTHER


def _table(tokens: Iterator[str], before: str) -> str:
    """The name that comes next, or behind a word; without its schema. A function's or a subquery's is none."""
    if before:
        _outside(tokens, frozenset({before}))
    name = next(tokens, "")
    if name.upper() == "ONLY":
        name = next(tokens, "")
    behind = next(tokens, "")
    while behind == ".":
        name, behind = next(tokens, ""), next(tokens, "")
    if behind == "(" and before == "FROM":
        return OTHER
    table = name[1:-1] if name[:1] in ('"', "`", "[") else name.lower()
    return table if _SOUND.fullmatch(table) else OTHER
