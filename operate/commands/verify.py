"""`touchline verify`: does what runs equal the release?"""

from __future__ import annotations

import argparse

from operate.commands import ENVIRONMENTS_FAULT, FINE, Call, UserFault, at_work, demand_running
from operate.commands.report import show_report
from operate.verify import verify


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Ask every engine; exit code 2 when one has something else."""
    site = call.site()
    with at_work(site, "verify"):
        release = site.current()
        if release is None:
            raise UserFault("nothing is released here; `touchline deploy` does that")
        demand_running(site, release)
        with call.show.phase("verify", f"ask every engine whether it runs {release.hash}") as phase:
            report = verify(site, release)
            phase.mark = "ok" if report.good else "failed"
    show_report(call.show, report)
    call.show.json(report.as_dict())
    if report.good:
        call.show.done(f"what runs is release {release.hash}")
        return FINE
    call.show.note(f"what runs is not release {release.hash}; `touchline deploy` brings it back", "failed")
    return ENVIRONMENTS_FAULT
