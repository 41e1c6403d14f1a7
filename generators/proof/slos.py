"""Unit tests of objectives, layer by layer. In: the Plan's Slos. Out: for each SLO a test of its recordings from raw series and of
its identity; for each class of SLO (objective) a test of every burn-rate tier at, above and below its pace, with little traffic
and with none. The tiers' numbers stand here a second time on purpose, from the SRE workbook
(https://sre.google/workbook/alerting-on-slos/): a slip in the compiler's table must not move the expectation as well."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, TestFile, UnitTest
from generators.plan import LatencySli, Plan, RatioSli, Slo
from generators.promql import parse
from generators.promql.syntax import VectorSelector
from generators.proof.inputs import Inverse, written
from generators.record import dataclass

FILE = "../rules/slo.yml"
STEP = 5
_TOTAL, _BAD, _BUSY = Decimal(20), Decimal(4), Decimal(100)


ORDER = ("slo-page", "slo-ticket")
"""The tickets' group reads what the pages' group records; a coarse step would show it the last step's, which is too old."""

PAGE_SECONDS, TICKET_SECONDS = 30, 240
"""How often pages and tickets are judged: a ticket reads one sum where a page reads several samples."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of the workbook's table; times in seconds. `step` is how coarse its test may be: both windows are a number of
    steps, the long one an even number."""

    alert: str
    factor: Decimal
    long: int
    short: int
    severity: str
    burn: str
    step: int


WORKBOOK = (
    Tier("ErrorBudgetBurnFast", Decimal("14.4"), 3600, 300, "critical", "page", 60),
    Tier("ErrorBudgetBurnSteady", Decimal(6), 21600, 1800, "critical", "page", 600),
    Tier("ErrorBudgetBurnSlow", Decimal(3), 86400, 7200, "warning", "ticket", 3600),
    Tier("ErrorBudgetBurnCreeping", Decimal(1), 259200, 21600, "warning", "ticket", 3600),
)

Phase = tuple[int, Decimal, Decimal]
"""So many samples of so many events a second, of which this ratio is bad."""


def slo_tests(plan: Plan) -> tuple[TestFile, ...]:
    """The test files of the SLO rules; none without objectives."""
    if not plan.slos:
        return ()
    identity = tuple(test for slo in plan.slos for test in (_recorded(plan, slo), *_faultless(plan, slo)))
    files = [TestFile("slo-recordings", (FILE,), STEP, identity)]
    for step in sorted({tier.step for tier in WORKBOOK}):
        rows = [tier for tier in WORKBOOK if tier.step == step]
        paces = [test for slo in _classes(plan) for tier in rows for test in _paces(slo, tier)]
        strictest = max(plan.slos, key=lambda slo: slo.objective)
        tests = (*paces, *(test for tier in rows for test in (*_windows(strictest, tier), *_traffic(plan.slos[0], tier))))
        if step == max(tier.step for tier in WORKBOOK):
            tests = (*tests, *(_remaining(slo) for slo in {(slo.objective, slo.window): slo for slo in plan.slos}.values()))
        files.append(TestFile(f"slo-tiers-{step}s", (FILE,), step, tests, ORDER))
    return tuple(files)


def _classes(plan: Plan) -> Iterator[Slo]:
    """One SLO for each objective."""
    yield from {slo.objective: slo for slo in plan.slos}.values()


def _recorded(plan: Plan, slo: Slo) -> UnitTest:
    """From raw series: twenty events a second, four of them bad; and what the SLO says of itself."""
    target = {**slo.service.target_labels, "instance": "instance-a"}
    inverse = Inverse(plan.contract, target)
    samples = 24
    labels = {name.SLO: slo.id}
    identity = {**labels, **slo.service.labels, "objective": f"{slo.objective:f}", "window": _span(slo.window)}
    chosen = f'{{slo="{slo.id}"}}'
    expected = (
        (name.SLI_TOTAL, labels, _TOTAL),
        (name.SLI_ERRORS, labels, _BAD),
        (name.ERROR_BUDGET, labels, 1 - slo.objective),
        (name.EVENT_FLOOR, identity, slo.floor),
    )
    cases = tuple(
        ExprCase(f"{record}{chosen}", (samples - 1) * STEP, ((written(record, own), f"{value:f}"),))
        for record, own, value in expected
    )
    return UnitTest(f"{slo.id} is recorded", STEP, _raw(inverse, slo, samples), exprs=cases, where=slo.where)


