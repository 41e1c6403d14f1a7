"""Our parser and printer against the real Prometheus of the pinned release: promtool's verdicts and the API's canonical form."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from generators.promql import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, parse, text_of
from generators.promql.functions import AGGREGATIONS, FUNCTIONS
from generators.promql.syntax import Expr
from tests.promql.corpus import lines
from tests.promql.engine import FEATURES, printed_by_prometheus, refused_by_promtool
from tests.promql.trees import expressions

pytestmark = pytest.mark.engine
ALL = frozenset({EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS})


def test_promtool_accepts_and_refuses_what_the_corpus_says(tmp_path: Path) -> None:
    exprs = [line.expr for line in lines()]
    plain = refused_by_promtool(exprs, tmp_path, ())
    featured = refused_by_promtool(exprs, tmp_path, (FEATURES,))
    wrong = []
    for place, line in enumerate(lines()):
        verdict = "bad" if place in featured else "exp" if place in plain else "ok"
        if verdict != line.verdict:
            wrong.append((line, verdict, plain.get(place)))
    assert wrong == []


def test_prometheus_prints_what_we_print(tmp_path: Path) -> None:
    good = [line.expr for line in lines() if line.verdict != "bad"]
    theirs = printed_by_prometheus(good, tmp_path)
    ours = [text_of(parse(expr, ALL)) for expr in good]
    assert [pair for pair in zip(good, theirs, ours, strict=True) if pair[1] != pair[2]] == []


def test_prometheus_reads_what_we_build(tmp_path: Path) -> None:
    built: list[str] = []

    @seed(316)
    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(expressions)
    def collect(tree: Expr) -> None:
        built.append(text_of(tree))

    collect()
    assert len(set(built)) > 100
    assert refused_by_promtool(built, tmp_path, ()) == {}
    assert printed_by_prometheus(built, tmp_path) == built


def test_every_function_has_its_arguments(tmp_path: Path) -> None:
    """Each function of our table with the arguments it takes is accepted; with one too many or too few it is refused."""
    argument = {"vector": "a", "matrix": "a[5m]", "scalar": "1", "string": '"x"'}
    right, wrong = [], []
    for name, function in FUNCTIONS.items():
        given_args = [argument[kind] for kind in function.takes]
        if name == "info":
            given_args[1] = '{x="y"}'
        right.append(f"{name}({', '.join(given_args)})")
        if not function.optional:
            wrong.append(f"{name}({', '.join([*given_args, '1'])})")
            wrong += [f"{name}({', '.join(given_args[:-1])})"] if given_args else []
    assert refused_by_promtool(right, tmp_path, (FEATURES,)) == {}
    assert len(refused_by_promtool(wrong, tmp_path, (FEATURES,))) == len(wrong)
    experimental = {f"{name}(" for name, function in FUNCTIONS.items() if function.experimental}
    refused = refused_by_promtool(right, tmp_path, ())
    assert {right[place].partition("(")[0] + "(" for place in refused} == experimental


def test_the_corpus_names_every_function_and_aggregation() -> None:
    text = "\n".join(line.expr for line in lines() if line.verdict != "bad")
    assert [name for name in (*FUNCTIONS, *AGGREGATIONS) if f"{name}(" not in text and f"{name} " not in text] == []
