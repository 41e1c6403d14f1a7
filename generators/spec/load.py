"""From files to the spec's model. In: the path of a spec (YAML or Jsonnet), with what it includes. Out: a `Loaded` spec whose
`where` knows the place of every value, or the faults: all of them at once, each with its place and how to mend it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from generators.fault import Fault, Where
from generators.spec.model import Kind, Model, Spec
from generators.spec.source import Place, Source, read

M = TypeVar("M", bound=Model)
V = TypeVar("V")


@dataclass(frozen=True)
class Loaded:
    """A spec that has the right form. `spec` is None when it has not."""

    spec: Spec | None
    source: Source
    faults: tuple[Fault, ...]


def load(path: Path, shown: str = "") -> Loaded:
    """Read a spec and everything it includes. `shown` is the name faults use for the file. Raises OSError when the spec itself
    cannot be read."""
    source = read(path, shown or str(path))
    if isinstance(source.value, dict):
        _include(path, source, shown or str(path))
    elif not source.faults:
        source.faults.append(Fault("form", source.where(()), "a spec is a mapping", "Begin with `project:`."))
    if not isinstance(source.value, dict):
        return Loaded(None, source, tuple(source.faults))
    spec, faults = validate(Spec, source)
    return Loaded(spec if not source.faults else None, source, (*source.faults, *faults))


def load_kind(path: Path, shown: str) -> tuple[Kind | None, Source, tuple[Fault, ...]]:
    """Read one file of the catalogue. Raises OSError."""
    source = read(path, shown)
    if source.faults:
        return None, source, tuple(source.faults)
    kind, faults = validate(Kind, source)
    return kind, source, faults


def _include(path: Path, source: Source, shown: str) -> None:
    """Merge the included files' entries into the sections of the spec; a name that both have is a fault."""
    listed = source.value.get("include", [])
    for index, name in enumerate(listed if isinstance(listed, list) else []):
        where = source.where(("include", index))
        file = path.parent / str(name)
        try:
            part = read(file, str(Path(shown).parent / str(name)))
        except OSError as error:
            source.faults.append(
                Fault("include", where, f"{name} cannot be read: {error.strerror}", "Name a file beside the spec.")
            )
            continue
        source.faults.extend(part.faults)
        if isinstance(part.value, dict):
            _merge(source, part)


def _merge(source: Source, part: Source) -> None:
    for section, value in part.value.items():
        ours = source.value.get(section)
        if ours is None:
            source.value[section] = value
            _adopt(source, part, (section,), (section,))
        elif isinstance(ours, list) and isinstance(value, list):
            for index, item in enumerate(value):
                _adopt(source, part, (section, index), (section, len(ours)))
                ours.append(item)
        elif isinstance(ours, dict) and isinstance(value, dict):
            for name, item in value.items():
                if name in ours:
                    _two_of_a_name(source, part, (section, name))
                else:
                    ours[name] = item
                    _adopt(source, part, (section, name), (section, name))
        else:
            _two_of_a_name(source, part, (section,))


def _two_of_a_name(source: Source, part: Source, place: Place) -> None:
    first = source.where_key(place)
    what = f"'{place[-1]}' is written twice; the first stands at {first}"
    source.faults.append(Fault("duplicate-name", part.where_key(place), what, "Keep one of the two, or rename one of them."))


def _adopt(source: Source, part: Source, old: Place, new: Place) -> None:
    _move(source.keys, part.keys, old, new)
    _move(source.values, part.values, old, new)
    _move(source.shifts, part.shifts, old, new)


def _move(ours: dict[Place, V], theirs: dict[Place, V], old: Place, new: Place) -> None:
    for place, value in theirs.items():
        if place[: len(old)] == old:
            ours[new + place[len(old) :]] = value


def validate(model: type[M], source: Source) -> tuple[M | None, tuple[Fault, ...]]:
    """The model of a source's values, or its faults in words for people."""
    try:
        return model.model_validate(source.value), ()
    except ValidationError as error:
        return None, tuple(_fault(model, source, dict(item)) for item in error.errors())


def _fault(model: type[Model], source: Source, error: dict[str, Any]) -> Fault:
    place = _real_place(source, error["loc"])
    kind, words, name = error["type"], str(error["msg"]), str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        near = difflib.get_close_matches(name, known, 1)
        fix = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(sorted(known))}."
        return Fault("unknown-key", source.where_key(place), f"unknown key '{name}'", fix)
    if kind == "missing":
        above = source.where_key(place[:-1])
        return Fault("missing-key", above, f"'{name}' is missing in {_shown(place[:-1])}", f"Add `{name}:`.")
    what = words.removeprefix("Value error, ").replace("Input should be", f"'{name}' should be")
    return Fault(
        "value", source.where(place), what[:1].lower() + what[1:] if what[:1].isupper() else what, f"Mend {_shown(place)}."
    )


def _shown(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the spec"


def _real_place(source: Source, loc: tuple[str | int, ...]) -> Place:
    """The location pydantic gives, without union members and key marks: as far as the source knows it."""
    place: Place = ()
    for index, part in enumerate(loc):
        known = (*place, part) in source.values
        if known or (index == len(loc) - 1 and part != "[key]"):
            place = (*place, part)
    return place


def _known_keys(model: type[Model], place: Place) -> list[str]:
    """The keys that may stand at a place of the model."""
    current: Any = model
    for part in place:
        current = _inner(current, part)
        if current is None:
            return []
    fields = getattr(current, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _inner(annotation: Any, part: str | int) -> Any:
    fields = getattr(annotation, "model_fields", None)
    if fields is not None:
        field = next((field for name, field in fields.items() if part in (name, field.alias)), None)
        return _model_in(field.annotation) if field else None
    arguments = getattr(annotation, "__args__", ())
    return _model_in(arguments[-1]) if arguments else None


def _model_in(annotation: Any) -> Any:
    """The model, mapping or list that an annotation such as `X | None` holds."""
    if getattr(annotation, "__origin__", None) in (dict, list) or hasattr(annotation, "model_fields"):
        return annotation
    return next((inner for part in getattr(annotation, "__args__", ()) if (inner := _model_in(part)) is not None), None)


def unreadable(shown: str, error: OSError) -> Fault:
    """The fault of a spec that is not there."""
    return Fault("spec", Where(shown), f"the spec cannot be read: {error.strerror}", "Name a spec with --spec FILE.")
