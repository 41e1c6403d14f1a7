"""Unit tests of objectives, layer by layer. In: the Plan's Slos. Out: for each SLO a test of its recordings from raw series and of
its identity; for each class of SLO (objective) a test of every burn-rate tier at, above and below its pace, with little traffic
and with none. The tiers' numbers stand here a second time on purpose, from the SRE workbook
(https://sre.google/workbook/alerting-on-slos/): a slip in the compiler's table must not move the expectation as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, TestFile, UnitTest
from generators.plan import LatencySli, Plan, RatioSli, Slo
from generators.promql import parse
from generators.promql.syntax import VectorSelector
from generators.proof.inputs import Inverse, written

FILE = "../rules/slo.yml"
STEP = 5
_TOTAL, _BAD = Decimal(20), Decimal(4)


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of the workbook's table; times in seconds. `step` is how coarse its test may be."""

    alert: str
    factor: Decimal
    long: int
    severity: str
    burn: str
    step: int


WORKBOOK = (
    Tier("ErrorBudgetBurnFast", Decimal("14.4"), 3600, "critical", "page", 60),
    Tier("ErrorBudgetBurnSteady", Decimal(6), 21600, "critical", "page", 240),
    Tier("ErrorBudgetBurnSlow", Decimal(3), 86400, "warning", "ticket", 720),
    Tier("ErrorBudgetBurnCreeping", Decimal(1), 259200, "warning", "ticket", 720),
)


def slo_tests(plan: Plan) -> tuple[TestFile, ...]:
    """The test files of the SLO rules; none without objectives."""
    if not plan.slos:
        return ()
    identity = tuple(_recorded(plan, slo) for slo in plan.slos)
    files = [TestFile("slo-recordings", (FILE,), STEP, identity)]
    for step in sorted({tier.step for tier in WORKBOOK}):
        rows = [tier for tier in WORKBOOK if tier.step == step]
        paces = [test for slo in _classes(plan) for tier in rows for test in _paces(slo, tier)]
        tests = (*paces, *(test for tier in rows for test in _traffic(plan.slos[0], tier)))
        files.append(TestFile(f"slo-tiers-{step}s", (FILE,), step, tests))
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
    pace, busy = tier.factor * slo.budget, Decimal(100)
    yield _tier(slo, tier, "above its pace fires", busy, pace * Decimal("1.02"), fires=True)
    yield _tier(slo, tier, "below its pace stays quiet", busy, pace * Decimal("0.98"), fires=False)


def _traffic(slo: Slo, tier: Tier) -> Iterator[UnitTest]:
    """The guards, which are the same for every class: half the events that the floor asks for, all of them bad; and none."""
    yield _tier(slo, tier, "little traffic stays quiet", slo.floor / tier.long / 2, Decimal(1), fires=False)
    yield _tier(slo, tier, "no traffic stays quiet", Decimal(0), Decimal(0), fires=False)


def _tier(slo: Slo, tier: Tier, what: str, total: Decimal, ratio: Decimal, *, fires: bool) -> UnitTest:
    """An SLO of this class that no raw series feeds, so that its recordings can be given directly."""
    at = tier.long + 2 * tier.step
    labels = {name.SLO: "example", "service": "example", "tier": "critical", "owner": "example"}
    labels |= {name.SEVERITY: tier.severity, name.SIGNAL: "burn", name.BURN: tier.burn}
    fired = written("ALERTS", labels | {"alertname": tier.alert, "alertstate": "firing"})
    firing = f'ALERTS{{alertname="{tier.alert}", alertstate="firing", slo="example"}}'
    case = ExprCase(firing, at, ((fired, "1"),) if fires else ())
    title = f"{tier.alert} at {slo.objective:%}: {what}"
    return UnitTest(title, tier.step, _given(slo, tier, at, total, ratio), exprs=(case,), where=slo.where)


def _given(slo: Slo, tier: Tier, at: int, total: Decimal, ratio: Decimal) -> tuple[InputSeries, ...]:
    samples = at // tier.step + 1
    example = {"slo": "example"}
    info = {
        **example,
        "service": "example",
        "tier": "critical",
        "owner": "example",
        "objective": f"{slo.objective:f}",
        "window": "30d",
    }
    given = (
        (name.SLI_TOTAL, example, total),
        (name.SLI_ERRORS, example, total * ratio),
        (name.ERROR_BUDGET, example, slo.budget),
        (name.EVENT_FLOOR, info, slo.floor),
    )
    return tuple(InputSeries(written(record, labels), f"{value:f}x{samples}") for record, labels, value in given)


def _span(seconds: int) -> str:
    return f"{seconds // 86400}d" if seconds % 86400 == 0 else f"{seconds // 3600}h"
