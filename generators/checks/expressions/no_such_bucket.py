"""A bucket that a histogram does not have. In: rules. Out: faults at matchers of `le` that no bound of the metric meets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql.syntax import Matcher, VectorSelector

ID = "no-such-bucket"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, found in one.types.items():
            if not isinstance(node, VectorSelector) or not found.bounds:
                continue
            texts = [*map(bucket_text, found.bounds), "+Inf"]
            for matcher in node.matchers:
                if matcher.name == "le" and not any(_takes(matcher, text) for text in texts):
                    what = f'{node.name} has no bucket with le{matcher.op}"{matcher.value}"'
                    yield one.fault_at(ID, matcher.span.start, what, _fix(matcher, texts))


def bucket_text(bound: float) -> str:
    """A bucket's bound as Prometheus 3 writes it into `le` when it scrapes: 2 becomes 2.0, a million 1e+06
    (https://prometheus.io/docs/prometheus/latest/migration/#le-and-quantile-label-values)."""
    if bound in (float("inf"), float("-inf")):
        return "+Inf" if bound > 0 else "-Inf"
    exact = Decimal(repr(bound)).normalize()
    if exact and not -5 < exact.adjusted() < 6:
        digits, _, power = f"{exact:e}".partition("e")
        return f"{digits}e{power[0]}{power[1:].zfill(2)}"
    return str(float(bound)) if "e" not in str(float(bound)) else f"{exact:f}"


def _takes(matcher: Matcher, text: str) -> bool:
    if matcher.op in ("=", "!="):
        return (matcher.value == text) == (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, text) is not None) == (matcher.op == "=~")
    except re.error:
        return True  # RE2 reads what Python does not


def _fix(matcher: Matcher, texts: list[str]) -> str:
    try:
        meant = bucket_text(float(matcher.value))
    except ValueError:
        meant = ""
    if meant in texts:
        return f'Prometheus 3 writes it as "{meant}": write le="{meant}".'
    return f"Its bounds are {', '.join(texts)}."
