"""One spec from several files. In: a spec's source, and where it lies. Out: the same source with every included file's entries in
its sections, in the order in which they are named; faults for files that cannot be read, that include themselves, or that hold a
name a second time."""

from __future__ import annotations

from pathlib import Path

from generators.fault import Fault, Where
from generators.spec.read import read
from generators.spec.source import Place, Source


def include(source: Source, path: Path, shown: str) -> None:
    """Merge what the spec includes into it. A file that is included includes its own, by names beside itself."""
    _include(source, source, path, shown, (path.resolve(),))


def _include(into: Source, part: Source, path: Path, shown: str, above: tuple[Path, ...]) -> None:
    listed = part.value.get("include", [])
    for index, name in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(name, str):
            continue
        where, file = part.where(("include", index)), path.parent / name
        here = file.resolve()
        if here in above:
            circle = " -> ".join(one.name for one in (*above[above.index(here) :], here))
            into.faults.append(Fault("include", where, f"the files include each other: {circle}", "Take this one out."))
            continue
        inner = _read(into, file, str(Path(shown).parent / name), where)
        if inner is not None:
            _merge(into, inner)
            _include(into, inner, file, str(Path(shown).parent / name), (*above, here))


def _read(into: Source, file: Path, shown: str, where: Where) -> Source | None:
    """The file, or None where a fault was reported."""
    try:
        part = read(file, shown)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        into.faults.append(Fault("include", where, f"'{shown}' cannot be read: {why}", "Name a file beside this one."))
        return None
    into.faults.extend(part.faults)
    if not isinstance(part.value, dict):
        if not part.faults:
            fix = "Begin with a section such as `metrics:`."
            into.faults.append(Fault("form", part.where(()), "a part of a spec is a mapping", fix))
        return None
    return part


def _merge(source: Source, part: Source) -> None:
    for section, value in part.value.items():
        ours = source.value.get(section)
        if section == "include":
            if not isinstance(value, list):
                source.faults.append(Fault("value", part.where((section,)), "'include' should be a list", "Write [FILE, …]."))
        elif ours is None:
            source.value[section] = value
            source.adopt(part, (section,), (section,))
        elif isinstance(ours, list) and isinstance(value, list):
            source.value[section] = [*ours, *value]
            for index in range(len(value)):
                source.adopt(part, (section, index), (section, len(ours) + index))
        elif isinstance(ours, dict) and isinstance(value, dict):
            source.value[section] = dict(ours)
            for name, item in value.items():
                _add(source, part, (section, name), item)
        else:
            _twice(source, part, (section,))


def _add(source: Source, part: Source, place: Place, item: object) -> None:
    section, name = place
    if name in source.value[section]:
        _twice(source, part, place)
    else:
        source.value[section][name] = item
        source.adopt(part, place, place)


def _twice(source: Source, part: Source, place: Place) -> None:
    first = source.where_key(place)
    what = f"'{place[-1]}' is written twice; the first stands at {first}"
    source.faults.append(Fault("duplicate-name", part.where_key(place), what, "Keep one of the two, or rename one of them."))
