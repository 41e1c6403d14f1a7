"""Jsonnet to plain values, with the place of each as far as it can be found. In: a Jsonnet file. Out: a `Source`, or the fault
that Jsonnet reports, at the line and column it names. Jsonnet keeps no source map: a key is taken to stand where its name is first
written at or below its parent."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import _jsonnet

from generators.fault import Fault, Where
from generators.spec.source import DEEPEST, Place, Source, dollar

_POSITION = r"(?P<file>[^\n\t]+?):\(?(?P<line>\d+):(?P<column>\d+)"
_STATIC = re.compile(rf"STATIC ERROR: {_POSITION}[-\d:()]*: (?P<what>[^\n]*)")
_RUNTIME = re.compile(rf"RUNTIME ERROR: (?P<what>.*?)\n\t{_POSITION}", re.DOTALL)
_KEY = re.compile(r"""(?:(?P<quote>["'])(?P<quoted>[^"'\n]+)(?P=quote)|(?P<bare>[A-Za-z_]\w*))\s*\+?:{1,3}(?!\w*:)""")

Occurrences = dict[str, list[tuple[int, int]]]


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
    _guess_places(source, source.value, (), _occurrences(text), Where(shown))
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


def _occurrences(text: str) -> Occurrences:
    """Every place where a field of each name is written, in the order of the text."""
    found: Occurrences = defaultdict(list)
    for number, line in enumerate(text.splitlines(), 1):
        for match in _KEY.finditer(line):
            group = "quoted" if match["quoted"] else "bare"
            found[match[group]].append((number, match.start() + 1))
    return found


def _guess_places(source: Source, value: Any, place: Place, written: Occurrences, parent: Where) -> None:
    source.values.setdefault(place, parent)
    if len(place) > DEEPEST:
        source.faults.append(_too_deep(parent))
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        inner = (*place, key)
        here = _written(key, written, parent, inner) if isinstance(key, str) else parent
        source.keys[inner] = source.values[inner] = Where(here.file, here.line, here.column, dollar(inner))
        _guess_places(source, part, inner, written, source.keys[inner])


def _written(key: str, written: Occurrences, parent: Where, place: Place) -> Where:
    known = written.get(key, [])
    index = bisect_left(known, (parent.line, parent.column))
    line, column = known[index] if index < len(known) else (parent.line, parent.column)
    return Where(parent.file, line, column, dollar(place))
