"""A bound that the value cannot pass, or always has. In: rules. Out: faults at comparisons that can never hold, and at
conditions of alerts that always do, given the bounds of the value: its declared range, a histogram's largest bucket, a part of
a whole between 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import arms, bound_of, constant
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import selectors, text_of
from generators.promql.types.ranges import always, never

ID = "out-of-range"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        yield from _dead(one)
        if one.is_alert:
            yield from _eternal(one)


def _dead(one: Judged) -> Iterator[Fault]:
    for node, _ in one.types.items():
        bound = bound_of(node, one.types)
        if bound is None or bound.node.return_bool or not any(selectors(bound.subject)):
            continue
        values = one.types[bound.subject].range
        if never(bound.op, values, bound.value):
            what = f"{text_of(bound.subject)} lies in {values}, so `{bound.op} {bound.value:g}` never holds"
            yield one.fault(ID, bound.node, what, f"Choose a bound within {values}.")


def _eternal(one: Judged) -> Iterator[Fault]:
    for arm in arms(one.tree):
        bound = bound_of(arm, one.types)
        if bound is None or bound.node.return_bool or not any(selectors(bound.subject)):
            continue
        found = one.types[bound.subject]
        if not constant(found) and always(bound.op, found.range, bound.value):
            always_true = f"`{bound.op} {bound.value:g}` always holds and the alert always fires"
            what = f"{text_of(bound.subject)} lies in {found.range}, so {always_true}"
            yield one.fault(ID, bound.node, what, f"Choose a bound within {found.range}.")
