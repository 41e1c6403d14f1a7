"""Every operator there is, in one table; and all mutants they make of rules or of an Alertmanager configuration. In: IR. Out: mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from generators.ir.alerting import Alerting
from generators.ir.contract import Contract
from generators.ir.rules import AlertingRule, Rule, RuleFile
from generators.mutants import bounds, fields, routing, sets
from generators.mutants.mutant import Change, Operator, Place, RoutingMutant, RoutingOperator, RuleMutant, RuleOperator, identity
from generators.mutants.tree import spots
from generators.promql import Expr, parse, text_of

OnNode = Callable[[Expr], Iterator[Expr]]


def _in_expression(name: str, means: str, on_node: OnNode) -> RuleOperator:
    """An operator that changes one node of a rule's expression."""
    return RuleOperator(name, means, lambda rule, _: _changed(rule, on_node))


def _changed(rule: Rule, on_node: OnNode) -> Iterator[Change]:
    for spot in spots(parse(rule.expr)):
        for node in on_node(spot.part):
            yield Change(text_of(spot.part), text_of(node), replace(rule, expr=text_of(spot.put(node))))


def _label_added(rule: Rule, contract: Contract) -> Iterator[Change]:
    return _changed(rule, lambda node: sets.grouping_label_added(node, contract))


OPERATORS: tuple[Operator, ...] = (
    _in_expression("bound-up", "a number that a value is compared with is a tenth larger", bounds.bound_up),
    _in_expression("bound-down", "a number that a value is compared with is a tenth smaller", bounds.bound_down),
    _in_expression("comparison-flipped", "`>` is `<`, `==` is `!=`", bounds.comparison_flipped),
    _in_expression("comparison-loosened", "the bound itself counts, or no longer does", bounds.comparison_loosened),
    _in_expression("window-halved", "a range is half as long", bounds.window_halved),
    _in_expression("window-doubled", "a range is twice as long", bounds.window_doubled),
    RuleOperator("for-dropped", "an alert fires at once", fields.for_dropped),
    RuleOperator("for-doubled", "an alert waits twice as long", fields.for_doubled),
    _in_expression("aggregation-swapped", "`sum` is `max`, `max` is `min`, also over time", sets.aggregation_swapped),
    _in_expression("grouping-label-dropped", "a label of `by` or `without` is missing", sets.grouping_label_dropped),
    RuleOperator("grouping-label-added", "`by` or `without` has one more label of its series", _label_added),
    _in_expression("label-matcher-dropped", "a matcher is missing", sets.label_matcher_dropped),
    _in_expression("label-matcher-negated", "a matcher takes what it refused", sets.label_matcher_negated),
    _in_expression(
        "matching-labels-dropped", "a label of `on`, `ignoring`, `group_left`, or all of `on`", sets.matching_labels_dropped
    ),
    _in_expression("quantile-changed", "the next smaller and the next larger quantile", bounds.quantile_changed),
    _in_expression("arm-dropped", "one side of `or`, `and`, `unless` alone", sets.arm_dropped),
    RuleOperator("rule-dropped", "there is no rule", fields.rule_dropped),
    RuleOperator("severity-changed", "another severity", fields.severity_changed),
    RuleOperator("annotation-emptied", "an annotation says nothing", fields.annotation_emptied),
    RoutingOperator("route-order-swapped", "two neighbouring routes change places", routing.route_order_swapped),
    RoutingOperator("continue-flipped", "a route goes on where it stopped, or stops", routing.continue_flipped),
    RoutingOperator("matcher-loosened", "a matcher of a route or an inhibition is missing", routing.matcher_loosened),
    RoutingOperator("group-label-dropped", "a label of `group_by` is missing", routing.group_label_dropped),
    RoutingOperator("mute-time-dropped", "a route's time interval is missing", routing.mute_time_dropped),
    RoutingOperator("inhibition-dropped", "an inhibition is missing", routing.inhibition_dropped),
    RoutingOperator("inhibition-equal-emptied", "an inhibition asks for nothing in common", routing.inhibition_equal_emptied),
)


def rule_mutants(files: Iterable[RuleFile], contract: Contract, operators: Collection[str] = ()) -> Iterator[RuleMutant]:
    """Every mutant of every rule, in the order of the rules; `operators` narrows them by name. Mutants that say what the rule
    said before are none; of two that one operator makes alike, one is enough."""
    chosen = [each for each in OPERATORS if isinstance(each, RuleOperator) and (not operators or each.name in operators)]
    for place, title, rule in titled(files):
        for operator in chosen:
            for change in _distinct(rule, operator.changes(rule, contract)):
                mutated = change.becomes.expr if change.becomes else ""
                mark = identity(title, operator.name, rule.expr, mutated, change.was, change.now)
                yield RuleMutant(mark, operator.name, title, named(rule), change.was, change.now, place, change.becomes)


def routing_mutants(alerting: Alerting, operators: Collection[str] = ()) -> Iterator[RoutingMutant]:
    """Every mutant of an Alertmanager configuration."""
    for operator in OPERATORS:
        if isinstance(operator, RoutingOperator) and (not operators or operator.name in operators):
            for one in operator.changes(alerting):
                if one.becomes != alerting:
                    mark = identity(one.of, operator.name, one.was, one.now)
                    yield RoutingMutant(mark, operator.name, one.of, one.was, one.now, one.becomes)


def titled(files: Iterable[RuleFile]) -> Iterator[tuple[Place, str, Rule]]:
    """Every rule with its place and a title of its own: an alert's name, or a record with the labels it adds."""
    met: Counter[str] = Counter()
    for f, file in enumerate(files):
        for g, group in enumerate(file.groups):
            for r, rule in enumerate(group.rules):
                title = _title(rule)
                met[title] += 1
                yield Place(f, g, r), title if met[title] == 1 else f"{title}#{met[title]}", rule


def named(rule: Rule) -> str:
    """The alert or the record."""
    return rule.alert if isinstance(rule, AlertingRule) else rule.record


def _title(rule: Rule) -> str:
    if isinstance(rule, AlertingRule) or not rule.labels:
        return named(rule)
    label, value = next(iter(rule.labels.items()))
    return f'{rule.record}{{{label}="{value}"}}'


def _distinct(rule: Rule, changes: Iterator[Change]) -> Iterator[Change]:
    met: set[str] = set()
    for change in changes:
        mark = repr(change.becomes)
        if change.becomes != rule and mark not in met:
            met.add(mark)
            yield change
