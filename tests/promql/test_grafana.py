"""Queries of dashboards: variables wherever Grafana allows them, and places in the text as it was written."""

from __future__ import annotations

import pytest

from generators.promql import ParseFault, parse_query, selectors, text_of, variables_in

VALUES = {"job": "api|web", "by": "job, op", "x": "http", "n": "5", "empty": ""}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("rate(a[$__rate_interval])", "rate(a[4m])"),
        ("max_over_time(a[$__range:$__interval])", "max_over_time(a[1h:1m])"),
        ('a{job=~"$job"}', 'a{job=~"api|web"}'),
        ('a{job=~"${job:regex}"}', 'a{job=~"api|web"}'),
        ('a{job=~"[[job]]"}', 'a{job=~"api|web"}'),
        ("sum by ($by) (a)", "sum by (job, op) (a)"),
        ("${x}_requests_total", "http_requests_total"),
        ("topk($n, a)", "topk(5, a)"),
        ("a offset ${n}m", "a offset 5m"),
        ("a > $n$n", "a > 55"),
        ('label_replace(a, "x", "$1", "y", "(.*)-$n")', 'label_replace(a, "x", "$1", "y", "(.*)-5")'),
        ("a$empty", "a"),
        ("a", "a"),
    ],
)
def test_variables_take_their_value(query: str, text: str) -> None:
    assert text_of(parse_query(query, VALUES)) == text


def test_given_values_go_before_built_in_ones() -> None:
    assert text_of(parse_query("a[$__rate_interval]", {"__rate_interval": "2m"})) == "a[2m]"


def test_variables_are_listed_once_and_groups_of_a_pattern_are_none() -> None:
    assert variables_in('a{b="$x",c="${y:csv}"} + [[z]] + $x + label_replace(d, "e", "$1", "f", "")') == ("x", "y", "z")


def test_an_unknown_variable_is_a_fault_at_its_place() -> None:
    query = 'a{b="$job"} + $nosuch + ${nor:csv}'
    with pytest.raises(ParseFault) as caught:
        parse_query(query, VALUES)
    assert [query[slice(*fault.span)] for fault in caught.value.faults] == ["$nosuch", "${nor:csv}"]


def test_faults_stand_where_they_were_written() -> None:
    query = 'sum by ($by) (a{job=~"$job"}) + $n + nosuch(b) + rate(c{d="$x"})'
    with pytest.raises(ParseFault) as caught:
        parse_query(query, VALUES)
    assert query[slice(*caught.value.span)] == "nosuch"
    with pytest.raises(ParseFault) as caught:
        parse_query(query.replace("nosuch", "abs"), VALUES)
    fault = caught.value
    assert query.replace("nosuch", "abs")[slice(*fault.span)] == 'c{d="$x"}'


def test_spans_of_the_tree_are_those_of_the_written_text() -> None:
    query = 'sum by ($by) (rate(${x}_a{job=~"$job"}[$__rate_interval])) / $n > b{c="$x"} offset ${n}m'
    found = [query[slice(*selector.span)] for selector in selectors(parse_query(query, VALUES))]
    assert found == ['${x}_a{job=~"$job"}', 'b{c="$x"} offset ${n}m']
