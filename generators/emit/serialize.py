"""Values into text: the one place where YAML and JSON are dumped, so that every generated file looks alike and the same value
always gives the same bytes. In: plain dicts, lists, strings, numbers (also exact ones). Out: text with a newline at its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

WIDE = 10_000


class _Dumper(yaml.SafeDumper):
    """Block style without aliases; lists are indented under their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def plain(value: Any) -> Any:
    """The same value in JSON's own types: mappings as dicts, sequences as lists, exact numbers as the shortest number that reads back."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def to_yaml(value: Mapping[str, Any], heading: str = "") -> str:
    """YAML in the order of the keys given; `heading` becomes comment lines above."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + yaml.dump(plain(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDE)


def to_json(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys, two spaces deep."""
    return json.dumps(plain(value), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
