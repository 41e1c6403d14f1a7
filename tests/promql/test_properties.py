"""Properties of trees of any shape: what is built is printed, read back the same, sound, and left alone by an idle change."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from generators.promql import ParseFault, labels_of, longest_lookback, parse, parse_query, text_of
from generators.promql.check import check
from generators.promql.syntax import Expr
from generators.promql.walk import replace
from tests.promql.trees import expressions


@given(expressions)
@settings(max_examples=400, deadline=None)
def test_what_is_built_is_read_back_as_the_same_tree(tree: Expr) -> None:
    assert parse(text_of(tree)) == tree


@given(expressions)
@settings(max_examples=100, deadline=None)
def test_what_is_built_is_sound(tree: Expr) -> None:
    assert list(check(tree)) == []


@given(expressions)
@settings(max_examples=100, deadline=None)
def test_a_change_of_nothing_changes_nothing(tree: Expr) -> None:
    assert replace(tree, lambda node: node) == tree


_WORDS = r"""
sum by without on ignoring group_left bool offset anchored step max_of fill inf nan rate topk count_values time() a :b "x" "(" `\`
'\d' ( ) [ ] { } , = =~ != !~ == > < </ + - * / % ^ @ : # 5 0x1f 1e308 1e 5m 1h30m .5 $x ${y} [[z]] and or unless atan2
"""
_soups = st.lists(st.sampled_from(_WORDS.split()), max_size=12).map(" ".join) | st.text(max_size=12)


@given(_soups)
@settings(max_examples=1500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse, lambda query: parse_query(query, {"x": "5m", "y": "a"})):
        try:
            tree = read(text)
        except ParseFault as fault:
            for each in fault.faults:
                assert 0 <= each.span.start <= each.span.end <= len(text)
        else:
            assert text_of(tree)
            labels_of(tree)
            longest_lookback(tree)
