"""The lowest room: where something stands in a source text, and what is wrong there. Everyone may use it, it uses nobody.

In: positions. Out: `Where`, `Written` and `Fault`, the one form in which a stage reports what the user must mend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a source text: file as the user named it, line and column from 1, and the path of the value, `$.a.b[0]`."""

    file: str
    line: int = 1
    column: int = 1
    path: str = "$"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __lt__(self, other: Where) -> bool:
        return (self.file, self.line, self.column, self.path) < (other.file, other.line, other.column, other.path)

    def shifted(self, columns: int) -> Where:
        """The place `columns` characters further on the same line (an expression written on one line)."""
        return Where(self.file, self.line, self.column + columns, self.path)


@dataclass(frozen=True, slots=True)
class Written:
    """A text that somebody wrote, and where its first character stands; `inline` when it stands on one line, unescaped."""

    text: str
    where: Where
    inline: bool = False

    def at(self, offset: int) -> Where:
        """The place of the character `offset`, or of the beginning where the text was folded or escaped."""
        return self.where.shifted(offset) if self.inline else self.where


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the user must mend: `id` names the check, `what` is wrong, `fix` says how to mend it."""

    id: str
    where: Where
    what: str
    fix: str
    severity: Severity = "error"

    def __str__(self) -> str:
        line = f"{self.where}: {self.severity}[{self.id}]: {self.what}. {self.fix}"
        return " ".join(line.split())

    def as_dict(self) -> dict[str, str | int]:
        """The fault as one flat record, for `--format json`."""
        return {
            "id": self.id,
            "severity": self.severity,
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
            "path": self.where.path,
            "what": self.what,
            "fix": self.fix,
        }


def in_reading_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults in the order in which a reader meets them, each once."""
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.where, fault.id, fault.what)))


NOWHERE = Where("(built in)")
