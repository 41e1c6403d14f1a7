"""A counter whose total is judged. In: rules. Out: faults where the value of a counter, which only grows since its process began, is held
against a number or makes a quantile. Whether it exists, whether it is 0, and the difference of two moments may be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.checks.expressions.carried import carried, surely_counter, surely_event
from generators.checks.expressions.conditions import Bound, arms, bound_of, called, judging
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import metric_names, text_of

ID = "bare-counter"
_QUANTILES = frozenset({"histogram_quantile", "histogram_fraction"})
_CHANGES = frozenset({"rate", "irate", "increase", "deriv", "delta", "idelta", "changes", "count_over_time", "sum_over_time"})
_SAYS_RATE = re.compile(r":[\w:]*(rate|increase)\d*[smhdw]?(?=:|$)")
_SAYS_RATIO = re.compile(r":[\w:]*ratio$")
_FIX_RATIO = "Take rate() of each counter first."
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
            if bound and one.types[bound.subject].cumulative and not _told(facts, one, bound):
                what = f"{text_of(bound.subject)} is about all time since its process began, not about now"
                yield one.fault(ID, bound.subject, what, _FIX)
        yield from _eternal(facts, one)
        said = _SAYS_RATE.search(one.name)
        if not one.is_alert and not said and _SAYS_RATIO.search(one.name) and one.types.result.cumulative:
            yield one.fault(ID, one.tree, "its name says ratio, and it records a quotient of totals, about all time", _FIX_RATIO)
        if not one.is_alert and said and (one.types.result.cumulative or _takes_none(one)):
            what = f"its name says {said[1]}, and it records totals: no {said[1]}() is taken, or not of all"
            yield one.fault(ID, one.tree, what, f"Take {said[1]}() of each counter.")


def _eternal(facts: Facts, one: Judged) -> Iterator[Fault]:
    """Alerts that fire from the first event on, until the process ends."""
    for arm in arms(one.tree) if one.is_alert else ():
        bound = bound_of(arm, one.types)
        if bound is None or not one.types[bound.subject].cumulative or (bound.op, bound.value) not in ((">", 0), (">=", 1)):
            continue
        totals = carried(one, bound.subject).totals
        if totals and all(surely_event(facts, total) for total in totals):
            what = f"`{text_of(bound.node)}` holds from the first event on, until the process ends"
            yield one.fault(ID, bound.subject, what, _FIX)


def _takes_none(one: Judged) -> bool:
    """Whether an expression takes no rate and reads nothing that a rule recorded."""
    plain = all(":" not in name for name in metric_names(one.tree))
    return plain and any(metric_names(one.tree)) and not any(called(node, _CHANGES) for node, _ in one.types.items())


def _told(facts: Facts, one: Judged, bound: Bound) -> bool:
    """Whether it is fine to ask, or what stands there is a forgotten rate and told as that."""
    found = carried(one, bound.subject)
    mixed = found.rates and any(surely_counter(facts, total) for total in found.totals)
    return bool(mixed) or _asks_existence(bound.op, bound.value)


def _asks_existence(op: str, value: float) -> bool:
    return value == 0 or (value == 1 and op in (">=", "<"))
