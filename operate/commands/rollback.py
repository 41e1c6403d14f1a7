"""`touchline rollback [RELEASE]`: go back to the release that ran before, or to a named one."""

from __future__ import annotations

import argparse

from operate import release as releases
from operate.commands import Call, UserFault, at_work
from operate.commands.deploy import conclude
from operate.deploy import Run, activate, demand_ports, runnable, unsettled
from operate.release import Release, ReleaseError
from operate.site import Site


def add(parser: argparse.ArgumentParser) -> None:
    """Which release."""
    parser.add_argument("release", nargs="?", default="", help="a release's hash, or how it begins; by default the one before")


def run(call: Call) -> int:
    """Activate an earlier release as a deploy would."""
    site = call.site()
    with at_work(site, "rollback"):
        release = _wanted(site, call.arguments.release)
        if release.damage():
            raise UserFault(f"release {release.hash} is not as it was built: {', '.join(release.damage())}")
        demand_ports(site, runnable(site, release.engine, release.compiled.stack))
        outcome = activate(Run(site, "rollback"), release, unsure=unsettled(site))
        return conclude(site, outcome)


def _wanted(site: Site, asked: str) -> Release:
    current = site.state.release()
    try:
        if asked.endswith((".yaml", ".yml", ".jsonnet")):
            raise UserFault(f"{asked} is a spec, and what stands here is a release: `touchline rollback --spec {asked}`")
        if asked:
            return releases.read(site.state, asked)
        earlier = [name for name in site.journal.proven() if name != current and name in releases.names(site.state)]
        if not earlier:
            raise UserFault("there is no earlier release that was verified")
        return releases.read(site.state, earlier[-1])
    except ReleaseError as error:
        raise UserFault(str(error)) from error
