"""How Prometheus sends alerts (rules/alerting.go and rules/manager.go of Prometheus 3.16). In: the Plan. Out: seconds."""

from __future__ import annotations

from generators.plan import Plan

RESEND_DELAY = 60
"""--rules.alert.resend-delay, as shipped."""


def ticks(plan: Plan, seconds: int) -> int:
    """Conditions are looked at once an evaluation: what is to last so long lasts up to the next."""
    step = plan.stack.evaluation_interval
    return -(-seconds // step) * step


def resend(plan: Plan) -> int:
    """A firing alert is sent again at the first evaluation after more than the delay (needsSending)."""
    step = plan.stack.evaluation_interval
    return (RESEND_DELAY // step + 1) * step


def valid(plan: Plan) -> int:
    """What was sent holds for four of the longer of both (sendAlerts)."""
    return 4 * max(RESEND_DELAY, plan.stack.evaluation_interval)
