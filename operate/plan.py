"""What a deploy would change, in words. In: what runs and what would run, as compiled, and their files. Out: changes, the most
telling first: rules, then who is told, what is drawn, what runs. Files that differ where no sentence says why are named."""

from __future__ import annotations

from collections.abc import Mapping

from generators.ir.compiled import Compiled
from operate.release import Release, digest
from operate.words import Change, alerting, dashboards, rules, stack


def changes(old: Compiled, new: Compiled) -> tuple[Change, ...]:
    """All differences in meaning."""
    return (
        *rules.changes(old.rule_files, new.rule_files, new.contract),
        *alerting.changes(old.alerting, new.alerting),
        *dashboards.changes(old.grafana, new.grafana, new.contract),
        *stack.changes(old, new),
    )


def plan(running: Release, files: Mapping[str, str], compiled: Compiled) -> tuple[Change, ...]:
    """Differences in meaning; and where there is none, the files that differ all the same."""
    found = changes(running.compiled, compiled)
    if found:
        return found
    hashes = {name: digest(text.encode()) for name, text in files.items()}
    return tuple(
        Change("changed" if name in running.files and name in hashes else "new" if name in hashes else "gone", name, "its text")
        for name in sorted({*hashes, *running.files})
        if hashes.get(name) != running.files.get(name)
    )
