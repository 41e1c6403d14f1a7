"""Values against the model, in words for people. In: a source. Out: the model of its values, or a fault for every place that has
the wrong form: one a place, however many types could have stood there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from generators.fault import Fault
from generators.spec.model import Model
from generators.spec.source import Place, Source

M = TypeVar("M", bound=Model)
_SHOWN = 40


def validate(model: type[M], source: Source) -> tuple[M | None, tuple[Fault, ...]]:
    """The model of a source's values, or its faults."""
    value, errors = attempt(model, source.value)
    return value, tuple(fault_of(model, source, error) for error in errors)


def attempt(model: type[M], value: object) -> tuple[M | None, list[dict[str, Any]]]:
    """The model of a value, or what pydantic says against it: one error a place, `place` being its path in the value."""
    try:
        return model.model_validate(value), []
    except ValidationError as raised:
        errors: dict[tuple[Place, bool], dict[str, Any]] = {}
        for error in raised.errors(include_url=False):
            place = _real_place(value, error["loc"], error["type"])
            errors.setdefault((place, error["type"] == "missing"), {**error, "place": place})
        return None, list(errors.values())


def _real_place(value: Any, loc: tuple[str | int, ...], kind: str) -> Place:
    """The location pydantic gives, without the members of unions and the marks of keys that it adds."""
    place: Place = ()
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        known = isinstance(value, dict) and part in value
        if known or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            value = value[part]
        elif not (last and kind == "missing"):
            continue
        place = (*place, part)
    return place


def fault_of(model: type[Model], source: Source, error: Mapping[str, Any]) -> Fault:
    """What is wrong at one place, and how to mend it."""
    place: Place = error["place"]
    name = str(place[-1]) if place else "the spec"
    if error["type"] == "extra_forbidden":
        near = nearest(model, place, ())
        fix = f"Did you mean '{near}'?" if near else f"Known here: {', '.join(sorted(known_keys(model, place[:-1])))}."
        return Fault("unknown-key", source.where_key(place), f"unknown key '{_short(name)}'", fix)
    if error["type"] == "missing":
        return Fault(
            "missing-key", source.where_key(place[:-1]), f"'{name}' is missing in {_path(place[:-1])}", f"Add `{name}:`."
        )
    what, fix = _words(name, error)
    where = source.where_key(place) if "[key]" in error["loc"] else source.where(place)
    return Fault("value", where, what, fix)


def _words(name: str, error: Mapping[str, Any]) -> tuple[str, str]:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":
        what, _, fix = str(context["error"]).partition("; ")
        return what, f"{fix[:1].upper()}{fix[1:]}." if fix else f"Mend '{name}'."
    if kind == "literal_error":
        choices = [one.strip("'") for one in re.split(r", | or ", context["expected"])]
        near = difflib.get_close_matches(str(given), choices, 1, 0.6)
        fix = f"Did you mean '{near[0]}'?" if near else f"It is one of: {', '.join(choices)}."
        return f"'{name}' cannot be {said(given)}", fix
    wanted = {
        "string_type": ("a text", "Write it in quotes."),
        "list_type": ("a list", "Write it like [a, b]."),
        "dict_type": ("a mapping", "Write it like {name: value}."),
        "model_type": ("a mapping", "Write it like {name: value}."),
        "bool_type": ("true or false", "Write true or false, without quotes."),
        "int_type": ("a whole number", "Write digits, without quotes."),
        "int_from_float": ("a whole number", "Write digits, without quotes."),
        "string_pattern_mismatch": ("of another form", f"Write it to match {context.get('pattern')}."),
        "greater_than_equal": (f"at least {context.get('ge')}", "Use a number in that range."),
        "less_than_equal": (f"at most {context.get('le')}", "Use a number in that range."),
        "too_short": (f"a list of at least {context.get('min_length')}", "Name at least one."),
    }.get(kind, ("of another form", f"{error['msg']}."))
    return f"'{name}' should be {wanted[0]}, not {said(given)}", wanted[1]


def said(value: object) -> str:
    """A value in words, cut where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return f"the number {_short(str(value))}"
    if isinstance(value, str):
        return f"'{_short(value)}'"
    return ("a mapping" if value else "an empty mapping") if isinstance(value, dict) else ("a list" if value else "an empty list")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _path(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the spec"


def nearest(model: type[Model], place: Place, present: tuple[str, ...]) -> str:
    """The known key that a mistaken one was meant to be, unless it is present already; "" where none is near."""
    known = [key for key in known_keys(model, place[:-1]) if key not in present]
    return next(iter(difflib.get_close_matches(str(place[-1]), known, 1)), "")


def known_keys(model: type[Model], place: Place) -> list[str]:
    """The keys that may stand at a place of the model."""
    fields = getattr(annotation_at(model, place), "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def is_required(model: type[Model], place: Place) -> bool:
    """Whether the key at a place must be there; what is no key of a model counts as required."""
    fields = getattr(annotation_at(model, place[:-1]), "model_fields", {})
    field = next((one for name, one in fields.items() if place[-1] in (name, one.alias)), None)
    return field is None or field.is_required()


def annotation_at(model: type[Model], place: Place) -> Any:
    """The model, mapping or list that stands at a place; None below scalars."""
    current: Any = model
    for part in place:
        fields = getattr(current, "model_fields", None)
        if fields is not None:
            field = next((field for name, field in fields.items() if part in (name, field.alias)), None)
            current = _container(field.annotation) if field else None
        else:
            arguments = getattr(current, "__args__", ())
            current = _container(arguments[-1]) if arguments else None
    return current


def _container(annotation: Any) -> Any:
    """The model, mapping or list that an annotation such as `X | None` holds."""
    if getattr(annotation, "__origin__", None) in (dict, list) or hasattr(annotation, "model_fields"):
        return annotation
    return next((inner for part in getattr(annotation, "__args__", ()) if (inner := _container(part)) is not None), None)
