"""`touchline plan`: say in words what a deploy would change."""

from __future__ import annotations

import argparse

from operate.commands import FINE, LOCAL, Call, at_work, sound
from operate.plan import plan
from operate.site import choose


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Compare what would be built with what is released."""
    site = call.site()
    with at_work(site, "plan"):
        running = site.current()
    engine = choose(site, call.arguments.engine)
    result = sound(call, call.environment(LOCAL), engine, lacking=site.engine(engine).lacking())
    if running is None:
        count = len(result.build.files)
        call.show.json({"running": None, "changes": [], "files": count})
        call.show.line(f"Nothing is released for {call.environment(LOCAL)}; a deploy would start everything ({count} files).")
        return FINE
    found = plan(running, result.build.files, result.compiled)
    said = [{"kind": one.kind, "subject": one.subject, "text": one.text} for one in found]
    call.show.json({"running": running.hash, "changes": said})
    for one in found:
        call.show.line(str(one))
    if running.engine != engine:
        call.show.line(f"engine: {running.engine} -> {engine}")
    call.show.note(
        f"{len(found)} changes against release {running.hash}" if found else f"nothing changes: {running.hash} is this spec"
    )
    return FINE