def _faultless(plan: Plan, slo: Slo) -> Iterator[UnitTest]:
    """A service that has never failed has no series of errors yet: its errors are none, not unknown."""
    if not isinstance(slo.sli, RatioSli):
        return
    target = {**slo.service.target_labels, "instance": "instance-a"}
    all_of = InputSeries(Inverse(plan.contract, target).series(_selector(slo.sli.total)), f"0+{_TOTAL * STEP:f}x24")
    case = ExprCase(f'{name.SLI_ERRORS}{{slo="{slo.id}"}}', 23 * STEP, ((written(name.SLI_ERRORS, {name.SLO: slo.id}), "0"),))
    yield UnitTest(f"{slo.id} has no errors before the first", STEP, (all_of,), exprs=(case,), where=slo.where)


def _raw(inverse: Inverse, slo: Slo, samples: int) -> tuple[InputSeries, ...]:
    def rising(series: str, rate: Decimal) -> InputSeries:
        return InputSeries(series, f"0+{rate * STEP:f}x{samples}")

    if isinstance(slo.sli, RatioSli):
        bad, all_of = (inverse.series(_selector(text)) for text in (slo.sli.errors, slo.sli.total))
        return (rising(bad, _BAD), rising(all_of, _TOTAL - _BAD if _shared(slo.sli) else _TOTAL))
    return tuple(rising(series, rate) for series, rate in _latency(inverse, slo.sli))


def _latency(inverse: Inverse, sli: LatencySli) -> Iterator[tuple[str, Decimal]]:
    selector = _selector(sli.histogram)
    count = VectorSelector(f"{selector.name}_count", selector.matchers)
    yield inverse.series(count), _TOTAL
    bucket = inverse.series(VectorSelector(f"{selector.name}_bucket", selector.matchers))
    yield bucket[:-1] + f',le="{float(sli.bound)}"' + "}", _TOTAL - _BAD
    yield bucket[:-1] + ',le="+Inf"}', _TOTAL


def _shared(sli: RatioSli) -> bool:
    """Whether the bad events are counted in the total by the same metric."""
    return _selector(sli.errors).name == _selector(sli.total).name


def _selector(text: str) -> VectorSelector:
    tree = parse(text)
    assert isinstance(tree, VectorSelector)
    return tree


def _paces(slo: Slo, tier: Tier) -> Iterator[UnitTest]:
    """The tier's alert just above and just below its pace."""
    samples, pace = tier.long // tier.step + 2, tier.factor * slo.budget
    yield _tier(slo, tier, "above its pace fires", ((samples, _BUSY, pace * Decimal("1.02")),), fires=True)
    yield _tier(slo, tier, "below its pace stays quiet", ((samples, _BUSY, pace * Decimal("0.98")),), fires=False)


