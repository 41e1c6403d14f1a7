"""A spec of which some entries have the wrong form. In: its source. Out: the spec without them, their faults, and their places, so
that what only follows from their absence is not reported as well. Where nothing safe can be left out, there is no spec."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from generators.fault import Fault
from generators.spec.model import Spec
from generators.spec.source import Place, Source
from generators.spec.validate import attempt, fault_of, is_required, nearest

_ENTRIES = (
    ("metrics", None),
    ("alerts", None),
    ("tune", None),
    ("dashboards", None),
    ("services", None, "slos", None),
    ("notify", "channels", None),
    ("notify", "hours", None),
    ("notify", "maintenance", None),
)
"""Places (None: any name) of entries that can be left out whole, since all that names them can be told to look away."""

_NEEDED = ("targets", "versions", "include", "operations")
"""Keys with a default that cannot be left out for their form: much would be missing then."""

_ROUNDS = 4


def recover(source: Source) -> tuple[Spec | None, tuple[Fault, ...], frozenset[Place]]:
    """The spec, the faults of its form, the places of the entries left out for them."""
    spec, errors = attempt(Spec, source.value)
    faults: dict[Fault, None] = {}
    broken: set[Place] = set()
    mendable = True
    for _ in range(_ROUNDS):
        if not errors:
            break
        source.value = copy.deepcopy(source.value)
        meant = _meant(source, errors)
        for error in errors:
            if not (error["type"] == "missing" and error["place"] in meant.values()):
                faults[fault_of(Spec, source, error)] = None
        for error in errors:
            mendable = _mend(source, error, meant, broken) and mendable
        spec, errors = attempt(Spec, source.value)
    return (spec if mendable and not errors else None), tuple(faults), frozenset(broken)


def _meant(source: Source, errors: list[dict[str, Any]]) -> Mapping[Place, Place]:
    """Where each mistaken key was meant to stand."""
    found: dict[Place, Place] = {}
    for error in errors:
        place: Place = error["place"]
        if error["type"] == "extra_forbidden":
            taken = tuple(str(key) for key in _at(source.value, place[:-1])) + tuple(str(one[-1]) for one in found.values())
            near = nearest(Spec, place, taken)
            if near:
                found[place] = (*place[:-1], near)
    return found


def _mend(source: Source, error: Mapping[str, Any], meant: Mapping[Place, Place], broken: set[Place]) -> bool:
    """Take the error out of the values; False where that cannot be done without more being missing."""
    place: Place = error["place"]
    if error["type"] == "missing" and place in meant.values():
        return True
    if error["type"] == "extra_forbidden":
        value = _at(source.value, place[:-1]).pop(place[-1], None)
        if place in meant:
            _at(source.value, place[:-1])[meant[place][-1]] = value
            source.adopt(source, place, meant[place])
        return True
    entry = _entry(place)
    if entry:
        broken.add(entry)
        _at(source.value, entry[:-1]).pop(entry[-1], None)
        return True
    if error["type"] == "missing" or not place or not isinstance(place[-1], str):
        return False
    if place[-1] in _NEEDED or is_required(Spec, place):
        return False
    _at(source.value, place[:-1]).pop(place[-1], None)
    return True


def _entry(place: Place) -> Place:
    """The entry that a place lies in, () where it lies in none."""
    for pattern in _ENTRIES:
        head = place[: len(pattern)]
        if len(head) == len(pattern) and all(want in (None, part) for want, part in zip(pattern, head, strict=True)):
            return head
    return ()


def _at(value: Any, place: Place) -> Any:
    """What stands at a place; an empty mapping where that was taken out already."""
    for part in place:
        known = part in value if isinstance(value, dict) else isinstance(part, int) and part < len(value)
        value = value[part] if known else {}
    return value
