"""Ranges of the catalogue, at the pace of a spec. In: an expression of the catalogue and the spec's scrape interval. Out: the
same expression with no range of a rate shorter than four scrapes: the catalogue is written for scrapes every five seconds, and
knows no slower ones."""

from __future__ import annotations

from generators.promql import ParseFault, parse
from generators.promql.syntax import Call, Duration, MatrixSelector
from generators.promql.walk import walk
from generators.slo import SCRAPES_PER_RATE, text_of

_RATES = frozenset({"rate", "irate", "increase"})


def at_pace(text: str, scrape_interval: int) -> str:
    """The expression, widened where it must be; one that does not parse stays as it is and is told elsewhere."""
    try:
        tree = parse(text)
    except ParseFault:
        return text
    least = SCRAPES_PER_RATE * scrape_interval
    short = [
        node.args[0].range.span
        for node in walk(tree)
        if isinstance(node, Call) and node.function in _RATES and isinstance(node.args[0], MatrixSelector)
        if isinstance(node.args[0].range, Duration) and node.args[0].range.seconds < least
    ]
    for span in sorted(short, reverse=True):
        text = text[: span.start] + text_of(least) + text[span.end :]
    return text
