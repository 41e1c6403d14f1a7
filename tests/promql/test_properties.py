"""Properties of trees of any shape: what is built is printed, read back the same, sound, and left alone by an idle change."""

from __future__ import annotations

from hypothesis import given, settings

from generators.promql import parse, text_of
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
