"""`touchline deploy`: build, test, release, switch, reload, verify; back to the last release, by itself, when that goes wrong."""

from __future__ import annotations

import argparse

from operate.commands import ENVIRONMENTS_FAULT, FINE, LOCAL, Call, at_work, sound
from operate.commands.report import show_places, show_report
from operate.deploy import Built, Outcome, deploy
from operate.site import Site, choose


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Deploy the spec."""
    site = call.site()

    def build() -> Built:
        engine = choose(site, call.arguments.engine)
        result = sound(call, call.environment(LOCAL), engine, lacking=site.engine(engine).lacking())
        return Built(result.build.files, result.compiled, engine, call.spec)

    with at_work(site, "deploy"):
        outcome = deploy(site, build)
        return conclude(site, outcome)


def conclude(site: Site, outcome: Outcome) -> int:
    """Tell how it ended."""
    if outcome.report is not None:
        show_report(site.show, outcome.report)
    release = site.current()
    if release is not None:
        show_places(site, release)
    site.show.json(
        {
            "running": outcome.running or None,
            "failure": outcome.failure or None,
            "report": outcome.report.as_dict() if outcome.report else None,
        }
    )
    if outcome.failure:
        what = f"release {outcome.running} runs" if outcome.running else "nothing runs"
        site.show.note(f"not done, for the reason above; {what}", "failed")
        return ENVIRONMENTS_FAULT
    site.show.done(f"release {outcome.running} runs, and what runs is what was compiled")
    return FINE
