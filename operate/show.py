"""What people see. In: tables, lines and the phases of long work. Out: colour and live progress on a terminal, plain lines when
piped, one JSON document on standard output with `--format json` (everything else then goes to standard error)."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table
from rich.text import Text

from generators.fault import Fault, in_reading_order

Format = Literal["text", "json", "github"]
TELL_EVERY = 5.0
"""Seconds between two lines of progress when piped."""
MARKS = {"ok": "[green]ok[/]", "failed": "[red]failed[/]", "warning": "[yellow]warning[/]", "": ""}


Mark = Literal["ok", "failed", "warning", ""]


@dataclass
class Phase:
    """How a phase went: whoever works in it says so where it went otherwise than well."""

    mark: Mark = "ok"


@dataclass
class Show:
    """Where a command says what it does. `out` takes results, `err` takes progress and faults. `github` is text in which faults are lines
    that GitHub shows at their place."""

    format: Format = "text"
    out: Console = field(default_factory=lambda: _console(sys.stdout))
    err: Console = field(default_factory=lambda: _console(sys.stderr))
    _status: Status | None = None
    _told: float = 0.0

    def line(self, text: str) -> None:
        """A plain line of the result; nothing when the result is for machines."""
        if self.format != "json":
            self.out.print(text, markup=False, highlight=False, soft_wrap=True)

    def head(self, text: str, style: str) -> None:
        """The line over a part of the result, in the style that rich calls so; plain when piped."""
        if self.format != "json":
            self.out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def note(self, text: str, mark: Mark = "") -> None:
        """A line on how the work goes."""
        prefix = f"{MARKS[mark]} " if mark else ""
        self.err.print(f"{prefix}{escape(text)}", highlight=False, soft_wrap=True)

    def done(self, text: str) -> None:
        """The last line of a verb that went well: part of the result."""
        if self.format != "json":
            self.out.print(f"{MARKS['ok']} {escape(text)}", highlight=False, soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str] | None = None
    ) -> None:
        """Rows under a title: a table on a terminal, tab-separated lines when piped. `styles` are rich's, by what a cell says."""
        if self.format == "json" or not rows:
            return
        if not self.out.is_terminal:
            self.line(f"{title}:")
            for row in rows:
                self.line("\t".join(row))
            return
        table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, (styles or {}).get(cell, "")) for cell in row))
        self.out.print(table)

    def json(self, value: Any) -> None:
        """The result for machines."""
        if self.format == "json":
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def faults(self, faults: Sequence[Fault]) -> None:
        """Every fault in reading order: lines for people, workflow commands for GitHub. JSON is the caller's."""
        for fault in in_reading_order(faults):
            if self.format == "github":
                sys.stdout.write(_annotation(fault) + "\n")
            else:
                colour = "red" if fault.severity == "error" else "yellow"
                head = f"{escape(str(fault.where))}: [{colour}]{fault.severity}[/]\\[{escape(fault.id)}]"
                self.err.print(f"{head}: {escape(fault.what)}. {escape(fault.fix)}", highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def phase(self, name: str, doing: str) -> Iterator[Phase]:
        """One phase of long work: named while it runs, closed with how it went and how long it took."""
        started = time.monotonic()
        shown = f"{name:8} {doing}"
        phase = Phase()
        if self.err.is_terminal:
            with self.err.status(escape(shown)) as self._status:
                yield phase
            self._status = None
        else:
            self.note(f"{shown} …")
            yield phase
        self.note(f"{shown} ({time.monotonic() - started:.1f} s)", phase.mark)

    def progress(self, text: str) -> None:
        """How far the phase is: on the live line of a terminal, and now and then as a line of its own when piped."""
        if self._status is not None:
            self._status.update(escape(text))
        elif time.monotonic() - self._told > TELL_EVERY:
            self._told = time.monotonic()
            self.note(f"         {text}")


def _console(stream: Any) -> Console:
    # NO_COLOR and TERM are rich's business; a pipe gets unwrapped plain text.
    # No emoji: "compose.yml:100:32" is a place, not a picture of a hundred.
    no_color = bool(os.environ.get("NO_COLOR")) or None
    return Console(file=stream, width=None if stream.isatty() else 10_000, no_color=no_color, emoji=False)


def _annotation(fault: Fault) -> str:
    """A workflow command: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions"""
    where = f"file={_property(fault.where.file)},line={fault.where.line},col={fault.where.column}"
    return f"::{fault.severity} {where},title={_property(fault.id)}::{_data(f'{fault.what}. {fault.fix}')}"


def annotation_for_file(path: str, title: str, text: str) -> str:
    """The same for a whole file."""
    return f"::error file={_property(path)},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
