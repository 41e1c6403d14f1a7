"""All scenarios of alerts and messages. In: the Plan. Out: the files that Alertmanager's own code plays in virtual time."""

from __future__ import annotations

from generators.ir.scenarios import ScenarioFile
from generators.plan import Plan
from generators.proof.groupings import grouping_file
from generators.proof.hours import hours_file
from generators.proof.inhibitions import inhibition_file


def prove_notifications(plan: Plan) -> tuple[ScenarioFile, ...]:
    """The files with anything in them."""
    return tuple(file for file in (hours_file(plan), grouping_file(plan), inhibition_file(plan)) if file.scenarios)
