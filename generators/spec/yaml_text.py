"""YAML text to plain values, with the place of each. In: text. Out: a `Source` of dicts, lists, strings, ints and exact Decimals,
and the faults of the text: what is no YAML, a key written twice, nesting without end, aliases that lead to themselves.

The parser's events are read one by one: composing nodes recurses in C, and a file of brackets would end the process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent
from yaml.resolver import Resolver

from generators.fault import Fault, Where
from generators.spec.source import DEEPEST, Place, Source, dollar

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOST_VALUES = 1_000_000
"""Values after aliases are followed; a few lines of aliases to aliases can stand for billions."""

_STRING = "tag:yaml.org,2002:str"
_KNOWN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge"))
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_INTEGER = 30
_RESOLVE: Callable[[type[yaml.Node], str, tuple[bool, bool]], str] = Resolver().resolve


class RefusedError(Exception):
    """The text cannot be read any further."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def yaml_source(text: str, shown: str) -> Source:
    """YAML text as a source, with its faults. Never raises."""
    source = Source()
    unprintable = unprintable_in(text, shown)
    if unprintable:
        source.faults.append(unprintable)
        return source
    composer = Composer(yaml.parse(text, Loader), source, shown)
    try:
        composer.document()
    except RefusedError as refused:
        source.faults.append(refused.fault)
    except yaml.YAMLError as error:
        source.faults.append(no_yaml(error, shown, composer.folded))
    return source


def unprintable_in(text: str, shown: str) -> Fault | None:
    """The fault of the first character that YAML does not allow; None where there is none."""
    bad = _UNPRINTABLE.search(text)
    if bad is None:
        return None
    where = Where(shown, text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start()))
    what = f"the character U+{ord(bad[0]):04X} cannot be printed"
    return Fault("yaml", where, what, "Take it out, or write it in double quotes as an escape.")


