"""The first layer of objectives: recordings from raw series, and what an SLO says of itself. In: an SLO. Out: a test in which its events
come from two instances at a pace that changes, beside series that each one matcher refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.plan import LatencySli, Plan, RatioSli, Slo
from generators.promql import parse
from generators.promql.syntax import MatchOp, VectorSelector
from generators.proof.flows import Key, plain, written
from generators.proof.inputs import Inverse
from generators.proof.meaning.columns import matches
from generators.proof.slos.table import PAGE_SECONDS, series, span
from generators.proof.trees import Underivable
from generators.record import dataclass

RAW_STEP = 5
"""Seconds between the samples of raw series, and between evaluations of them."""

_FASTER = 3
"""How many times faster everything is at the end."""

_NEGATED: dict[MatchOp, MatchOp] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


@dataclass(frozen=True, slots=True)
class _Race:
    """The times of a test, in samples. A rate sees the last `seen` rises: `fresh` of them at the faster pace. That is more than half of
    what it sees, so that half the range, the whole and twice as much of it are three answers; before come `calm` ones."""

    seen: int

    @property
    def fresh(self) -> int:
        return self.seen // 2 + 1

    @property
    def calm(self) -> int:
        return 2 * self.seen + 2

    @property
    def end(self) -> int:
        """The last sample, at which rates are looked at."""
        return 2 * self.calm + self.fresh

    def rises(self, share: int, late: bool = False) -> str:
        """A counter's samples; a late one has none during the first calm part."""
        rise = share * self.seen * RAW_STEP
        begun = self.calm + 1 if late else 0
        slow, reached = self.end - self.fresh - begun, rise * (self.end - self.fresh - begun)
        faster = rise * _FASTER
        return (f"_x{begun} " if late else "") + f"0+{rise}x{slow} {reached + faster}+{faster}x{self.fresh - 1}"

    def pace(self, share: int) -> int:
        """What the rate of such a counter is at the end."""
        return share * (self.seen - self.fresh + self.fresh * _FASTER)


