"""The compiled IR as JSON and back. In: any frozen dataclass of generators.ir. Out: plain JSON values, and from them the same
dataclass again, so that a release can be compared, described and run long after its spec has changed. Source positions stay out:
moving a line of the spec is no new release."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin

from generators.fault import Where, Written
from generators.ir.contract import Contract, Metric

KIND = "$kind"


def dump(value: Any) -> Any:
    """JSON for a value of the IR. A member of a union of dataclasses carries its class in `$kind`."""
    if isinstance(value, Contract):
        return [dump(metric) for metric in value.metrics.values()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {KIND: type(value).__name__} | {
            field.name: dump(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if not isinstance(getattr(value, field.name), Where | Written)
        }
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [dump(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


T = TypeVar("T")


def load(kind: type[T], value: Any) -> T:
    """The value of type `kind` that `dump` wrote."""
    return typing.cast(T, _load(kind, value))


def _load(kind: Any, value: Any) -> Any:
    if kind is Any or value is None:
        return value
    if kind is Decimal:
        return Decimal(value)
    if kind is Contract:
        return Contract.of(_load(Metric, item) for item in value)
    if dataclasses.is_dataclass(kind):
        return _load_dataclass(kind, value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _load(_member(arguments, value), value)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is ...:
            return tuple(_load(arguments[0], item) for item in value)
        return tuple(_load(argument, item) for argument, item in zip(arguments, value, strict=True))
    if origin is frozenset:
        return frozenset(_load(arguments[0], item) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _load(arguments[1], item) for key, item in value.items()}
    return value


def _load_dataclass(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: _load(hints[name], item) for name, item in value.items() if name in known})


def _member(arguments: tuple[Any, ...], value: Any) -> Any:
    """The member of a union that a value was written from."""
    members = [argument for argument in arguments if argument is not types.NoneType]
    if isinstance(value, Mapping) and KIND in value:
        for member in members:
            if getattr(member, "__name__", "") == value[KIND]:
                return member
    for member in members:
        if member is Decimal and isinstance(value, str):
            return member
    return members[0]


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
