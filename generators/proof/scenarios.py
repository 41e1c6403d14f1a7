"""All scenarios of alerts and messages. In: the Plan. Out: the files that Alertmanager's own code plays in virtual time."""

from __future__ import annotations

from generators.ir.scenarios import ScenarioFile
from generators.plan import Plan
from generators.proof.calendar import Calendar
from generators.proof.groupings import grouping_file
from generators.proof.hours import hours_file
from generators.proof.inhibitions import holding_file, inhibition_file


def prove_notifications(plan: Plan) -> tuple[ScenarioFile, ...]:
    """The files with anything in them."""
    calendar = Calendar.of(plan)
    files = (hours_file(plan), grouping_file(plan, calendar), inhibition_file(plan, calendar), holding_file(plan, calendar))
    return tuple(file for file in files if file.scenarios)
