"""Frozen dataclasses with slots that cost little to define. In: a class with annotated fields. Out: the standard library's dataclass
in all that is seen of it (fields, `replace`, `asdict`, equality, hash, patterns, pickling), so it bears the same name and flags.

The standard decorator generates and compiles six functions a class; the compiler has more than a hundred such classes, and defining
them took a fifth of a cold compilation. Here `__init__` alone is generated, and the rest is shared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: Literal[True], slots: Literal[True]) -> Callable[[type], Any]:
        """The decorator. Its flags are those of the standard one and must both be true: mutable classes keep the standard one."""
        if not (frozen and slots):
            raise TypeError("only frozen dataclasses with slots are made here")
        return _made


def _made(plain: type) -> Any:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(plain)
    fields = dataclasses.fields(made)
    made.__init__ = _init(made.__qualname__, fields)
    compared = [field.name for field in fields if field.compare]
    made.__eq__, made.__hash__ = _comparison(attrgetter(*compared))
    made.__repr__, made.__reduce__, made.__setattr__, made.__delattr__ = _repr, _reduce, _refuse, _refuse
    return made


def _init(name: str, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """`__init__` as the standard library writes it for a frozen class: `object.__setattr__` once a field."""
    known: dict[str, Any] = {"MISSING": MISSING, "put": object.__setattr__}
    arguments, body = ["self"], []
    for number, field in enumerate(fields):
        value = field.name
        if field.default is not MISSING:
            known[f"default_{number}"] = field.default
            arguments.append(f"{field.name}=default_{number}")
        elif field.default_factory is not MISSING:
            known[f"factory_{number}"] = field.default_factory
            arguments.append(f"{field.name}=MISSING")
            value = f"factory_{number}() if {field.name} is MISSING else {field.name}"
        else:
            arguments.append(field.name)
        body.append(f" put(self, {field.name!r}, {value})")
    exec(f"def __init__({', '.join(arguments)}):\n" + ("\n".join(body) or " pass"), known)
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{name}.__init__"
    return init


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
