"""`touchline simulate FAULT...`: what a fault would set off, without one: alerts, inhibition, groups, and who gets how many messages
in the first ten minutes. A fault is a service that is down (postgres), or an alert (HighErrorRatio, HighErrorRatio:football-api)."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from datetime import datetime
from pathlib import Path

from generators.build import plan_of
from generators.plan import Plan
from generators.proof.calendar import Calendar
from generators.proof.hours import written
from operate import generated, simulate, tools
from operate.commands import FINE, Call, UserFault, foremost, sound
from operate.simulate import Outcome

CLOCK, ROUTES = "alertmanager-clock", frozenset({"routes"})
EARLIEST, LATEST = 2001, 2200
"""Years. The harness's clock begins in 2000 (https://pkg.go.dev/testing/synctest#hdr-Time) and counts nanoseconds for 292 years."""


def add(parser: argparse.ArgumentParser) -> None:
    """The faults, and when they happen."""
    parser.add_argument("faults", nargs="+", metavar="FAULT", help="a service that is down, an alert, or ALERT:SERVICE")
    parser.add_argument(
        "--at", default="", metavar="TIME", help="when, like 2026-03-01T02:00:00Z (usually: when most hours are open)"
    )


def run(call: Call) -> int:
    """Exit code 1 for a fault that names nothing, 2 without the harness."""
    with call.show.phase("simulate", str(call.spec)):
        outcome, starts = _simulated(call)
    _show(call, outcome, starts)
    return FINE


def _simulated(call: Call) -> tuple[Outcome, str]:
    """What becomes of the faults, and when they happen."""
    environment = call.environment(foremost(call.spec))
    built = sound(call, environment, "compose", ROUTES).build
    plan, _ = plan_of(call.spec, environment, "compose")
    if plan is None:
        raise UserFault(f"{call.spec} cannot be resolved")
    try:
        found = simulate.reactions(plan, call.arguments.faults)
    except simulate.UnknownFault as fault:
        raise UserFault(str(fault)) from fault
    if not found:
        raise UserFault(f"{', '.join(call.arguments.faults)}: nothing fires within {simulate.MINUTES} minutes")
    starts = _starts(call, plan)
    harness = tools.ensure([CLOCK], lambda text: call.show.note(f"         {text}"))[CLOCK]
    with tempfile.TemporaryDirectory(prefix="touchline-") as folder:
        generated.put(Path(folder), built.files)
        return simulate.simulate(plan, found, Path(folder) / "alertmanager/alertmanager.yml", harness, starts), starts


def _starts(call: Call, plan: Plan) -> str:
    at = str(call.arguments.at)
    if not at:
        return written(Calendar.of(plan).quietest(simulate.SECONDS))
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None or not EARLIEST <= moment.year <= LATEST:
        what = f"that is no time from {EARLIEST} to {LATEST}"
        raise UserFault(f"--at {at}: {what}; write it with its zone, like 2026-03-01T02:00:00Z")
    return written(moment)


def _show(call: Call, outcome: Outcome, starts: str) -> None:
    fired, grouped = list(simulate.fired(outcome)), list(simulate.grouped(outcome))
    counted = simulate.counted(outcome)
    show = call.show
    show.line(
        f"The first {simulate.MINUTES} minutes from {starts} on; what is at fault itself fires as late as it may, the rest early."
    )
    show.table(
        "Alerts",
        ("fires after", "alert", "service", "severity", "held back by", "told"),
        [
            (f"{one.after} s", one.alert, one.service, one.severity, one.held_by or "-", ", ".join(one.told) or "-")
            for one in fired
        ],
    )
    show.table(
        "Messages",
        ("after", "receiver", "group", "alerts"),
        [(f"{one.after:g} s", one.receiver, one.group, ", ".join(one.alerts)) for one in grouped],
    )
    show.table("Messages in all", ("receiver", "messages"), [(receiver, str(count)) for receiver, count in counted.items()])
    held = sum(1 for one in fired if one.held_by)
    show.json(
        {
            "starts": starts,
            "minutes": simulate.MINUTES,
            "alerts": [dataclasses.asdict(one) for one in fired],
            "messages": [dataclasses.asdict(one) for one in grouped],
            "counts": counted,
        }
    )
    total = sum(counted.values())
    show.done(f"{len(fired)} alerts fire, {held} are held back, {total} messages reach {len(counted)} receivers")
