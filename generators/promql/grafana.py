"""Queries of dashboards: PromQL with Grafana's variables in it. In: the text and the values of its variables. Out: a tree.

Grafana puts the value's text in place of `$name`, `${name}`, `${name:format}` and `[[name]]` wherever it stands, also inside
strings and names (https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/). So does this, and then gives
every span its place in the text as it was written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from generators.promql.parse import parse
from generators.promql.syntax import Expr, ParseFault, Span, first_of
from generators.record import dataclass

# What Grafana itself sets, with values a panel of one hour gives them.
BUILT_IN: Mapping[str, str] = {
    "__interval": "1m",
    "__interval_ms": "60000",
    "__rate_interval": "4m",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
    "__from": "1700000000000",
    "__to": "1700003600000",
    "__dashboard": "dashboard",
    "__org": "1",
    "__user": "user",
    "__name": "name",
    "timeFilter": "",
}
_VARIABLE = re.compile(r"\$\{(\w+)(?:\.[^:^}]+)?(?::[^}]+)?\}|\[\[(\w+?)(?::\w+)?\]\]|\$(\w+)", re.ASCII)
_Node = TypeVar("_Node")


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A text with values in place of variables; `starts` and `shifts` lead from an offset in it back to the written text."""

    text: str
    starts: tuple[int, ...]
    origins: tuple[tuple[int, int, int], ...]  # where written, how long written, how long in `text`

    def written(self, offset: int) -> int:
        """The offset in the written text of an offset in this text."""
        place = bisect_right(self.starts, offset) - 1
        if place < 0:
            return offset
        at, length, now = self.origins[place]
        inside = offset - self.starts[place]
        return at + (inside - now + length if inside >= now else 0)

    def span(self, span: Span) -> Span:
        start, end = self.written(span.start), self.written(span.end)
        return Span(start, max(start, end))


@lru_cache(maxsize=4096)  # each stage that reads a dashboard asks it of every query
def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables in a query, each once; `$1` in a label_replace is none."""
    found = (match[1] or match[2] or match[3] for match in _VARIABLE.finditer(text))
    return tuple(dict.fromkeys(name for name in found if not name.isdigit()))


def interpolate(text: str, values: Mapping[str, str]) -> Interpolated:
    """The text with all its variables replaced; ParseFault names those that have no value."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int, int]] = []
    faults: list[ParseFault] = []
    done = length = 0
    for match in _VARIABLE.finditer(text):
        name = match[1] or match[2] or match[3]
        value = values.get(name, BUILT_IN.get(name))
        if name.isdigit():
            continue
        if value is None:
            fix = "Declare it among the dashboard's variables."
            faults.append(ParseFault(Span(*match.span()), f"unknown variable {match[0]}", fix))
            continue
        pieces += (text[done : match.start()], value)
        length += match.start() - done
        starts.append(length)
        origins.append((match.start(), len(match[0]), len(value)))
        length += len(value)
        done = match.end()
    if faults:
        raise first_of(faults)
    return Interpolated("".join((*pieces, text[done:])), tuple(starts), tuple(origins))


def parse_query(text: str, variables: Mapping[str, str], features: frozenset[str] = frozenset()) -> Expr:
    """The tree of a dashboard's query, with an example value for each variable; spans are those of the written text."""
    interpolated = interpolate(text, variables)
    try:
        tree = parse(interpolated.text, features)
    except ParseFault as fault:
        for each in fault.faults:
            each.span = interpolated.span(each.span)
        raise
    try:
        return _moved(tree, interpolated) if interpolated.starts else tree
    except RecursionError:
        raise ParseFault(Span(0, len(text)), "the expression is nested too deeply", "Split it with recording rules.") from None


def _moved(node: _Node, interpolated: Interpolated) -> _Node:
    """The node, and all below it, with the spans of the written text."""
    return type(node)(*(_moved_value(getattr(node, each), interpolated) for each in node.__match_args__))  # type: ignore[attr-defined]


def _moved_value(value: Any, interpolated: Interpolated) -> Any:
    if isinstance(value, Span):
        return interpolated.span(value)
    if isinstance(value, tuple):
        return tuple(_moved_value(item, interpolated) for item in value)
    return _moved(value, interpolated) if _is_node(value) else value


def _is_node(value: object) -> bool:
    return hasattr(value, "__dataclass_fields__")
