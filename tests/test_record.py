"""Our frozen dataclasses beside the standard library's: the same in all that the compiler sees of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from generators.record import dataclass, replace


@dataclass(frozen=True, slots=True)
class Ours:
    name: str
    size: int = 2
    parts: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    more: dict[str, int] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    name: str
    size: int = 2
    parts: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    more: dict[str, int] = dataclasses.field(default_factory=dict, repr=False)


@pytest.mark.parametrize("made", [Ours, Theirs])
def test_it_behaves_as_a_frozen_dataclass(made: Any) -> None:
    one = made("a", more={"x": 1})
    assert one == made("a", 2, ("other",), {"x": 1})
    assert one != made("a", 3, (), {"x": 1})
    assert one != ("a", 2, (), {"x": 1})
    assert repr(one) == f"{made.__name__}(name='a', size=2, parts=())"
    assert dataclasses.replace(one, size=9).size == 9
    assert replace(one, size=9, more={"y": 2}) == made("a", 9, more={"y": 2})
    assert one.size == 2
    assert dataclasses.asdict(one) == {"name": "a", "size": 2, "parts": (), "more": {"x": 1}}
    assert made("a").more is not made("a").more
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    match one:
        case made(name, size):
            assert (name, size) == ("a", 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    with pytest.raises(TypeError):
        made()
    with pytest.raises(AttributeError):
        object.__setattr__(one, "unknown", 1)
    assert hash(made("a", more=())) == hash(made("a", more=()))


def test_arguments_without_a_default_come_first() -> None:
    class Wrong:
        name: str = "a"
        size: int

    for standard in (dataclass, dataclasses.dataclass):
        with pytest.raises(TypeError, match="non-default argument 'size' follows default argument"):
            standard(frozen=True, slots=True)(Wrong)


def test_classes_of_one_shape_keep_their_own_names() -> None:
    @dataclass(frozen=True, slots=True)
    class Another:
        title: str
        many: int = 3
        others: tuple[str, ...] = ()
        extra: dict[str, int] = dataclasses.field(default_factory=dict)

    assert Another(title="a", extra={}).many == 3
    with pytest.raises(TypeError, match=r"Another.__init__\(\) missing 1 required positional argument: 'title'"):
        Another()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
        Another(name="a")  # type: ignore[call-arg]
    assert Ours("a").size == 2


def test_other_flags_are_refused() -> None:
    with pytest.raises(TypeError, match="frozen dataclasses with slots"):
        dataclass(frozen=False, slots=True)  # type: ignore[arg-type]
