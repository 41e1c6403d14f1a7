"""`touchline audit DIR`: read any repository's monitoring (Prometheus, Alertmanager, Grafana, compose files, Python metrics) and say
what can never work, the worst first. Exit codes: 0 nothing found, 1 findings, 2 the environment's fault."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generators.audit import Audit, audit
from generators.fault import Fault
from operate.commands import FINE, USERS_FAULT, Call, UserFault
from operate.mixins import with_mixins
from operate.walk import walk

PAGES = "docs/checks"
"""Where each finding's id has its page."""
MOST_SKIPPED = 10
"""Files passed over that are named one by one."""


def add(parser: argparse.ArgumentParser) -> None:
    """The directory, and which findings not to tell."""
    parser.add_argument("directory", metavar="DIR", help="the repository to read; nothing in it is changed or run")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help="a finding not to tell (may be given again)")


def run(call: Call) -> int:
    """Exit code 1 on any finding."""
    root = Path(call.arguments.directory)
    if not root.is_dir():
        raise UserFault(f"{root} is no directory")
    show = call.show
    with show.phase("read", f"{root}"):
        tree = with_mixins(root, walk(root, show.progress), show.progress)
    with show.phase("judge", f"{len(tree.texts)} files"):
        found = audit(tree, show.progress)
    ignored = frozenset(call.arguments.ignore)
    faults = tuple(fault for fault in found.faults if fault.id not in ignored)
    for id in sorted(ignored - {fault.id for fault in found.faults}):
        show.note(f"--ignore {id}: there is no such finding here", "warning")
    show.json(_document(root, found, faults))
    if show.format == "github":
        show.faults(faults)
    else:
        for severity, title in (("error", "Errors"), ("warning", "Warnings")):
            _table(call, title, [fault for fault in faults if fault.severity == severity])
    _said(call, found, faults)
    return USERS_FAULT if faults else FINE


def _table(call: Call, title: str, faults: Sequence[Fault]) -> None:
    rows = [(str(fault.where), fault.id, f"{fault.what}. {fault.fix}") for fault in faults]
    call.show.table(f"{title} ({len(faults)})", ("where", "finding", "what, and how to mend it"), rows)


def _said(call: Call, found: Audit, faults: Sequence[Fault]) -> None:
    read = ", ".join(f"{count} {kind}" for kind, count in found.counts.items() if count) or "no monitoring"
    if found.skipped:
        rows = [(path, why) for path, why in sorted(found.skipped.items())]
        rest = [(f"… and {len(rows) - MOST_SKIPPED} more", "--format json names them all")] if len(rows) > MOST_SKIPPED else []
        call.show.table(f"Not judged ({len(rows)})", ("file", "why"), [*rows[:MOST_SKIPPED], *rest])
    if not faults:
        call.show.done(f"nothing found in {read}")
        return
    errors = sum(fault.severity == "error" for fault in faults)
    call.show.note(
        f"{errors} errors and {len(faults) - errors} warnings in {read}; each finding has a page in {PAGES}/", "failed"
    )


def _document(root: Path, found: Audit, faults: Sequence[Fault]) -> dict[str, object]:
    return {
        "good": not faults,
        "directory": str(root),
        "read": dict(found.counts),
        "findings": [fault.as_dict() for fault in faults],
        "skipped": [{"file": path, "why": why} for path, why in sorted(found.skipped.items())],
    }
