"""Text to plain values, with the place of each. In: YAML or Jsonnet text. Out: a `Source` (dicts, lists, strings, ints, exact
Decimals) whose `where` answers for every path, and the faults of the text itself. Reads the files that a spec includes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import _jsonnet
import yaml

from generators.fault import Fault, Where

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Place = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z_][\w-]*")
_JSONNET_ERROR = re.compile(r"^(?P<what>.*)\n\s*(?P<file>[^\n:]+):(?:\()?(?P<line>\d+):(?P<column>\d+)", re.DOTALL)


def dollar(place: Place) -> str:
    """A path as people read it: $.alerts.High.when, $.notify.routes[0]."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" if _BARE.fullmatch(part) else f"['{part}']" for part in place)
    return "$" + "".join(parts)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text begins: `shift` is the columns from the value's place to its first character, None where the text was folded
    or escaped, so that only its beginning can be named."""

    where: Where
    shift: int | None = None

    def plus(self, offset: int) -> Where:
        """The place of the character `offset` of the text."""
        return self.where if self.shift is None else self.where.shifted(self.shift + offset)


@dataclass
class Source:
    """Plain values, and where each key and value stands. `keys` knows the key's place, `values` the value's, `shifts` how far
    from there a text on one line begins."""

    value: Any = None
    keys: dict[Place, Where] = field(default_factory=dict)
    values: dict[Place, Where] = field(default_factory=dict)
    shifts: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def spot(self, place: Place) -> Spot:
        """Where the text of a path begins, to point into it."""
        return Spot(self.where(place), self.shifts.get(place))

    def where(self, place: Place) -> Where:
        """Where the value of a path stands; of the nearest part above it where the path itself is nowhere."""
        for length in range(len(place), -1, -1):
            found = self.values.get(place[:length])
            if found:
                return found if length == len(place) else Where(found.file, found.line, found.column, dollar(place))
        return Where("spec")

    def where_key(self, place: Place) -> Where:
        """Where the key of a path stands, or its value where it has no key."""
        return self.keys.get(place) or self.where(place)


def read(path: Path, shown: str) -> Source:
    """Read one file by its suffix: .jsonnet or .libsonnet is evaluated, all else is YAML. Raises OSError."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".jsonnet", ".libsonnet"):
        return _jsonnet_source(path, text, shown)
    return yaml_source(text, shown)


def yaml_source(text: str, shown: str) -> Source:
    """YAML text as a source; a fault for text that is no YAML, for a key written twice and for a key that is no string."""
    source = Source()
    try:
        node = yaml.compose(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(shown, mark.line + 1, mark.column + 1) if mark else Where(shown)
        source.faults.append(Fault("yaml", where, f"this is no YAML: {error.problem or error.context}", "Mend the text there."))
        return source
    if node is None:
        source.faults.append(Fault("yaml", Where(shown), "the file is empty", "Write a spec; the README shows the smallest one."))
        return source
    source.value = _value(node, (), source, shown)
    return source


def _value(node: yaml.Node, place: Place, source: Source, shown: str) -> Any:
    source.values[place] = Where(shown, node.start_mark.line + 1, node.start_mark.column + 1, dollar(place))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, source, shown)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), source, shown) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.start_mark.line == node.end_mark.line:
        width = node.end_mark.column - node.start_mark.column
        quotes = 1 if node.style in ("'", '"') else 0
        if width == len(node.value) + 2 * quotes:
            source.shifts[place] = quotes
    return _scalar(node)


def _mapping(node: yaml.MappingNode, place: Place, source: Source, shown: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
        where = Where(shown, key_node.start_mark.line + 1, key_node.start_mark.column + 1, dollar((*place, key)))
        if not isinstance(key_node, yaml.ScalarNode) or key == "<<":
            source.faults.append(
                Fault("yaml", where, "a key must be a plain string", "Write the keys out; merge keys are not read.")
            )
            continue
        if key in result:
            first = source.keys[(*place, key)]
            what = f"'{key}' is written twice; the first stands at line {first.line}"
            source.faults.append(Fault("duplicate-name", where, what, "Keep one of the two, or give one of them another name."))
            continue
        source.keys[(*place, key)] = where
        result[key] = _value(value_node, (*place, key), source, shown)
    return result


def _scalar(node: yaml.Node) -> Any:
    tag, text = node.tag, str(node.value)
    if tag == "tag:yaml.org,2002:int" and re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    if tag == "tag:yaml.org,2002:float":
        try:
            return Decimal(text.replace("_", ""))
        except ArithmeticError:
            return text
    if tag == "tag:yaml.org,2002:bool":
        return text.lower() in ("true", "yes", "on")
    if tag == "tag:yaml.org,2002:null":
        return None
    return text


def evaluate(path: Path) -> Any:
    """Evaluate a Jsonnet file; imports are looked for beside it and in vendor/. Numbers become exact where they were written so.
    Raises RuntimeError with Jsonnet's own words."""
    text = _jsonnet.evaluate_file(str(path), jpathdir=[str(path.parent), str(path.parent / "vendor")])
    return json.loads(text, parse_float=Decimal)


def _jsonnet_source(path: Path, text: str, shown: str) -> Source:
    source = Source()
    try:
        source.value = evaluate(path)
    except RuntimeError as error:
        match = _JSONNET_ERROR.match(str(error))
        line, column = (int(match["line"]), int(match["column"])) if match else (1, 1)
        what = str(error).splitlines()[0].removeprefix("RUNTIME ERROR: ").removeprefix("STATIC ERROR: ")
        source.faults.append(Fault("jsonnet", Where(shown, line, column), f"Jsonnet says: {what}", "Mend the expression there."))
        return source
    _guess_places(source, source.value, (), text.splitlines(), Where(shown))
    return source


def _guess_places(source: Source, value: Any, place: Place, lines: list[str], parent: Where) -> None:
    """Jsonnet keeps no source map: a key is taken to stand where its name is first written at or below its parent."""
    source.values[place] = source.values.get(place) or parent
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        here = _find_key(key, lines, parent, dollar((*place, key))) if isinstance(key, str) else parent
        source.keys[(*place, key)] = source.values[(*place, key)] = here
        _guess_places(source, part, (*place, key), lines, here)


def _find_key(key: str, lines: list[str], parent: Where, path: str) -> Where:
    pattern = re.compile(rf"""(?:^|[\s{{,(]|\+)(["']?){re.escape(key)}\1\s*\+?:""")
    for number in range(parent.line - 1, len(lines)):
        match = pattern.search(lines[number])
        if match:
            return Where(parent.file, number + 1, lines[number].index(key, match.start()) + 1, path)
    return Where(parent.file, parent.line, parent.column, path)
