"""Whatever a spec says, building it ends: in files, or in faults of one line each with a place. Never in an exception."""

from __future__ import annotations

import copy
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from generators.build import build
from generators.ir.stack import EngineName
from generators.spec.read import read

RICH = Path(__file__).parent / "rich.yaml"
TREE: dict[str, Any] = read(RICH, "rich.yaml").value

Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> list[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([place] if place else []), *(inner for key, part in items for inner in places(part, (*place, key)))]


PLACES = places(TREE)
WORDS = [
    "up",
    "web",
    "up[5m]",
    "1",
    "sum(up)",
    "up > 1",
    "vector(1)",
    "5m",
    "0s",
    "99999d",
    "100%",
    "-1",
    "1e400",
    "{}",
    "",
    " ",
    "$x",
    "{{ $value",
    "a" * 300,
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=12),
    st.sampled_from([[], {}, ["web"], [None], {"a": "b"}, {"en": "x"}, [[]], {"": ""}]),
)


def at(tree: Any, place: Place) -> Any:
    for part in place:
        tree = tree[part]
    return tree


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """The rich spec with one to three nodes dropped, replaced, renamed or exchanged."""
    tree = copy.deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(PLACES))
        try:
            parent = at(tree, place[:-1])
            what = draw(st.sampled_from(["drop", "replace", "replace", "rename", "exchange"]))
            if what == "drop":
                del parent[place[-1]]
            elif what == "replace":
                parent[place[-1]] = draw(SCALARS)
            elif what == "rename" and isinstance(parent, dict):
                parent[draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)))] = parent.pop(place[-1])
            else:
                parent[place[-1]] = copy.deepcopy(at(TREE, draw(st.sampled_from(PLACES))))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return tree


def text_of(value: Any) -> str:
    """YAML in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {text_of(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def check(text: str, engine: EngineName = "compose", environment: str = "production") -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8", errors="replace")
        result = build(file, environment, engine)
    event("refused" if result.failed else "built")
    assert result.failed == (not result.files)
    assert len(set(result.faults)) == len(result.faults)
    for fault in result.faults:
        assert len(str(fault).splitlines()) == 1
        assert fault.where.line >= 1
        assert fault.where.column >= 1
        assert fault.fix


def test_the_rich_spec_itself_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(text_of(TREE), encoding="utf-8")
    for environment in ("production", "local"):
        result = build(RICH, environment)
        assert not result.failed, "\n".join(map(str, result.faults))
        assert build(tmp_path / "spec.yaml", environment).files == result.files


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed(), st.sampled_from(["compose", "local"]), st.sampled_from(["production", "local"]))
def test_a_changed_spec_never_raises(tree: dict[str, Any], engine: EngineName, environment: str) -> None:
    check(text_of(tree), engine, environment)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_torn_text_never_raises(data: st.DataObject) -> None:
    text = RICH.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    middle = data.draw(
        st.one_of(
            st.text(max_size=5), st.sampled_from(["\t", "*a", "&a", ": ", "- ", "[", "{", "}", "\n", "#", "'", '"', "|", "!!x "])
        )
    )
    check(text[:start] + middle + text[end:])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_never_raise(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("spec.yaml", "spec.jsonnet"):
            file = Path(folder) / name
            file.write_bytes(raw)
            assert build(file).failed