def _race(plan: Plan) -> _Race:
    """The range of a rate is four scrapes, and no less than the time between two recordings."""
    return _Race((max(4 * plan.stack.scrape_interval, PAGE_SECONDS) - 1) // RAW_STEP)


def recorded(plan: Plan, slo: Slo) -> UnitTest:
    """Before the first error there are none, rather than no value; then as many as the raw series say, and what people said."""
    inverse = Inverse(plan.contract, {**slo.service.target_labels, "instance": "instance-a"})
    race = _race(plan)
    if isinstance(slo.sli, RatioSli):
        raw, (total, bad) = _counted(inverse, slo.sli, race)
    else:
        raw, (total, bad) = _timed(inverse, slo.sli, race)
    labels, chosen = {name.SLO: slo.id}, f'slo="{slo.id}"'
    rates = tuple(
        _case(f"round({record}{{{chosen}}}, 0.001)", race.end, written("", labels), race.pace(share))
        for record, share in ((name.SLI_TOTAL, total), (name.SLI_ERRORS, bad))
    )
    none = _case(f"{name.SLI_ERRORS}{{{chosen}}}", race.calm, written(name.SLI_ERRORS, labels), 0)
    before = (none,) if isinstance(slo.sli, RatioSli) else ()
    return UnitTest(f"{slo.id} is recorded", RAW_STEP, raw, exprs=(*before, *rates, *_said(slo, race.end)), where=slo.where)


def strangers(plan: Plan) -> UnitTest:
    """The traffic of another SLO is nobody's own: who has seen no events has no errors to count, not even where buckets are there."""
    race = _race(plan)
    raw = [series(name.SLI_TOTAL, {name.SLO: "another"}, (race.end + 1, 7))]
    for slo in plan.slos:
        if isinstance(slo.sli, LatencySli):
            inverse = Inverse(plan.contract, {**slo.service.target_labels, "instance": "instance-a"})
            raw.append(InputSeries(histogram(inverse, slo.sli)[1].text, race.rises(1)))
    unique = tuple(dict.fromkeys(raw))
    return UnitTest(
        "no SLO counts another's events", RAW_STEP, unique, exprs=(ExprCase(name.SLI_ERRORS, race.end * RAW_STEP, ()),)
    )


def alone(plan: Plan) -> Iterator[UnitTest]:
    """One instance of each service whose latency is an objective: its total has the label `slo` alone. (Of two, what is slow could no
    longer be told where the total had more labels, and promtool would look at nothing.)"""
    race, raw, cases = _race(plan), [], []
    for slo in plan.slos:
        if isinstance(slo.sli, LatencySli):
            inverse = Inverse(plan.contract, {**slo.service.target_labels, "instance": "instance-a"})
            raw.append(InputSeries(histogram(inverse, slo.sli)[0].text, f"0+{RAW_STEP}x{race.end}"))
            expr = f'round({name.SLI_TOTAL}{{slo="{slo.id}"}}, 0.001)'
            cases.append(_case(expr, race.end, written("", {name.SLO: slo.id}), 1))
    if cases:
        yield UnitTest("totals of one instance", RAW_STEP, tuple(dict.fromkeys(raw)), exprs=tuple(cases))


def _counted(inverse: Inverse, sli: RatioSli, race: _Race) -> tuple[tuple[InputSeries, ...], tuple[int, int]]:
    """Series of counters, of which each adds a share of its own; what they add up to in all, and of bad events. Of these the first
    comes late."""
    errors, total = (_selector(text) for text in (sli.errors, sli.total))
    found = dict.fromkeys(one for selector in (errors, total) for one in _beside(inverse, selector))
    shares = {one: 2**place for place, one in enumerate(found)}
    raw = tuple(InputSeries(one.text, race.rises(share, late=_takes(errors, one))) for one, share in shares.items())
    whole, bad = (sum(share for one, share in shares.items() if _takes(selector, one)) for selector in (total, errors))
    return raw, (whole, bad)


def _timed(inverse: Inverse, sli: LatencySli, race: _Race) -> tuple[tuple[InputSeries, ...], tuple[int, int]]:
    """Series of a histogram, of which each has a share of its own and a quarter of it is too slow; the shares in all, and the slow."""
    count, raw = _of(sli, "_count"), []
    whole = bad = 0
    for place, one in enumerate(_beside(inverse, count)):
        share = 4 * 2**place
        bucket = Key(f"{one.metric.removesuffix('_count')}_bucket", one.labels)
        raw += [(one, share), (_within(bucket, sli), share * 3 // 4), (bucket.altered(le="+Inf"), share)]
        if _takes(count, one):
            whole, bad = whole + share, bad + share // 4
    return tuple(InputSeries(one.text, race.rises(share)) for one, share in raw), (whole, bad)


def counters(inverse: Inverse, sli: RatioSli) -> tuple[Key, Key]:
    """One series of bad events, and one that counts towards all of them and is not among the bad."""
    errors, total = (_selector(text) for text in (sli.errors, sli.total))
    fine = (
        one
        for selector in (total, errors)
        for one in _beside(inverse, selector)
        if _takes(total, one) and not _takes(errors, one)
    )
    return inverse.key(errors), next(fine, inverse.key(total))


def histogram(inverse: Inverse, sli: LatencySli) -> tuple[Key, Key, Key]:
    """The series of one histogram: its count, the bucket of what is fast enough, and that of everything."""
    bucket = inverse.key(_of(sli, "_bucket"))
    return inverse.key(_of(sli, "_count")), _within(bucket, sli), bucket.altered(le="+Inf")


def _beside(inverse: Inverse, selector: VectorSelector) -> Iterator[Key]:
    """Two instances that a selector takes, and for each of its matchers one that this matcher refuses."""
    one = inverse.key(selector)
    yield from (one, one.altered(instance="instance-b"))
    for place, matcher in enumerate(selector.matchers):
        refusing = replace(matcher, op=_NEGATED[matcher.op])
        others = (*selector.matchers[:place], refusing, *selector.matchers[place + 1 :])
        elsewhere = replace(inverse, target={label: value for label, value in inverse.target.items() if label != matcher.name})
        try:
            yield elsewhere.key(replace(selector, matchers=others))
        except Underivable:  # nothing is refused: `.*`
            continue


def _takes(selector: VectorSelector, one: Key) -> bool:
    labels = dict(one.labels)
    return one.metric == selector.name and all(matches(matcher, labels.get(matcher.name, "")) for matcher in selector.matchers)


def _of(sli: LatencySli, suffix: str) -> VectorSelector:
    """The series of a histogram under a suffix."""
    selector = _selector(sli.histogram)
    return VectorSelector(f"{selector.name}{suffix}", selector.matchers)


def _within(bucket: Key, sli: LatencySli) -> Key:
    """The bucket of what is fast enough; `le` as Prometheus 3 writes it after the scrape (2 becomes 2.0)."""
    return bucket.altered(le=f"{float(sli.bound)}")


def _selector(text: str) -> VectorSelector:
    tree = parse(text)
    assert isinstance(tree, VectorSelector)
    return tree


def _said(slo: Slo, at: int) -> Iterator[ExprCase]:
    """What an SLO says of itself: its budget and, beside its floor, what it is about."""
    labels = {name.SLO: slo.id}
    identity = {**labels, **slo.service.labels, "objective": f"{slo.objective:f}", "window": span(slo.window)}
    for record, own, value in ((name.ERROR_BUDGET, labels, 1 - slo.objective), (name.EVENT_FLOOR, identity, slo.floor)):
        yield _case(f'{record}{{slo="{slo.id}"}}', at, written(record, own), value)


def _case(expr: str, at: int, sample: str, value: Decimal | int) -> ExprCase:
    return ExprCase(expr, at * RAW_STEP, ((sample, plain(Decimal(value))),))
