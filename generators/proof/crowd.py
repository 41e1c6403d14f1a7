"""Who stands beside an alert's series and must not count. In: an alert's States. Out: bystanders (series of others, who are well) and
decoys (series that no matcher lets through, some of which have the fault)."""

from __future__ import annotations

from collections.abc import Iterator

from generators.promql import labels_of, parse
from generators.promql.syntax import Aggregation, Binary, Matcher, VectorSelector
from generators.promql.walk import selectors, walk
from generators.proof.flows import Inputs, Key
from generators.proof.meaning.columns import matches
from generators.proof.states import States
from generators.proof.trees import Underivable, listed
from generators.record import replace


def crowd(states: States) -> Inputs:
    """Bystanders and decoys, none of which changes what becomes of the alert."""
    own = states.fault() | states.normal()
    return {one: flow for some in _beside(states) for one, flow in some.items() if one not in own}


def _beside(states: States) -> Iterator[Inputs]:
    for some in (_bystanders, _decoys):
        try:
            yield from some(states)
        except Underivable:
            continue


def _bystanders(states: States) -> Iterator[Inputs]:
    """Series that differ in one label by which others are matched (or in their service), and are well. Where the condition drops
    the label, they would be taken together with the others; where the alert has a service of its own, they need another instance to be
    told apart."""
    tree = parse(states.alert.when)
    fixed = {matcher.name for selector in selectors(tree) for matcher in selector.matchers}
    kept = labels_of(tree)
    apart = {"instance": "instance-other"} if _named(states) and kept.may_have("instance") else {}
    for label in dict.fromkeys((*_matched_by(states), "service")):
        if label not in fixed and kept.may_have(label) and (label in states.target or label in _carried(states)):
            yield states.normal(replace(states.inverse, alone=True).forcing({label: f"{label}-other"} | apart))


def _named(states: States) -> bool:
    """Whether the alert bears its own service's labels, whatever its series bear."""
    return states.alert.service is not None and not states.alert.origin


def _matched_by(states: States) -> Iterator[str]:
    for node in walk(parse(states.alert.when)):
        if isinstance(node, Binary) and node.matching is not None and node.matching.on:
            yield from node.matching.labels
        if isinstance(node, Aggregation) and not node.without:
            yield from (label for label in node.grouping if label not in ("service", "tier", "owner", "le"))
    yield from states.alert.enough.by if states.alert.enough else ()


def _carried(states: States) -> set[str]:
    return {label for one in states.alert.metrics for label in states.contract.metrics[one].labels}


def _decoys(states: States) -> Iterator[Inputs]:
    """Series that no matcher lets through, each failing one of them: some have the fault, and some would hide it. Where series are
    taken together, they are none that is read elsewhere in the condition."""
    tree = parse(states.alert.when)
    reads = [*selectors(tree), *(selectors(parse(states.alert.enough.selector)) if states.alert.enough else ())]
    together = any(isinstance(node, Aggregation) for node in walk(tree))
    elsewhere = {"service": "service-decoy"} if together and not _named(states) else {}
    for label, value in dict.fromkeys(_refused(states)):
        another = {"instance": "instance-decoy", label: value}
        offered = dict(states.main(states.fault_value, states.inverse.forcing(another)))
        if together:
            offered |= states.main(states.fault_value, states.inverse.forcing({**another, **elsewhere}))
            offered |= states.main(states.usual, states.inverse.forcing({"instance": "instance-well", label: value}))
            offered = {one: flow for one, flow in offered.items() if not any(_reads(selector, one) for selector in reads)}
        yield offered


def _refused(states: States) -> Iterator[tuple[str, str]]:
    for selector in selectors(states.parts[0].value):
        for matcher in selector.matchers:
            yield from ((matcher.name, value) for value in failing(selector, matcher))


def _reads(selector: VectorSelector, one: Key) -> bool:
    """Whether a selector finds the series."""
    if selector.name != one.metric:
        return False
    labels = dict(one.labels)
    return all(matches(it, labels.get(it.name, "")) for it in selector.matchers)


def failing(selector: VectorSelector, matcher: Matcher) -> Iterator[str]:
    """Values of the label that the matcher refuses."""
    if matcher.op == "!~" and "|" in matcher.value:
        yield from next(values for label, values in listed(selector, "!~") if label == matcher.name)
        return
    offered = (f"{matcher.name}-other", matcher.value, "")
    yield from [value for value in offered if not matches(matcher, value)][:1]
