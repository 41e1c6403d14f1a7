"""Objectives to rules: an SLO is data, not code. In: the Plan's Slos. Out: one rule file: four recordings for each SLO, and the
whole method (ratios, burn rates, alerts, budgets) once for all of them. The tiers and cadences are tables in slo.py."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from generators import conventions as name
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.plan import LatencySli, Plan, RatioSli, Slo
from generators.slo import PAGE_CADENCE, TICKET_CADENCE, TIERS, BurnTier, rate_window, text_of

JOIN = f"group_left ({', '.join(name.IDENTITY)})"


def compile_slos(plan: Plan, annotations: dict[str, dict[str, str]]) -> tuple[RuleFile, ...]:
    """The SLO rule file; none without objectives. `annotations` are those of each tier's alert, by its name."""
    if not plan.slos:
        return ()
    page = [tier for tier in TIERS if tier.burn == "page"]
    ticket = [tier for tier in TIERS if tier.burn == "ticket"]
    fast = sorted({window for tier in page for window in (tier.long, tier.short)})
    slow = sorted({window for tier in ticket for window in (tier.long, tier.short)} - set(fast))
    recordings = [rule for slo in plan.slos for rule in _recordings(slo, plan)]
    groups = (
        RuleGroup(
            "slo-page",
            PAGE_CADENCE,
            (*recordings, *_burn_rates(fast, name.SLI_ERRORS, name.SLI_TOTAL), *(_alert(tier, annotations) for tier in page)),
        ),
        RuleGroup(
            "slo-ticket",
            TICKET_CADENCE,
            (
                *_sums(),
                *_burn_rates(slow, name.SLI_ERRORS_SUM, name.SLI_TOTAL_SUM),
                *(_alert(tier, annotations) for tier in ticket),
                *_budgets(plan.slos),
            ),
        ),
    )
    return (RuleFile("slo", "Service level objectives: four recordings each, one method for all.", groups),)


def _recordings(slo: Slo, plan: Plan) -> Iterable[Rule]:
    """Total first: errors fall back on it, and a group's rules run in order."""
    window = text_of(rate_window(plan.stack.scrape_interval))
    labels = {name.SLO: slo.id}
    own = f'{name.SLI_TOTAL}{{{name.SLO}="{slo.id}"}}'
    if isinstance(slo.sli, RatioSli):
        total = f"sum(rate({slo.sli.total}[{window}]))"
        errors = f"sum(rate({slo.sli.errors}[{window}])) or on () 0 * {own}"
    else:
        total = f"sum(rate({_series(slo.sli, '_count')}[{window}]))"
        within = f"sum(rate({_series(slo.sli, '_bucket', slo.sli.bound)}[{window}]))"
        errors = f"clamp_min({own} - on () {within}, 0)"
    yield RecordingRule(name.SLI_TOTAL, total, labels, slo.where)
    yield RecordingRule(name.SLI_ERRORS, errors, labels, slo.where)
    yield RecordingRule(name.ERROR_BUDGET, f"vector({slo.budget:f})", labels, slo.where)
    identity = {**labels, **slo.service.labels, "objective": f"{slo.objective:f}", "window": text_of(slo.window)}
    yield RecordingRule(name.EVENT_FLOOR, f"vector({slo.floor:f})", identity, slo.where)


def _series(sli: LatencySli, suffix: str, bound: Decimal | None = None) -> str:
    """The histogram's selector under a suffix; `le` as Prometheus 3 writes it after the scrape (2 becomes 2.0)."""
    metric, _, rest = sli.histogram.partition("{")
    matchers = rest.rstrip("}")
    if bound is not None:
        matchers += f', le="{float(bound)}"'
    return f"{metric}{suffix}{{{matchers}}}"


def _sums() -> Iterable[Rule]:
    """What the long windows read: one sample where the page tiers keep several."""
    for record, source in ((name.SLI_TOTAL_SUM, name.SLI_TOTAL), (name.SLI_ERRORS_SUM, name.SLI_ERRORS)):
        yield RecordingRule(record, f"sum_over_time({source}[{text_of(TICKET_CADENCE)}])")


def _burn_rates(windows: Iterable[int], errors: str, total: str) -> Iterable[Rule]:
    """How many times faster than even the budget burns. No traffic gives no value, not NaN."""
    for window in windows:
        span = text_of(window)
        ratio = f"sum_over_time({errors}[{span}]) / (sum_over_time({total}[{span}]) > 0)"
        yield RecordingRule(
            name.burn_rate(span), f"{ratio} / on ({name.SLO}) group_left () max by ({name.SLO}) ({name.ERROR_BUDGET})"
        )


def _alert(tier: BurnTier, annotations: dict[str, dict[str, str]]) -> Rule:
    """Both windows burn faster than the factor, on enough events, with the identity of the SLO joined from its info series."""
    long, short = name.burn_rate(tier.long_text), name.burn_rate(tier.short_text)
    events = f"avg_over_time({name.SLI_TOTAL}[{tier.long_text}]) * {tier.long}"
    if tier.burn == "ticket":
        events = f"avg_over_time({name.SLI_TOTAL_SUM}[{tier.long_text}]) * {tier.long} / {TICKET_CADENCE // PAGE_CADENCE}"
    floor = f"{events} >= on ({name.SLO}) max by ({name.SLO}) ({name.EVENT_FLOOR})"
    both = f"{long} > {tier.factor:f} and {short} > {tier.factor:f}"
    identity = f"clamp(topk by ({name.SLO}) (1, {name.EVENT_FLOOR}), 1, 1)"
    expr = f"({both} and on ({name.SLO}) ({floor})) * on ({name.SLO}) {JOIN} {identity}"
    labels = {name.SEVERITY: tier.severity, name.SIGNAL: "burn", name.BURN: tier.burn}
    return AlertingRule(tier.name, expr, tier.hold, 0, labels, annotations.get(tier.name, {}))


def _budgets(slos: Iterable[Slo]) -> Iterable[Rule]:
    """What is left of each budget, and how much of its window has been seen: a young SLO says so."""
    for window in sorted({slo.window for slo in slos}):
        span = text_of(window)
        mine = f'on ({name.SLO}) {name.EVENT_FLOOR}{{window="{span}"}}'
        ratio = f"sum_over_time({name.SLI_ERRORS_SUM}[{span}]) / (sum_over_time({name.SLI_TOTAL_SUM}[{span}]) > 0)"
        budget = f"on ({name.SLO}) group_left () max by ({name.SLO}) ({name.ERROR_BUDGET})"
        labels = {"window": span}
        yield RecordingRule(name.BUDGET_REMAINING, f"(1 - {ratio} / {budget}) and {mine}", labels)
        seen = f"count_over_time({name.SLI_TOTAL_SUM}[{span}]) * {TICKET_CADENCE} / {window}"
        yield RecordingRule(name.HISTORY, f"clamp_max({seen}, 1) and {mine}", labels)
