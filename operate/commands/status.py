"""`touchline status`: which release runs, whether its components do, and where."""

from __future__ import annotations

import argparse

from operate import release as releases
from operate.commands import ENVIRONMENTS_FAULT, FINE, Call, at_work
from operate.commands.report import show_places
from operate.site import Site, addresses
from operate.state import Busy


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Show it; exit code 2 when something that should run does not."""
    site = call.site()
    try:
        with at_work(site, "status"):
            return _status(site)
    except Busy as busy:
        call.show.note(str(busy), "warning")
        return _status(site)


def _status(site: Site) -> int:
    release = site.current()
    if release is None:
        site.show.json({"release": None, "state": str(site.state.root)})
        site.show.line(f"nothing is released in {site.state.root}")
        return FINE
    engine, stack = site.engine(release.engine), release.compiled.stack
    running = engine.status(stack)
    site.show.line(f"release {release.hash} of {release.spec}, environment {release.environment}, made {release.made}")
    rows = [(one.component, one.health, one.since, str(one.restarts), one.detail) for one in running]
    site.show.table("Components", ("component", "health", "since", "restarts", "detail"), rows)
    show_places(site, release)
    earlier = [name for name in releases.names(site.state) if name != release.hash]
    site.show.table("Other releases", ("release",), [(name,) for name in reversed(earlier)])
    site.show.json(
        {
            "release": release.hash,
            "environment": release.environment,
            "engine": release.engine,
            "spec": release.spec,
            "made": release.made,
            "components": [{"component": r.component, "health": r.health, "detail": r.detail} for r in running],
            "addresses": [{"component": c, "port": p, "address": a} for c, p, a in addresses(engine, stack)],
            "absent": [{"component": one.component, "because": one.because} for one in engine.absent(stack)],
            "releases": earlier,
            "state": str(site.state.root),
        }
    )
    if site.journal.settled() == "down":
        site.show.done("stopped by `touchline down`; `touchline deploy` starts it again")
        return FINE
    unwell = [one.component for one in running if one.health not in ("running", "done")]
    if unwell:
        site.show.note(f"not running: {', '.join(unwell)}; `touchline deploy` starts what is missing", "failed")
    return ENVIRONMENTS_FAULT if unwell else FINE