def _windows(slo: Slo, tier: Tier) -> Iterator[UnitTest]:
    """Both windows, by how long they remember: the long one decides whether half of it is enough, the short one whether what is
    over still counts. Ratios above one are no matter here, where recordings are given."""
    long, short = tier.long // tier.step, tier.short // tier.step
    pace, none = tier.factor * slo.budget, Decimal(0)
    faster, slower = pace * Decimal("2.2"), pace * Decimal("1.8")
    calm = (long + 2, _BUSY, none)
    over = short * 2 // 5 or 1
    yield _tier(slo, tier, "half its long window fires", (calm, (long // 2, _BUSY, faster)), fires=True)
    yield _tier(slo, tier, "half its long window, slower, stays quiet", (calm, (long // 2, _BUSY, slower)), fires=False)
    yield _tier(slo, tier, "just over still fires", ((long, _BUSY, faster), (over, _BUSY, none)), fires=True)
    yield _tier(slo, tier, "over for its short window stays quiet", ((long, _BUSY, faster), (short, _BUSY, none)), fires=False)


def _traffic(slo: Slo, tier: Tier) -> Iterator[UnitTest]:
    """The guards, which are the same for every class: a little more and half of the events that the floor asks for, all of them
    bad; and none."""
    samples = tier.long // tier.step + 2
    sums = TICKET_SECONDS // PAGE_SECONDS if tier.burn == "ticket" else 1  # at this step a sum holds one sample, not several
    enough = slo.floor / tier.long * sums * Decimal("1.1")
    yield _tier(slo, tier, "just enough traffic fires", ((samples, enough, Decimal(1)),), fires=True)
    yield _tier(slo, tier, "little traffic stays quiet", ((samples, enough / 2, Decimal(1)),), fires=False)
    yield _tier(slo, tier, "no traffic stays quiet", ((samples, Decimal(0), Decimal(0)),), fires=False)
    yield _silence(slo, tier, samples)


def _silence(slo: Slo, tier: Tier, samples: int) -> UnitTest:
    """Without traffic there is no burn rate, rather than NaN."""
    rate = f'{name.burn_rate(_span(tier.long))}{{slo="example"}}'
    given = _given(slo, ((samples, Decimal(0), Decimal(0)),))
    case = ExprCase(rate, (samples - 1) * tier.step, ())
    return UnitTest(f"{tier.alert}: no traffic, no burn rate", tier.step, given, exprs=(case,), where=slo.where)


def _remaining(slo: Slo) -> UnitTest:
    """A quarter of the budget is used up: three quarters are left."""
    samples, step = 10, max(tier.step for tier in WORKBOOK)
    labels = {name.SLO: "example", "window": _span(slo.window)}
    expected = ((written(name.BUDGET_REMAINING, labels), "0.75"),)
    case = ExprCase(f'{name.BUDGET_REMAINING}{{slo="example"}}', (samples - 1) * step, expected)
    given = _given(slo, ((samples, _BUSY, slo.budget / 4),))
    return UnitTest(f"budget left at {slo.objective:%} over {_span(slo.window)}", step, given, exprs=(case,), where=slo.where)


def _tier(slo: Slo, tier: Tier, what: str, phases: tuple[Phase, ...], *, fires: bool) -> UnitTest:
    """An SLO of this class that no raw series feeds, so that its recordings can be given directly."""
    at = (sum(count for count, _, _ in phases) - 1) * tier.step
    labels = {name.SLO: "example", "service": "example", "tier": "critical", "owner": "example"}
    labels |= {name.SEVERITY: tier.severity, name.SIGNAL: "burn", name.BURN: tier.burn}
    fired = written("ALERTS", labels | {"alertname": tier.alert, "alertstate": "firing"})
    firing = f'ALERTS{{alertname="{tier.alert}", alertstate="firing", slo="example"}}'
    case = ExprCase(firing, at, ((fired, "1"),) if fires else ())
    title = f"{tier.alert} at {slo.objective:%}: {what}"
    return UnitTest(title, tier.step, _given(slo, phases), exprs=(case,), where=slo.where)


def _given(slo: Slo, phases: tuple[Phase, ...]) -> tuple[InputSeries, ...]:
    samples = sum(count for count, _, _ in phases)
    example = {"slo": "example"}
    who = {"service": "example", "tier": "critical", "owner": "example"}
    info = {**example, **who, "objective": f"{slo.objective:f}", "window": _span(slo.window)}
    total = " ".join(_still(count, events) for count, events, _ in phases)
    errors = " ".join(_still(count, events * ratio) for count, events, ratio in phases)
    given = (
        (name.SLI_TOTAL, example, total),
        (name.SLI_ERRORS, example, errors),
        (name.ERROR_BUDGET, example, _still(samples, slo.budget)),
        (name.EVENT_FLOOR, info, _still(samples, slo.floor)),
    )
    return tuple(InputSeries(written(record, labels), values) for record, labels, values in given)


def _still(count: int, value: Decimal) -> str:
    """The same value so many times: promtool's `x` counts those that follow the first."""
    return f"{value:f}x{count - 1}" if count > 1 else f"{value:f}"


def _span(seconds: int) -> str:
    return f"{seconds // 86400}d" if seconds % 86400 == 0 else f"{seconds // 3600}h"
