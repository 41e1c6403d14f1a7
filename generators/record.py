"""Frozen dataclasses with slots that cost little to define. In: a class with annotated fields. Out: the standard library's dataclass
in all that is seen of it (fields, `replace`, `asdict`, equality, hash, patterns, pickling), so it bears the same name and flags.

The standard decorator generates and compiles six functions a class; the compiler has more than a hundred such classes, and defining
them took a fifth of a cold compilation. Here `__init__` alone is made for each, and the rest is shared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: Literal[True], slots: Literal[True]) -> Callable[[type], Any]:
        """The decorator. Its flags are those of the standard one and must both be true: mutable classes keep the standard one."""
        if not (frozen and slots):
            raise TypeError("only frozen dataclasses with slots are made here")
        return _made


_Record = TypeVar("_Record")


def replace(one: _Record, **changes: Any) -> _Record:
    """`dataclasses.replace` of what is made here, all of whose fields are arguments: at a third of the cost."""
    names: tuple[str, ...] = one.__match_args__  # type: ignore[attr-defined]
    return type(one)(**{name: getattr(one, name) for name in names} | changes)


def _made(plain: type) -> Any:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(plain)
    fields = dataclasses.fields(made)
    made.__init__ = _init(made, fields)
    compared = [field.name for field in fields if field.compare]
    made.__eq__, made.__hash__ = _comparison(attrgetter(*compared))
    made.__repr__, made.__reduce__, made.__setattr__, made.__delattr__ = _repr, _reduce, _refuse, _refuse
    return made


def _init(made: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """`__init__` sets each slot by the slot's own setter, which costs less than the `object.__setattr__` of the standard library."""
    known: dict[str, Any] = {}
    defaults: list[Any] = []
    for number, field in enumerate(fields):
        put = getattr(made, field.name).__set__
        if field.default_factory is not MISSING:
            put = _filling(put, field.default_factory)
            defaults.append(MISSING)
        elif field.default is not MISSING:
            defaults.append(field.default)
        elif defaults:
            raise TypeError(f"non-default argument {field.name!r} follows default argument")
        known[f"put_{number}"] = put
    code = _template(len(fields)).replace(co_varnames=("self", *(field.name for field in fields)))
    init = FunctionType(code, known, "__init__", tuple(defaults))
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _filling(put: Callable[[Any, Any], None], make: Callable[[], Any]) -> Callable[[Any, Any], None]:
    """The setter of a slot for which something is made where nothing was given."""

    def fill(self: Any, value: Any) -> None:
        put(self, make() if value is MISSING else value)

    return fill


@cache
def _template(count: int) -> CodeType:
    """The code of an `__init__` of so many fields. To compile it anew for each class would be most of the work; only the names of the
    arguments differ."""
    values = [f"value_{number}" for number in range(count)]
    lines = [f" put_{number}(self, {value})" for number, value in enumerate(values)]
    known: dict[str, Any] = {}
    exec(f"def __init__({', '.join(['self', *values])}):\n" + ("\n".join(lines) or " pass"), known)
    code: CodeType = known["__init__"].__code__
    return code


def _comparison(key: Callable[[Any], Any]) -> tuple[Callable[[Any, object], Any], Callable[[Any], int]]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(key(self))

    return __eq__, __hash__


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    return type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self))


def _refuse(self: object, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r} of a frozen {type(self).__name__}")
