"""Faults: where they stand, what they say, and that all of one expression are told at once."""

from __future__ import annotations

import pytest

from generators.promql import ParseFault, parse

CASES = [
    # expression, the text the fault points at, words of the message, words of the remedy
    ("rate(up)", "up", "expected type range vector in call to function", "metric[5m]"),
    ("sum(up[5m])", "up[5m]", "expected type instant vector in aggregation expression", "rate()"),
    ("ratte(up[5m])", "ratte", 'unknown function with name "ratte"', 'Did you mean "rate"?'),
    ("up{job=api}", "api", 'unexpected identifier "api" in label matching, expected string', "string"),
    ("up{job='a' b='c'}", "b", 'expected "," or "}"', ""),
    ('up{a="x",job=~"a("}', '"a("', "error parsing regexp: missing closing )", "RE2"),
    ('up{job=~"(?=a)b"}', '"(?=a)b"', "invalid or unsupported Perl syntax", "look-around"),
    ("up and 1", "and", 'set operator "and" not allowed', "vector(1)"),
    ("1 > 2", ">", "comparisons between scalars must use BOOL", "> bool"),
    ("up + bool down", "+", "bool modifier can only be used on comparison operators", "Remove bool"),
    ("a * on(x) group_left(x) b", "*", 'label "x" must not occur in ON and GROUP clause', "group_left"),
    ("rate(up[$__rate_interval])", "$", "unexpected character", "dashboard"),
    ("up offset 5m offset 1m", "up offset 5m", "offset may not be set multiple times", "one offset"),
    ("(up)[5m]", "[5m]", "ranges only allowed for vector selectors", "[5m:]"),
    ("sum by (a b) (up)", "b", 'expected "," or ")"', ""),
    ("up[5m] + 1", "up[5m]", "binary expression must contain only scalar and instant vector types", "rate()"),
    ("{job=~'.*'}", "{job=~'.*'}", "at least one non-empty matcher", "Name a metric"),
    ("clamp(up, 1)", "clamp(up, 1)", 'expected 3 argument(s) in call to "clamp", got 2', "instant vector, scalar, scalar"),
    ("topk(up)", "topk(up)", "expected 2, got 1", "2"),
    ("info(up)", "info", 'function "info" is not enabled', "promql-experimental-functions"),
    ("up 5x", "5x", "bad number or duration", "90s"),
    (r'label_replace(up, "a", "\d", "b", "")', r"\d", "unknown escape sequence", "backslash"),
    ("up[10m / 0]", "/", "division by zero", "Divide"),
    ("föö", "ö", "unexpected character", "quote it"),
]


@pytest.mark.parametrize(("expr", "at", "what", "fix"), CASES, ids=[case[0] for case in CASES])
def test_a_fault_points_at_its_place(expr: str, at: str, what: str, fix: str) -> None:
    with pytest.raises(ParseFault) as caught:
        parse(expr)
    fault = caught.value
    assert expr[slice(*fault.span)] == at
    assert what in fault.what
    assert fix in fault.fix


def test_line_and_column_count_from_one() -> None:
    text = "sum by (job) (\n  rate(up)\n)"
    with pytest.raises(ParseFault) as caught:
        parse(text)
    assert caught.value.line_column(text) == (2, 8)


def test_columns_count_characters_not_bytes() -> None:
    text = 'up{a="标签"} + rate(up)'
    with pytest.raises(ParseFault) as caught:
        parse(text)
    assert text[caught.value.offset :] == "up)"


def test_all_faults_of_meaning_are_told_in_reading_order() -> None:
    with pytest.raises(ParseFault) as caught:
        parse('rate(a) + nosuch(b) * c{d=~"("} + sum(e[5m] offset 1m offset 2m)')
    whats = [fault.what.partition(":")[0] for fault in caught.value.faults]
    assert whats == ['unknown function with name "nosuch"', "error parsing regexp", "offset may not be set multiple times"]
    with pytest.raises(ParseFault) as caught:
        parse("rate(a) + (1 > 2) + sum(b[5m])")
    assert [fault.span.start for fault in caught.value.faults] == [5, 13, 24]


def test_a_fault_of_grammar_keeps_what_was_found_before_it() -> None:
    with pytest.raises(ParseFault) as caught:
        parse('nosuch(a{b=~"["}) + + )')
    assert [fault.span.start for fault in caught.value.faults] == [0, 12, 22]


@pytest.mark.parametrize("text", ["", "   ", "\n", "# words only"])
def test_nothing_is_no_expression(text: str) -> None:
    with pytest.raises(ParseFault, match="no expression found"):
        parse(text)


@pytest.mark.parametrize("text", ["(" * 5000 + "a", "-" * 5000 + "a", "abs(" * 5000 + "a", "a[" + "(" * 5000])
def test_what_is_nested_without_end_is_a_fault_not_a_crash(text: str) -> None:
    with pytest.raises(ParseFault, match="nested too deeply"):
        parse(text)