def no_yaml(error: yaml.YAMLError, shown: str, folded: ScalarEvent | None) -> Fault:
    """The fault of a text that the parser refuses: at the place that it names; at the quote that led it there, where one that was
    forgotten is never closed, or only where the next begins. `folded` is the last text in quotes that goes over several lines."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault("yaml", Where(shown), f"this is no YAML: {error}", "Mend the text.")
    mark, fix = error.problem_mark or error.context_mark, "Close it where its text ends."
    if error.context == "while scanning a quoted scalar" and error.context_mark:
        return Fault("yaml", _at(error.context_mark, shown), "this is no YAML: the quote that opens here is never closed", fix)
    if folded and mark and folded.end_mark.line == mark.line:
        what = f"this is no YAML: the quote that opens here closes on line {mark.line + 1}, and something follows it there"
        return Fault("yaml", _at(folded.start_mark, shown), what, fix)
    where = _at(mark, shown) if mark else Where(shown)
    return Fault("yaml", where, f"this is no YAML: {error.problem or error.context}", "Mend the text there.")


def _at(mark: yaml.Mark, shown: str) -> Where:
    return Where(shown, mark.line + 1, mark.column + 1)


class Composer:
    """One document's events on their way to values."""

    def __init__(self, events: Iterator[Event], source: Source, shown: str) -> None:
        self._events = events
        self._source = source
        self._shown = shown
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._count = 0
        self.folded: ScalarEvent | None = None
        """The last text in quotes that goes over several lines."""

    def document(self) -> None:
        """Read the one document of the text into the source."""
        event = next(self._events)
        while not isinstance(event, NodeEvent | yaml.StreamEndEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            fix = "Write a spec; docs/guides/first-steps.md shows a small one."
            raise RefusedError(Fault("yaml", Where(self._shown), "the file is empty", fix))
        value = self._value(event, ())
        for event in self._events:
            if isinstance(event, NodeEvent):
                where = self._where(event, ())
                raise RefusedError(
                    Fault("yaml", where, "a second document begins", "Keep one document; split specs with `include:`.")
                )
        self._source.value = value

    def _where(self, event: Event, place: Place) -> Where:
        return Where(self._shown, event.start_mark.line + 1, event.start_mark.column + 1, dollar(place))

    def _value(self, event: Event, place: Place) -> Any:
        mark = event.start_mark
        self._source.values[place] = (self._shown, mark.line + 1, mark.column + 1)
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, place)
        if len(place) > DEEPEST:
            what = f"values are nested more than {DEEPEST} deep"
            raise RefusedError(Fault("yaml", self._where(event, place), what, "Nest less; no spec needs that."))
        self._grow(1, place)
        before, anchor = self._count, getattr(event, "anchor", None)
        if anchor:
            self._open.add(anchor)
        self._check_tag(event, place)
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, place)
        else:
            value = self._mapping(place) if isinstance(event, MappingStartEvent) else self._sequence(place)
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, self._count - before)
        return value

    def _grow(self, count: int, place: Place) -> None:
        self._count += count
        if self._count > MOST_VALUES:
            what = f"the text stands for more than {MOST_VALUES} values"
            raise RefusedError(Fault("yaml", self._source.where(place), what, "Write out less with aliases; split the spec."))

    def _alias(self, anchor: str, place: Place) -> Any:
        if anchor in self._open:
            what = f"the alias '*{anchor}' stands inside what it repeats"
            raise RefusedError(Fault("yaml", self._source.where(place), what, "Write the value out."))
        if anchor not in self._anchors:
            what = f"no anchor '&{anchor}' stands before this alias"
            raise RefusedError(Fault("yaml", self._source.where(place), what, "Write the value out."))
        value, size = self._anchors[anchor]
        self._grow(size, place)
        return value

    def _check_tag(self, event: Event, place: Place) -> None:
        tag = getattr(event, "tag", None)
        if tag and tag != "!" and not (isinstance(event, ScalarEvent) and tag in _KNOWN_TAGS):
            what = f"the tag '{tag}' is not read here"
            raise RefusedError(Fault("yaml", self._where(event, place), what, "Write a plain value."))

    def _sequence(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            items.append(self._value(event, (*place, len(items))))
        return items

    def _mapping(self, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(key := next(self._events), CollectionEndEvent):
            if not isinstance(key, ScalarEvent) or key.value == "<<":
                fix = "Write the keys out; merge keys are not read."
                raise RefusedError(Fault("yaml", self._where(key, place), "a key must be a plain string", fix))
            name = str(key.value)
            inner = (*place, name)
            if name in result:
                self._twice(name, self._where(key, inner), place)
                continue
            self._source.keys[inner] = (self._shown, key.start_mark.line + 1, key.start_mark.column + 1)
            result[name] = self._value(next(self._events), inner)
        return result

    def _twice(self, name: str, where: Where, place: Place) -> None:
        _, line, _ = self._source.keys[(*place, name)]
        what = f"'{name}' is written twice; the first stands at line {line}"
        fix = "Keep one of the two, or give one of them another name."
        self._source.faults.append(Fault("duplicate-name", where, what, fix))
        Composer(self._events, Source(), self._shown)._skip()

    def _skip(self) -> None:
        """Read past one value; its own faults would be echoes."""
        depth = 0
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                depth -= 1
            elif not isinstance(event, ScalarEvent | AliasEvent):
                depth += 1
            if depth == 0:
                return

    def _scalar(self, event: ScalarEvent, place: Place) -> Any:
        start, end = event.start_mark, event.end_mark
        if event.style in ("'", '"') and start.line != end.line:
            self.folded = event
        if start.line == end.line:
            quotes = 1 if event.style in ("'", '"') else 0
            if end.column - start.column == len(event.value) + 2 * quotes:
                self._source.shifts[place] = quotes
        bad = None if event.value.isprintable() else _UNPRINTABLE.search(event.value)
        if bad:
            what = f"the text holds the character U+{ord(bad[0]):04X}, which cannot be printed"
            self._source.faults.append(Fault("yaml", self._where(event, place), what, "Take it out."))
        tag = event.tag or (_RESOLVE(yaml.ScalarNode, event.value, (True, False)) if event.implicit[0] else _STRING)
        return plain(tag, event.value)


def plain(tag: str, text: str) -> Any:
    """The value of a scalar: exact, and a string where its type is none that a spec knows."""
    kind = tag.rpartition(":")[2]
    if kind == "int" and re.fullmatch(rf"[-+]?\d{{1,{_LONGEST_INTEGER}}}", text):
        return int(text)
    if kind == "float":
        try:
            return Decimal(text.replace("_", ""))
        except InvalidOperation:
            return text
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    return None if kind == "null" else text
