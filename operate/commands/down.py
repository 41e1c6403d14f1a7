"""`touchline down`: stop everything. History, silences, secrets and releases stay."""

from __future__ import annotations

import argparse

from operate.commands import FINE, Call
from operate.deploy import Run
from operate.release import sweep


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Stop the engine that carries the current release; what an earlier command left unfinished ends with it."""
    site = call.site()
    with site.state.locked("down"):
        sweep(site.state)
        release = site.current()
        if release is None:
            call.show.done(f"nothing is released in {site.state.root}")
            return FINE
        with call.show.phase("down", f"stop {release.hash} on the {release.engine} engine"):
            site.engine(release.engine).down(release.compiled.stack, site.say)
        Run(site, "down").enter("down", release.hash)
    call.show.done(f"{release.compiled.project} ({release.compiled.environment}) is stopped; history, silences and secrets stay")
    return FINE
