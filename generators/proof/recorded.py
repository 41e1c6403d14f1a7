"""Unit tests of derived metrics. In: the Plan's Derived. Out: a test of each, in which its sources are busy, change, stand still and
are hardly busy; with a second series wherever series are taken together, another service beside it, and decoys that no matcher lets
through. What it must be is worked out from the expression as people wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import lcm

from generators.ir.tests import ExprCase, TestFile, UnitTest
from generators.plan import Derived, Plan
from generators.promql import Expr, longest_lookback, parse
from generators.promql.syntax import Aggregation, Duration, VectorSelector
from generators.promql.walk import children, ranges
from generators.proof.crowd import failing
from generators.proof.flows import Flow, Inputs, Key, Phase, Play, play, written
from generators.proof.inputs import Inverse
from generators.proof.meaning.columns import Unforeseen
from generators.proof.meaning.evaluate import vector
from generators.proof.trees import Underivable

PACES = (Decimal(1), Decimal(3), Decimal(0), Decimal("0.0009765625"))
"""How busy the sources are in one phase after the other; the last is a power of two."""

_TARGET = {"service": "service-a", "tier": "standard", "owner": "owner-a", "instance": "instance-a"}


def recorded_tests(plan: Plan) -> Iterator[TestFile]:
    """One file for all; none without derived metrics. What cannot be foreseen is named in it."""
    tests, left_out = [], []
    for one in plan.derived:
        try:
            tests.append(_test(plan, one))
        except (Underivable, Unforeseen) as why:
            left_out.append(f"{one.name}: {why}")
    for step in sorted({test.interval for test in tests}):
        some = tuple(test for test in tests if test.interval == step)
        yield TestFile(f"derived-{step}s", ("../rules/derived.yml",), step, some, left_out=tuple(left_out))


def _test(plan: Plan, derived: Derived) -> UnitTest:
    tree = parse(derived.expr)
    if any(one.name == selector.name for one in plan.derived for selector, _ in _sources(tree, None)):
        raise Underivable("it is made of another derived metric")
    return follows(plan, derived, {}, 1)


def follows(plan: Plan, derived: Derived, labels: Mapping[str, str], judged: int) -> UnitTest:
    """The test of what is recorded under a name, with these labels, looked at at multiples of `judged` seconds alone. Raises Underivable,
    Unforeseen."""
    tree = parse(derived.expr)
    widths = [int(node.range.seconds) for node in ranges(tree) if isinstance(node.range, Duration)]
    step = max(1, min([60, *(width // 4 for width in widths)]))
    samples = int(longest_lookback(tree).seconds) // step + 4
    inverse = Inverse(plan.contract, _TARGET)
    played = play([Phase(samples, _busy(inverse, tree, pace)) for pace in PACES], step)
    wanted = {samples * number + part for number in range(len(PACES)) for part in (2, samples // 2, samples - 1)}
    looked_at = sorted({at - at % (lcm(step, judged) // step) for at in wanted})
    cases = tuple(_case(derived, tree, played, at, labels) for at in looked_at)
    return UnitTest(f"{derived.name} follows its sources", step, played.series, exprs=cases, where=derived.where)


def _case(derived: Derived, tree: Expr, played: Play, at: int, added: Mapping[str, str]) -> ExprCase:
    found = [(dict(labels), column[at]) for labels, column in vector(tree, played.store).items()]
    samples = tuple(
        (written(derived.name, {label: text for label, text in labels.items() if label != "__name__"} | dict(added)), repr(value))
        for labels, value in found
        if value is not None
    )
    return ExprCase(written(derived.name, added) if added else derived.name, at * played.store.step, samples)


def _busy(inverse: Inverse, tree: Expr, pace: Decimal) -> Inputs:
    """Every source at a value of its own, times the pace."""
    inputs: Inputs = {}
    for selector, around in _sources(tree, None):
        kind = inverse.present(selector)
        flow = next(iter(kind.values()))
        for number, one in enumerate(dict.fromkeys(_series(inverse, selector, around))):
            inputs.setdefault(one, Flow((7 + len(inputs) * 2 + number * number) * pace, flow.kind))
    return inputs


def _sources(tree: Expr, around: Aggregation | None) -> Iterator[tuple[VectorSelector, Aggregation | None]]:
    """Every selector with the aggregation that takes its series together."""
    if isinstance(tree, VectorSelector):
        yield tree, around
    for part in children(tree):
        yield from _sources(part, tree if isinstance(tree, Aggregation) else around)


def _series(inverse: Inverse, selector: VectorSelector, around: Aggregation | None) -> Iterator[Key]:
    yield inverse.key(selector)
    for labels in inverse.variants(around) if around else ():
        yield inverse.forcing(labels).key(selector)
    yield inverse.forcing({"service": "service-b"}).key(selector)
    for matcher in selector.matchers:
        yield from (inverse.forcing({matcher.name: value}).key(selector) for value in failing(selector, matcher))
