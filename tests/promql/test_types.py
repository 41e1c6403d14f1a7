"""Types of expressions: units, labels, bounds and kinds of what PromQL makes of known series; nothing of what is unknown; never
an error."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.promql import labels_of, parse
from generators.promql.labels import NAME, Labels
from generators.promql.syntax import Expr
from generators.promql.types import EVENTS, POSITIVE, RATIO, SECONDS, UNKNOWN, Range, Type, infer, part_of, shown, unit_of
from generators.promql.types.ranges import OPPOSITE, always, kept, never
from generators.promql.walk import walk
from tests.promql.trees import expressions

SCRAPED = frozenset({"job", "instance"})


def _series(kind: Type, *labels: str) -> Type:
    sure = SCRAPED | frozenset(labels)
    return replace(kind, sure=sure, key=sure, labels=Labels(sure | {NAME}))


COUNTER = Type("counter", EVENTS, range=POSITIVE, normal=POSITIVE, cumulative=True)
KNOWN = {
    "requests_total": _series(COUNTER, "status"),
    "errors_total": _series(COUNTER),
    "cpu_seconds_total": _series(replace(COUNTER, unit=SECONDS), "mode"),
    "d_bucket": _series(replace(COUNTER, kind="buckets", bounds=(0.1, 1.0, 5.0), observed=SECONDS), "le"),
    "d_sum": _series(replace(COUNTER, unit=SECONDS)),
    "d_count": _series(COUNTER),
    "native": _series(Type("native histogram", EVENTS, observed=unit_of("milliseconds"))),
    "bytes_used": _series(Type("gauge", unit_of("bytes"), range=POSITIVE)),
    "bytes_limit": _series(Type("gauge", unit_of("bytes"), range=POSITIVE, zero=True)),
    "load": _series(Type("gauge", RATIO, range=Range(0, 1), normal=Range(0, 0.5))),
    "lag_ms": _series(Type("gauge", unit_of("milliseconds"))),
    "info": _series(Type("info", EVENTS, range=Range(1, 1)), "version"),
}


def typed(text: str) -> Type:
    return infer(parse(text, frozenset({"promql-experimental-functions"})), KNOWN.get).result


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("rate(requests_total[5m])", "per second"),
        ("rate(requests_total[5m]) * 60", "per minute"),
        ("3600 * sum(rate(requests_total[5m]))", "per hour"),
        ("rate(requests_total[5m]) * 2", "per second"),
        ("increase(requests_total[5m])", "events"),
        ("rate(cpu_seconds_total[5m])", "ratio"),
        ("rate(cpu_seconds_total[5m]) * 100", "percent"),
        ("rate(d_sum[5m]) / rate(d_count[5m])", "seconds"),
        ("histogram_quantile(0.9, rate(d_bucket[5m]))", "seconds"),
        ("histogram_quantile(0.9, rate(native[5m]))", "milliseconds"),
        ("histogram_fraction(0, 1, rate(native[5m]))", "ratio"),
        ("bytes_used / bytes_limit", "ratio"),
        ("bytes_used / 1024 / 1024", "mebibytes"),
        ("deriv(bytes_used[1h])", "bytes per second"),
        ("predict_linear(bytes_used[1h], 3600)", "bytes"),
        ("bytes_used / rate(requests_total[5m])", "bytes·seconds"),
        ("rate(requests_total[5m]) * 5m", "ratio"),
        ("lag_ms / 1000", "seconds"),
        ("1 - load", "ratio"),
        ("time() - timestamp(load)", "seconds"),
        ("count(load)", "events"),
        ("max_over_time(load[1h])", "ratio"),
        ("avg_over_time(rate(requests_total[5m])[1h:1m])", "per second"),
        ("bytes_used > bytes_limit", "bytes"),
        ("bytes_used or bytes_limit", "bytes"),
        ("bytes_used @ end() offset 5m", "bytes"),
        ("load > bool 0.5", "events"),
    ],
)
def test_a_unit_follows_from_what_is_done(text: str, unit: str) -> None:
    assert str(typed(text).unit) == unit


@pytest.mark.parametrize(
    "text",
    ["bytes_used + lag_ms", "ln(bytes_used)", "bytes_used ^ 2", "unknown / bytes_used", "bytes_used or lag_ms", "stdvar(load)"],
)
def test_a_unit_that_does_not_follow_is_unknown(text: str) -> None:
    assert typed(text).unit is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("load", Range(0, 1)),
        ("1 - load", Range(0, 1)),
        ("load * 100", Range(0, 100)),
        ("-load", Range(-1, 0)),
        ("sum(load)", POSITIVE),
        ("avg(load)", Range(0, 1)),
        ("load > 0.5", Range(0.5, 1)),
        ("load == 0", Range(0, 0)),
        ("sum(load == 0)", Range(0, 0)),
        ("count(load)", Range(1)),
        ("clamp(bytes_used, 2, 5)", Range(2, 5)),
        ("clamp_max(load, 0.25)", Range(0, 0.25)),
        ('sum(rate(requests_total{status="500"}[5m])) / sum(rate(requests_total[5m]))', Range(0, 1)),
        ('100 * sum(rate(requests_total{status="500"}[5m])) / (sum(rate(requests_total[5m])) > 0)', Range(0, 100)),
        ('sum(rate(requests_total{status="500"}[5m])) / (sum(rate(requests_total[5m])) > 0) * 100', Range(0, 100)),
        ("sum(rate(errors_total[5m])) / (sum(rate(errors_total[5m])) + sum(rate(requests_total[5m])))", Range(0, 1)),
        ('sum(rate(d_bucket{le="1"}[5m])) / sum(rate(d_count[5m]))', Range(0, 1)),
        ("histogram_quantile(0.9, rate(d_bucket[5m]))", Range(0, 5)),
        ("hour()", Range(0, 23)),
        ("absent(load)", Range(1, 1)),
        ("lag_ms", Range()),
    ],
)
def test_bounds_follow_from_what_is_done(text: str, values: Range) -> None:
    assert typed(text).range == values


@pytest.mark.parametrize(
    ("text", "labels", "sure"),
    [
        ("sum by (status) (requests_total)", {"status"}, {"status"}),
        ("sum by (zone) (requests_total)", set(), set()),
        ("sum without (status) (requests_total)", {"job", "instance"}, {"job", "instance"}),
        ("sum(requests_total)", set(), set()),
        ("load / on (instance) bytes_used", {"instance"}, {"instance"}),
        ("requests_total / ignoring (status) group_left () load", {"job", "instance", "status"}, {"job", "instance", "status"}),
        ("load * on (instance) group_left (version) info", {"job", "instance", "version"}, {"job", "instance", "version"}),
        ("histogram_quantile(0.9, sum by (le, job) (rate(d_bucket[5m])))", {"job"}, {"job"}),
        ("topk by (job) (1, requests_total)", {"job", "instance", "status", NAME}, {"job", "instance", "status"}),
        ('label_replace(load, "zone", "$1", "instance", "(.)")', {"job", "instance", "zone", NAME}, {"job", "instance"}),
        ('absent(load{job="a"})', {"job"}, {"job"}),
        ("vector(1)", set(), set()),
        ('load{instance=""}', {"job", NAME}, {"job"}),
        ("load unless requests_total", {"job", "instance", NAME}, {"job", "instance"}),
    ],
)
def test_labels_follow_from_what_is_done(text: str, labels: set[str], sure: set[str]) -> None:
    found = typed(text)
    assert found.labels.only == labels
    assert found.sure == sure


def test_a_matcher_says_which_labels_an_unknown_series_has() -> None:
    found = typed('unknown{a="1", b=~"x.+", c!="", d=~".*", e!="2"}')
    assert (found.sure, found.fixed) == ({"a", "b", "c"}, {"a": "1"})


def test_topk_of_one_is_told_apart_by_its_grouping() -> None:
    assert typed("topk by (job) (1, info)").key == {"job"}
    assert typed("topk by (job) (2, info)").key == {"job", "instance", "version"}


@pytest.mark.parametrize(
    ("text", "cumulative"),
    [
        ("requests_total", True),
        ("sum(requests_total)", True),
        ("errors_total / requests_total", True),
        ("2 * requests_total", True),
        ("max_over_time(requests_total[5m])", True),
        ("rate(requests_total[5m])", False),
        ("requests_total - requests_total offset 5m", False),
        ("count(requests_total)", False),
        ("changes(requests_total[5m])", False),
        ("requests_total > bool 5", False),
        ("load", False),
    ],
)
def test_a_total_stays_a_total_until_a_rate_or_difference_is_taken(text: str, cumulative: bool) -> None:
    assert typed(text).cumulative is cumulative


@pytest.mark.parametrize(
    ("text", "infinite"),
    [
        ("bytes_used / bytes_limit", True),
        ("(1 + bytes_used / bytes_limit) * 100", True),
        ("max(bytes_used / bytes_limit)", True),
        ("bytes_used / (bytes_limit > 0)", False),
        ("bytes_used / clamp_min(bytes_limit, 1)", False),
        ("bytes_used / bytes_limit < 5", False),
        ("bytes_used / rate(requests_total[5m])", True),
        ("rate(requests_total[5m]) / rate(requests_total[5m] offset 1h)", True),
        ('sum(rate(requests_total[5m])) / sum(rate(requests_total{status="500"}[5m]))', True),
        ('sum(rate(requests_total{status="500"}[5m])) / sum(rate(requests_total[5m]))', False),
        ("rate(errors_total[5m]) / rate(requests_total[5m])", False),
        ("bytes_used / bytes_used", False),
    ],
)
def test_what_may_be_divided_by_zero_is_known(text: str, infinite: bool) -> None:
    assert bool(typed(text).infinite) is infinite


def test_a_part_is_chosen_more_narrowly_at_the_same_time() -> None:
    whole = parse("sum by (job) (rate(a[5m]))")
    assert part_of(parse('sum by (job) (rate(a{x="1"}[5m]))'), whole)
    for other in (
        'sum(rate(a{x="1"}[5m]))',
        "sum by (job) (rate(b[5m]))",
        "sum by (job) (rate(a[1h]))",
        "sum by (job) (rate(a[5m] offset 1h))",
    ):
        assert not part_of(parse(other), whole), other
    assert not part_of(whole, parse('sum by (job) (rate(a{x="1"}[5m]))'))


@pytest.mark.parametrize(
    ("words", "scale"),
    [
        ("milliseconds", "1/1000"),
        ("per minute", "1/60"),
        ("percent", "1/100"),
        ("megabytes per second", "1000000"),
        ("orders per day", "1/86400"),
    ],
)
def test_words_name_units(words: str, scale: str) -> None:
    unit = unit_of(words)
    assert unit is not None
    assert unit.scale == Fraction(scale)
    again = unit_of(str(unit))
    assert again is not None
    assert again.same_as(unit)


def test_a_type_is_told_in_words() -> None:
    lines = shown(infer(parse("sum by (status) (rate(requests_total[5m])) > 2"), KNOWN.get))
    assert [(line.depth, line.type) for line in lines[:3]] == [
        (0, "gauge, per second, by (status), 2.., normally 0.."),
        (1, "gauge, per second, by (status), 0.."),
        (2, "gauge, per second, by (instance, job, status), 0.."),
    ]


@given(expressions)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_tree_has_types(tree: Expr) -> None:
    for series in (KNOWN.get, lambda name: None, lambda name: KNOWN["requests_total"]):
        types = infer(tree, series)
        for node in walk(tree):
            found = types[node]
            assert found.range.low <= found.range.high
            assert found.shown
            assert all(found.labels.may_have(label) for label in found.sure if series is not KNOWN.get)


@given(expressions)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_labels_that_the_language_rules_out_are_never_in_a_type(tree: Expr) -> None:
    left = labels_of(tree)
    found = infer(tree, lambda name: None).result
    for label in ("job", "le", "by", "z", "x", "instance"):
        assert left.may_have(label) or not found.labels.may_have(label)
        assert found.labels.may_have(label) or not left.may_have(label)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 1), st.sampled_from(sorted(OPPOSITE)))
def test_always_and_never_agree_with_every_value(one: float, other: float, bound: float, share: float, op: str) -> None:
    values = Range(min(one, other), max(one, other))
    value = min(max(values.low + share * (values.high - values.low), values.low), values.high)
    holds = {
        ">": value > bound,
        ">=": value >= bound,
        "<": value < bound,
        "<=": value <= bound,
        "==": value == bound,
        "!=": value != bound,
    }[op]
    assert not (holds and never(op, values, bound))
    assert holds or not always(op, values, bound)
    assert not holds or kept(op, values, Range(bound, bound)).low <= value <= kept(op, values, Range(bound, bound)).high


def test_nothing_is_known_of_what_is_unknown() -> None:
    found = typed("unknown")
    assert (found.kind, found.unit, found.range, found.labels, found.key) == (UNKNOWN.kind, None, Range(), Labels(), None)


@pytest.mark.parametrize(
    ("op", "bound", "holds", "fails"),
    [
        (">", 0, False, False),
        (">=", 0, True, False),
        (">", 1, False, True),
        (">=", 1, False, False),
        ("<", 0, False, True),
        ("<=", 1, True, False),
    ],
)
def test_an_edge_is_a_value_like_any_other(op: str, bound: float, holds: bool, fails: bool) -> None:
    assert (always(op, Range(0, 1), bound), never(op, Range(0, 1), bound)) == (holds, fails)
