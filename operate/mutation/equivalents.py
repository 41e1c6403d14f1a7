"""Mutants that are argued to change nothing. In: a YAML file, a list of {id, specs, change, because}: the mutant, the projects it is
equivalent in, what it changes (for the reader), and the argument. Out: the arguments of one project by id, and verdicts in which
those mutants are equivalent. An entry without a living mutant, or one whose mutant is killed, does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from generators.fault import Fault, Where
from operate.mutation.verdict import Verdict

FILE = Path("tests/mutation/equivalent.yml")
KEYS = ("id", "specs", "change", "because")


class BadEquivalents(Exception):  # noqa: N818 - what is raised is that the file is bad
    """The file cannot be used; `faults` say why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{faults[0].where.file} has {len(faults)} fault{'s' if len(faults) != 1 else ''}")
        self.faults = faults


def arguments(file: Path, project: str) -> dict[str, str]:
    """The arguments for one project by the mutant's id; none where there is no file. Raises BadEquivalents."""
    if not file.exists():
        return {}
    entries, faults = _entries(file)
    if faults:
        raise BadEquivalents(tuple(faults))
    return {entry["id"]: entry["because"] for entry in entries if project in entry["specs"]}


def _entries(file: Path) -> tuple[list[dict[str, Any]], list[Fault]]:
    shown = file.as_posix()
    fix = "Write a YAML list of {id, specs, change, because}."
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.CSafeLoader)
        value = yaml.load(text, yaml.CSafeLoader) or []
    except UnicodeDecodeError:
        return [], [Fault("equivalents", Where(shown), "the file is no UTF-8 text", fix)]
    except OSError as error:
        return [], [Fault("equivalents", Where(shown), f"the file cannot be read: {error.strerror}", fix)]
    except yaml.YAMLError as error:
        return [], [Fault("equivalents", Where(shown), " ".join(str(error).split()), fix)]
    nodes = getattr(root, "value", [])
    if not isinstance(value, list):
        return [], [Fault("equivalents", Where(shown), "the file is no list", fix)]
    faults: list[Fault] = []
    met: set[tuple[str, str]] = set()
    for entry, node in zip(value, nodes, strict=True):
        where = Where(shown, node.start_mark.line + 1, node.start_mark.column + 1)
        if (said := _wrong(entry)) is not None:
            faults.append(Fault("equivalents", where, *said))
            continue
        for project in entry["specs"]:
            if (entry["id"], project) in met:
                faults.append(Fault("equivalents", where, f"{entry['id']} is argued twice for {project}", "Keep one entry."))
            met.add((entry["id"], project))
    return value, faults


def _wrong(entry: object) -> tuple[str, str] | None:
    """What is wrong with an entry, and how to mend it."""
    if not isinstance(entry, dict) or set(entry) != set(KEYS):
        return f"an entry has exactly the keys {', '.join(KEYS)}", "Say all of them and nothing else."
    specs = entry["specs"]
    if not isinstance(specs, list) or not specs or not all(isinstance(one, str) for one in specs):
        return "`specs` is no list of projects", "Name the projects (`project.name` of the spec) the argument holds for."
    empty = [key for key in ("id", "change", "because") if not isinstance(entry[key], str) or not entry[key].strip()]
    if empty:
        return f"`{empty[0]}` says nothing", "Every equivalent mutant needs an argument of its own."
    return None


def settled(verdicts: Sequence[Verdict], argued: Mapping[str, str]) -> list[Verdict]:
    """The verdicts, in which survivors that are argued away are equivalent."""
    return [
        replace(one, outcome="equivalent", why=argued[one.id]) if one.outcome == "survived" and one.id in argued else one
        for one in verdicts
    ]


def not_holding(verdicts: Sequence[Verdict], argued: Mapping[str, str]) -> tuple[str, ...]:
    """Entries that do not hold, each in a sentence. The verdicts are those of all mutants of the project."""
    outcomes = {verdict.id: verdict for verdict in verdicts}
    said = []
    for mark in argued:
        found = outcomes.get(mark)
        if found is None:
            said.append(f"{mark} is argued to be equivalent, and there is no such mutant")
        elif found.outcome in ("killed", "refused"):
            said.append(f"{mark} is argued to be equivalent, and it is {found.outcome}: {found.why}")
    return tuple(said)
