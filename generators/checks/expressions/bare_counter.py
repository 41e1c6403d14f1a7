"""A counter whose total is judged. In: rules. Out: faults where the value of a counter, which only grows since its process began, is held
against a number or makes a quantile. Whether it exists, whether it is 0, and the difference of two moments may be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.conditions import bound_of, called, judging
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import metric_names, text_of

ID = "bare-counter"
_QUANTILES = frozenset({"histogram_quantile", "histogram_fraction"})
_CHANGES = frozenset({"rate", "irate", "increase", "deriv", "delta", "idelta", "changes", "count_over_time", "sum_over_time"})
_SAYS_RATE = re.compile(r":[\w:]*(rate|increase)\d*[smhdw]?$")
_FIX = "Compare rate() or increase() over a range."


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node in judging(one.tree):
            call = called(node, _QUANTILES)
            if call and one.types[call.args[-1]].kind == "buckets" and one.types[call.args[-1]].cumulative:
                what = (
                    f"{call.function}() over the totals of {text_of(call.args[-1])} is about all time since the processes began"
                )
                yield one.fault(ID, node, what, "Take rate() of the buckets first.")
            bound = bound_of(node, one.types)
            if bound and one.types[bound.subject].cumulative and not _asks_existence(bound.op, bound.value):
                what = f"{text_of(bound.subject)} is about all time since its process began, not about now"
                yield one.fault(ID, bound.subject, what, _FIX)
        said = _SAYS_RATE.search(one.name)
        if not one.is_alert and said and (one.types.result.cumulative or _takes_none(one)):
            what = f"its name says {said[1]}, and it records totals: no {said[1]}() is taken, or not of all"
            yield one.fault(ID, one.tree, what, f"Take {said[1]}() of each counter.")


def _takes_none(one: Judged) -> bool:
    """Whether an expression takes no rate and reads nothing that a rule recorded."""
    plain = all(":" not in name for name in metric_names(one.tree))
    return plain and any(metric_names(one.tree)) and not any(called(node, _CHANGES) for node, _ in one.types.items())


def _asks_existence(op: str, value: float) -> bool:
    return value == 0 or (value == 1 and op in (">=", "<"))
