"""The last layer of objectives: the whole chain, from raw series to the alert of every tier. In: the strictest SLO. Out: a test in which
its service fails altogether for a while and recovers; and one of the sums between pages and tickets, which is judged as often."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import LatencySli, Plan, Slo
from generators.proof.flows import written
from generators.proof.inputs import Inverse
from generators.proof.slos.recordings import counters, histogram
from generators.proof.slos.table import PAGE_SECONDS, TICKET_SECONDS, WORKBOOK, Tier, series

CHAIN_STEP = PAGE_SECONDS
"""Seconds between evaluations, as often as pages are judged."""

_CALM = 600
"""Seconds before the failure; there is no more history, so that a day's window need not be filled."""


_PACE = 20
"""Events a second, or more where the floor asks for them; all of them bad while the service fails."""

_STEP = 10
"""Seconds between samples of raw series: several in the shortest rate."""


def chain(plan: Plan, slo: Slo) -> UnitTest:
    """Nothing burns before; every tier fires when so much of what was seen has failed; when the shortest window has forgotten it, the
    tier that looks at it is quiet, and the others go on."""
    first = min(WORKBOOK, key=lambda tier: tier.short)
    share = (1 + max(tier.factor for tier in WORKBOOK) * slo.budget) / 2
    lasts = min(ceil(_CALM * share / (1 - share) / CHAIN_STEP) * CHAIN_STEP, first.long + first.short)
    forgets = first.short + (4 * plan.stack.scrape_interval // CHAIN_STEP + 3) * CHAIN_STEP
    failed, recovered = _CALM + lasts, _CALM + lasts + forgets
    firing: dict[int, tuple[Tier, ...]] = {_CALM: (), failed: WORKBOOK}
    firing[recovered] = tuple(tier for tier in WORKBOOK if tier != first)
    cases = tuple(_case(slo, tier, at, tier in some) for at, some in firing.items() for tier in WORKBOOK)
    raw = tuple(_raw(plan, slo, (_CALM // _STEP, lasts // _STEP, forgets // _STEP)))
    return UnitTest(f"{slo.id} fails and recovers", _STEP, raw, exprs=cases, where=slo.where)


def _case(slo: Slo, tier: Tier, at: int, firing: object) -> ExprCase:
    labels = {name.SLO: slo.id, **slo.service.labels, **tier.labels, "alertname": tier.alert, "alertstate": "firing"}
    expected = ((written("ALERTS", labels), "1"),) if firing else ()
    return ExprCase(f'ALERTS{{alertname="{tier.alert}", slo="{slo.id}"}}', at, expected)


def _raw(plan: Plan, slo: Slo, samples: tuple[int, int, int]) -> Iterator[InputSeries]:
    """The service's series while it is well, fails and is well again, for so many samples each."""
    good, bad, every = (1, 0, 1), (0, 1, 0), (1, 1, 1)
    pace = max(_PACE, ceil(2 * slo.floor / min(tier.long for tier in WORKBOOK)))
    inverse = Inverse(plan.contract, {**slo.service.target_labels, "instance": "instance-a"})
    if isinstance(slo.sli, LatencySli):
        count, within, whole = histogram(inverse, slo.sli)
        paces = {count: every, within: good, whole: every}
    else:
        broken, fine = counters(inverse, slo.sli)
        paces = {broken: bad, fine: good if fine.metric == broken.metric else every}
    for one, rises in paces.items():
        legs, reached = [], 0
        for many, rise in zip(samples, rises, strict=True):
            legs.append(f"{reached}+{rise * pace * _STEP}x{many - 1}")
            reached += rise * pace * _STEP * many
        yield InputSeries(one.text, " ".join((*legs, str(reached))))


def sums() -> UnitTest:
    """Two SLOs' recordings, a sample each time that pages are judged, in sums of the last that a ticket's time holds."""
    held = TICKET_SECONDS // PAGE_SECONDS
    half = held // 2
    given, cases = [], []
    at = (2 * held + held - 1) * PAGE_SECONDS
    for record, source, scale in ((name.SLI_TOTAL_SUM, name.SLI_TOTAL, 10), (name.SLI_ERRORS_SUM, name.SLI_ERRORS, 1)):
        expected = []
        for slo, pace in (("one", scale), ("another", 5 * scale)):
            given.append(series(source, {name.SLO: slo}, (2 * held, 7 * pace), (half, 2 * pace), (half, 3 * pace)))
            expected.append((written(record, {name.SLO: slo}), str(half * 2 * pace + half * 3 * pace)))
        cases.append(ExprCase(record, at, tuple(expected)))
    return UnitTest("sums of what a ticket reads", PAGE_SECONDS, tuple(given), exprs=tuple(cases))
