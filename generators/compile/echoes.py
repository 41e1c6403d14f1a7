"""Alerts that nobody is told of: they remember that a service was down, for what is judged over long windows and would be told when
the outage is over (as InfoInhibitor of kube-prometheus does for other ends). In: the Plan. Out: their rules; how long each remembers."""

from __future__ import annotations

from generators import conventions as name
from generators.ir.rules import AlertingRule, RuleFile, RuleGroup
from generators.plan import Alert, Plan

ECHOES = {
    "RecentOutage1m": 60,
    "RecentOutage5m": 300,
    "RecentOutage30m": 1800,
    "RecentOutage130m": 7800,
    "RecentOutage370m": 22200,
}
"""Seconds for which each remembers an outage after that is no longer told: a scrape and an evaluation of an alert that keeps firing
as long; a window of ten minutes; the short windows of the burn-rate tiers, with what their recordings remember."""

LONGEST = max(ECHOES.values())


def states(plan: Plan) -> tuple[Alert, ...]:
    """What an echo remembers: critical outages that one scrape shows. They fire before whatever follows from them."""
    return tuple(one for one in plan.alerts if one.signal == "outage" and one.severity == "critical" and not one.window)


def echo(beyond: int) -> str:
    """The shortest echo that remembers for so many seconds."""
    return next(one for one, keep in ECHOES.items() if keep >= beyond)


def compile_echoes(plan: Plan) -> tuple[RuleFile, ...]:
    """One rule for each; none where no alert says that a service is down."""
    gone = states(plan)
    if not gone:
        return ()
    names = "|".join(one.name for one in gone)
    expr = f'max by ({", ".join(name.IDENTITY)}) (ALERTS{{alertname=~"{names}", alertstate="firing"}})'
    labels = {name.SEVERITY: "none", name.SIGNAL: name.ECHO}
    rules = tuple(AlertingRule(one, expr, 0, keep, labels, {}, gone[0].where) for one, keep in ECHOES.items())
    group = RuleGroup("echoes", plan.stack.evaluation_interval, rules)
    return (RuleFile("echoes", "Outages of the near past: they hold others back, and nobody is told of them.", (group,)),)
