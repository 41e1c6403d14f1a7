"""Jsonnet to plain values, with the place of each as far as it can be found. In: a Jsonnet file. Out: a `Source`, or the fault
that Jsonnet reports, at the line and column it names. Jsonnet keeps no source map and sorts the fields of its answer: where a field
stands, and so its order, is found in the text (jsonnet_fields)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import _jsonnet

from generators.fault import Fault, Where
from generators.spec.jsonnet_fields import Field, Fields
from generators.spec.source import DEEPEST, Place, Source

_POSITION = r"(?P<file>[^\n\t]+?):\(?(?P<line>\d+):(?P<column>\d+)"
_STATIC = re.compile(rf"STATIC ERROR: {_POSITION}[-\d:()]*: (?P<what>[^\n]*)")
_RUNTIME = re.compile(rf"RUNTIME ERROR: (?P<what>.*?)\n\t{_POSITION}", re.DOTALL)


def jsonnet_source(path: Path, text: str, shown: str) -> Source:
    """Evaluate a Jsonnet file; imports are looked for beside it and in vendor/. Never raises."""
    source = Source()
    try:
        printed = _jsonnet.evaluate_file(str(path), jpathdir=[str(path.parent), str(path.parent / "vendor")])
        source.value = json.loads(printed, parse_float=_shortest)
    except RuntimeError as error:
        source.faults.append(_fault(str(error), path, shown))
        return source
    except RecursionError:
        source.faults.append(_too_deep(Where(shown)))
        return source
    source.value, _ = _placed(source, source.value, (), Fields(text), Field(), shown)
    return source


def _shortest(printed: str) -> Decimal:
    """Jsonnet prints a float with seventeen digits; the shortest text of the same float is what people wrote: 99.9."""
    return Decimal(repr(float(printed)))


def _fault(said: str, path: Path, shown: str) -> Fault:
    match = _STATIC.match(said) or _RUNTIME.match(said)
    what = match["what"] if match else said.splitlines()[0].removeprefix("RUNTIME ERROR: ")
    where = Where(shown)
    if match:
        file = Path(match["file"])
        if file == path:
            name = shown
        else:
            name = str(Path(shown).parent / file.relative_to(path.parent)) if file.is_relative_to(path.parent) else str(file)
        where = Where(name, int(match["line"]), int(match["column"]))
    return Fault("jsonnet", where, f"Jsonnet says: {what}", "Mend the expression there.")


def _too_deep(where: Where) -> Fault:
    return Fault("jsonnet", where, f"values are nested more than {DEEPEST} deep", "Nest less; no spec needs that.")


def _placed(source: Source, value: Any, place: Place, fields: Fields, above: Field, shown: str) -> tuple[Any, Field]:
    """The value with its fields in the order of the text, and the last field found in it; every place goes into the source."""
    source.values[place] = (shown, above.line, above.column)
    if len(place) > DEEPEST:
        if not source.faults:
            source.faults.append(_too_deep(source.where(place)))
        return value, above
    if isinstance(value, list):
        items, last = [], above
        for index, part in enumerate(value):
            # What an element holds stands after what the one before it holds.
            item, last = _placed(source, part, (*place, index), fields, above.after(last), shown)
            items.append(item)
        return items, last
    if not isinstance(value, dict):
        return value, above
    found = sorted(((fields.find(key, above), key) for key in value), key=lambda one: one[0].position)
    result, last = {}, above
    for field, key in found:
        source.keys[(*place, key)] = (shown, field.line, field.column)
        result[key], inner = _placed(source, value[key], (*place, key), fields, field, shown)
        last = max(last, inner, key=lambda one: one.position)
    return result, last
