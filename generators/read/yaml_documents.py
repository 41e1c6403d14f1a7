"""YAML that others wrote, to plain values with the place of each. In: text. Out: a `Source` for each document. More is read than
in a spec: several documents, merge keys, tags of other programs, keys that are no strings; what cannot be read ends the text
with one fault, and the documents before it are kept."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.events import CollectionEndEvent, Event, NodeEvent, ScalarEvent

from generators.spec.source import Place, Source, position
from generators.spec.yaml_text import Composer, Loader, RefusedError, no_yaml, unprintable_in

_MERGE = "<<"


def yaml_documents(text: str, shown: str) -> tuple[Source, ...]:
    """Every document of a text. Never raises; the faults stand in the last source."""
    bad = unprintable_in(text, shown)
    if bad:
        source = Source()
        source.faults.append(bad)
        return (source,)
    found: list[Source] = []
    document: _Foreign | None = None
    events = yaml.parse(text, Loader)
    try:
        for event in events:
            if isinstance(event, NodeEvent):
                found.append(Source())
                document = _Foreign(events, found[-1], shown)
                document.read(event)
    except RefusedError as refused:
        (found or [Source()])[-1].faults.append(refused.fault)
    except yaml.YAMLError as error:
        found = found or [Source()]
        found[-1].faults.append(no_yaml(error, shown, document.folded if document else None))
    return tuple(found)


class _Foreign(Composer):
    """One document's events on their way to values."""

    def read(self, event: Event) -> None:
        """Read the document that begins with this event."""
        self._source.value = self._value(event, ())

    def _check_tag(self, event: Event, place: Place) -> None:
        """Tags of other programs (`!reset`, `!include`) are read past: the value under them is."""

    def _mapping(self, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        while not isinstance(key := next(self._events), CollectionEndEvent):
            if not isinstance(key, ScalarEvent):
                self._skip_from(key)
                self._skip()
                continue
            name = str(key.value)
            where = self._where(key, (*place, name))
            if name == _MERGE and not key.style:
                value = self._value(next(self._events), (*place, name))
                merged += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
            elif name in result:
                self._twice(name, where, place)
            else:
                self._source.keys[(*place, name)] = position(where)
                result[name] = self._value(next(self._events), (*place, name))
        for one in merged:
            result = {**one, **result}
        return result

    def _skip_from(self, event: Event) -> None:
        """Read past the rest of a key that is a collection."""
        depth = 0 if isinstance(event, yaml.AliasEvent) else 1
        while depth:
            inner = next(self._events)
            if isinstance(inner, CollectionEndEvent):
                depth -= 1
            elif not isinstance(inner, ScalarEvent | yaml.AliasEvent):
                depth += 1
