"""How one PromQL expression became another. In: two expressions and the contract. Out: phrases such as `bound 2 s -> 1.5 s` where
only numbers, ranges, matchers or names changed, else both expressions."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from generators import promql
from generators.ir.contract import Contract
from generators.promql.syntax import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    VectorSelector,
)

COMPARISONS = frozenset({">", ">=", "<", "<=", "==", "!="})
MANY = 3
"""More single differences than this read worse than the two expressions."""
LONG, AROUND = 160, 20
"""Characters of an expression that is shown whole; characters shown beside a difference in a longer one."""
UNITS = {"seconds": " s", "bytes": " B", "ratio": "", "celsius": " °C"}


class _Different(Exception):  # noqa: N818 - the trees differ in shape
    """The trees have no common shape."""


def changed(old: str, new: str, contract: Contract) -> list[str]:
    """What changed from one expression to the other; empty when they mean the same text."""
    try:
        before, after = promql.parse(old), promql.parse(new)
    except promql.ParseFault:
        return [] if old == new else [f"expression `{old}` -> `{new}`"]
    if before == after:
        return []
    try:
        phrases = list(dict.fromkeys(_differences(before, after, contract, "")))
    except _Different:
        phrases = []
    if not phrases or len(phrases) > MANY:
        return [_sides(promql.text_of(before), promql.text_of(after))]
    return phrases


def _sides(old: str, new: str) -> str:
    """Both expressions; of long ones what differs, with a little of what stands around it."""
    if max(len(old), len(new)) <= LONG:
        return f"expression `{old}` -> `{new}`"
    begin = max(len(os.path.commonprefix([old, new])) - AROUND, 0)
    end = max(len(os.path.commonprefix([old[begin:][::-1], new[begin:][::-1]])) - AROUND, 0)
    pieces = [_cut(("…" if begin else "") + side[begin : len(side) - end] + ("…" if end else "")) for side in (old, new)]
    return f"expression `{pieces[0]}` -> `{pieces[1]}`"


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[: LONG // 2]} … {text[-LONG // 2 :]}"


def _differences(old: Any, new: Any, contract: Contract, unit: str) -> Iterator[str]:
    if old == new:
        return
    if type(old) is not type(new):
        raise _Different
    if isinstance(old, NumberLiteral):
        yield f"number {promql.text_of(old)}{unit} -> {promql.text_of(new)}{unit}"
    elif isinstance(old, Matcher):
        yield f"matcher {_matcher(old)} -> {_matcher(new)}"
    elif isinstance(old, Duration):
        yield f"{_length(old)} -> {_length(new)}"
    elif isinstance(old, VectorSelector):
        yield from _selector(old, new)
    elif isinstance(old, Binary):
        yield from _binary(old, new, contract, unit)
    else:
        yield from _fields(old, new, contract, unit)


def _binary(old: Binary, new: Binary, contract: Contract, unit: str) -> Iterator[str]:
    if old.op in COMPARISONS and new.op in COMPARISONS:
        yield from _differences(old.left, new.left, contract, unit)
        bound = [_bare(old.right), _bare(new.right)]
        if all(isinstance(one, NumberLiteral) for one in bound):
            written = _unit(old.left, contract)
            sides = [f"{promql.text_of(one)}{written}" for one in bound]
            signs = (f"{old.op} ", f"{new.op} ") if old.op != new.op else ("", "")
            if old.op != new.op or bound[0] != bound[1]:
                yield f"bound {signs[0]}{sides[0]} -> {signs[1]}{sides[1]}"
            return
        if old.op != new.op:
            yield f"comparison {old.op} -> {new.op}"
        yield from _differences(old.right, new.right, contract, unit)
        return
    yield from _fields(old, new, contract, unit)


def _fields(old: Any, new: Any, contract: Contract, unit: str) -> Iterator[str]:
    for field in dataclasses.fields(old):
        if not field.compare:
            continue
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if field.name in ("range", "step", "offset") and isinstance(before, Duration) and isinstance(after, Duration):
            yield f"{field.name} {_length(before)} -> {_length(after)}"
        elif isinstance(old, Aggregation) and field.name == "grouping":
            yield f"by {', '.join(before) or 'nothing'} -> {', '.join(after) or 'nothing'}"
        elif isinstance(before, str) and isinstance(after, str):
            yield f"{'function' if isinstance(old, Call) else 'operator'} {before} -> {after}"
        elif isinstance(before, tuple) and isinstance(after, tuple):
            if len(before) != len(after):
                raise _Different
            for one, other in zip(before, after, strict=True):
                yield from _differences(one, other, contract, unit)
        elif dataclasses.is_dataclass(before) and dataclasses.is_dataclass(after):
            yield from _differences(before, after, contract, unit)
        else:
            raise _Different


def _selector(old: VectorSelector, new: VectorSelector) -> Iterator[str]:
    if old.name != new.name:
        yield f"metric {old.name or 'any'} -> {new.name or 'any'}"
    if old.offset != new.offset and (old.offset is None or isinstance(old.offset, Duration)):
        before = _length(old.offset) if isinstance(old.offset, Duration) else "none"
        yield f"offset {before} -> {_length(new.offset) if isinstance(new.offset, Duration) else 'none'}"
    elif old.offset != new.offset or old.at != new.at or old.extension != new.extension:
        raise _Different
    ours, theirs = {m.name: m for m in old.matchers}, {m.name: m for m in new.matchers}
    for name in dict.fromkeys([*ours, *theirs]):
        before_, after_ = ours.get(name), theirs.get(name)
        if before_ != after_:
            yield f"matcher {_matcher(before_) if before_ else 'none'} -> {_matcher(after_) if after_ else 'none'}"


def _unit(left: Any, contract: Contract) -> str:
    """The unit of what is held against a bound, where its one metric says so and no count is taken of it."""
    units = set()
    for name in _series(left):
        metric = contract.by_series.get(name)
        counted = name.endswith("_count") or metric is None or metric.kind == "counter"
        units.add("" if counted or metric is None else metric.unit)
    return UNITS.get(next(iter(units)), "") if len(units) == 1 else ""


def _series(tree: Any) -> Iterator[str]:
    if isinstance(tree, VectorSelector):
        yield tree.name
    elif isinstance(tree, tuple):
        for item in tree:
            yield from _series(item)
    elif isinstance(tree, MatrixSelector | Subquery | Paren | Call | Aggregation | Binary) or dataclasses.is_dataclass(tree):
        for field in dataclasses.fields(tree):
            yield from _series(getattr(tree, field.name))


def _bare(tree: Any) -> Any:
    while isinstance(tree, Paren):
        tree = tree.expr
    return tree


def _matcher(one: Matcher) -> str:
    return f'{one.name}{one.op}"{one.value}"'


def _length(duration: Duration) -> str:
    return promql.text_of(NumberLiteral(duration.seconds, duration=True))
