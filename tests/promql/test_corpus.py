"""Our parser against the corpus: what it accepts and refuses, that it reads what it prints, and that every span is right."""

from __future__ import annotations

from generators.promql import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, ParseFault, parse, text_of
from generators.promql.syntax import MatrixSelector, VectorSelector
from generators.promql.walk import children, walk
from tests.promql.corpus import Line, lines

ALL = frozenset({EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS})
# Prometheus prints these so that it cannot read them, or reads something else; we print what it prints.
PRINTED_WRONG = {"info(a, {})", "up offset --5m + 3m"}


def refused(line: Line, features: frozenset[str] = ALL) -> ParseFault | None:
    try:
        parse(line.expr, features)
    except ParseFault as fault:
        return fault
    return None


def test_the_corpus_covers_much() -> None:
    verdicts = [line.verdict for line in lines()]
    assert verdicts.count("ok") > 500
    assert verdicts.count("bad") > 400
    assert len({line.expr for line in lines()}) > 0.98 * len(lines())


def test_good_expressions_are_accepted() -> None:
    faults = {line: refused(line, frozenset()) for line in lines() if line.verdict == "ok"}
    assert {line: str(fault) for line, fault in faults.items() if fault} == {}


def test_experimental_expressions_need_their_feature() -> None:
    experimental = [line for line in lines() if line.verdict == "exp"]
    assert [line for line in experimental if refused(line)] == []
    assert [line for line in experimental if not refused(line, frozenset())] == []


def test_bad_expressions_are_refused() -> None:
    assert [line for line in lines() if line.verdict == "bad" and not refused(line)] == []


def test_every_fault_says_where_what_and_how() -> None:
    for line in lines():
        fault = refused(line)
        for each in fault.faults if fault else ():
            assert 0 <= each.span.start <= each.span.end <= len(line.expr), line
            assert each.what, line
            assert each.fix.endswith((".", "?", "/")), (line, each.fix)


def test_what_is_printed_is_read_as_the_same_tree() -> None:
    for line in lines():
        if line.verdict != "bad" and line.expr not in PRINTED_WRONG:
            tree = parse(line.expr, ALL)
            assert parse(text_of(tree), ALL) == tree, line


def test_printing_is_stable() -> None:
    for line in lines():
        if line.verdict != "bad" and line.expr not in PRINTED_WRONG:
            text = text_of(parse(line.expr, ALL))
            assert text_of(parse(text, ALL)) == text, line


def test_the_text_at_a_span_is_the_part_itself() -> None:
    compared = 0
    for line in lines():
        if line.verdict == "bad" or "info(" in line.expr:
            continue  # `info` alone takes selectors that stand nowhere else
        for node in walk(parse(line.expr, ALL)):
            # A selector's modifiers stand behind its range, so it is not one piece of text there.
            parts = () if isinstance(node, MatrixSelector) else children(node)
            for part in parts:
                text = line.expr[slice(*part.span)]
                assert parse(text, ALL) == part, (line, text)
                compared += 1
    assert compared > 500


def test_spans_of_matchers_hold_the_matcher() -> None:
    tree = parse('up{ a = "x" , "b c"!~\'y.*\' } > 0')
    selector = next(node for node in walk(tree) if isinstance(node, VectorSelector))
    text = 'up{ a = "x" , "b c"!~\'y.*\' } > 0'
    assert [text[slice(*matcher.span)] for matcher in selector.matchers] == ['a = "x"', "\"b c\"!~'y.*'"]
