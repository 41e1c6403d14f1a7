"""Alertmanager configurations that others wrote. In: a repository. Out: faults of receivers and time intervals that are named and not
there, or there and not named; of inhibitions that can never mute anything with the alerts the repository has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from generators.checks.alerting import kept_labels, named, possible_with
from generators.fault import Fault
from generators.ir.alerting import InhibitRule, Matcher
from generators.ir.found import Repository
from generators.ir.rules import AlertingRule

Check = Callable[[Repository], Iterable[Fault]]


def receivers(repository: Repository) -> Iterator[Fault]:
    """Every receiver and time interval that a route names is there, and the other way round."""
    for found in repository.alertings:
        yield from named(found.alerting)


def inhibitions(repository: Repository) -> Iterator[Fault]:
    """Every inhibition has alerts on both sides that can have the same values of the labels it compares."""
    alerts = [
        rule for file in repository.rule_files for group in file.groups for rule in group.rules if isinstance(rule, AlertingRule)
    ]
    if not alerts:
        return
    external = frozenset(label for prometheus in repository.prometheus for label in prometheus.external_labels)
    for found in repository.alertings:
        for rule in found.alerting.inhibit_rules:
            sources = [one for one in alerts if _can_be(one, rule.source, external)]
            targets = [one for one in alerts if _can_be(one, rule.target, external)]
            for why in _dead(rule, sources, targets, external):
                what = f"the inhibition {rule.name} never mutes anything: {why}"
                yield Fault("dead-inhibition", rule.where, what, "Mend its matchers and `equal`, or take it out.", "warning")


def _dead(rule: InhibitRule, sources: list[AlertingRule], targets: list[AlertingRule], external: frozenset[str]) -> Iterator[str]:
    for side, some in (("source", sources), ("target", targets)):
        if not some:
            yield f"no alert of the repository is its {side}"
            return
    for label in rule.equal:
        mine, theirs = _values(sources, label, external), _values(targets, label, external)
        if None not in mine and None not in theirs and not mine & theirs:
            yield f"no alert that mutes and none that is muted have the same '{label}'"


def _values(alerts: list[AlertingRule], label: str, external: frozenset[str]) -> set[str | None]:
    return {_fixed(one, label, external) for one in alerts}


def _fixed(alert: AlertingRule, label: str, external: frozenset[str]) -> str | None:
    """The value a label always has on a rule's alerts; None where the series decide."""
    value = alert.alert if label == "alertname" else alert.labels.get(label)
    if value is not None:
        return value if "{{" not in value else None
    return None if label in external or kept_labels(alert.expr).may_have(label) else ""


def _can_be(alert: AlertingRule, matchers: tuple[Matcher, ...], external: frozenset[str]) -> bool:
    together: Mapping[str, list[Matcher]] = defaultdict(list)
    for matcher in matchers:
        together[matcher.label].append(matcher)
    return all(possible_with(_fixed(alert, label, external), tuple(some)) for label, some in together.items())


CHECKS: tuple[Check, ...] = (receivers, inhibitions)
"""Each from a repository to faults."""
