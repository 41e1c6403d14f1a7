"""What a mutant is. In: a rule or an Alertmanager configuration, and one mistake in it. Out: the same IR with that mistake, and an
id that stays the same as long as the mutated part does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from generators.ir.alerting import Alerting
from generators.ir.contract import Contract
from generators.ir.rules import Rule, RuleFile

T = TypeVar("T")


class Place(NamedTuple):
    """Where a rule stands: the index of its file, of its group there and of the rule in it."""

    file: int
    group: int
    rule: int


@dataclass(frozen=True, slots=True)
class Change:
    """One mistake in a rule: the part as it `was` and as it is `now`, and what the rule becomes; None when it is dropped."""

    was: str
    now: str
    becomes: Rule | None


@dataclass(frozen=True, slots=True)
class Rerouting:
    """One mistake in the Alertmanager configuration: what it is made in, the part before and after, and the whole after."""

    of: str
    was: str
    now: str
    becomes: Alerting


@dataclass(frozen=True, slots=True)
class RuleOperator:
    """A kind of mistake in rules: every change it makes in one rule. The contract says what labels a metric has."""

    name: str
    means: str
    changes: Callable[[Rule, Contract], Iterator[Change]]


@dataclass(frozen=True, slots=True)
class RoutingOperator:
    """A kind of mistake in an Alertmanager configuration: every change it makes."""

    name: str
    means: str
    changes: Callable[[Alerting], Iterator[Rerouting]]


Operator = RuleOperator | RoutingOperator


@dataclass(frozen=True, slots=True)
class RuleMutant:
    """A rule with one mistake. `of` names the rule, `name` is its alert or record; `becomes` is None when the rule is dropped."""

    id: str
    operator: str
    of: str
    name: str
    was: str
    now: str
    place: Place
    becomes: Rule | None

    def applied(self, files: tuple[RuleFile, ...]) -> tuple[RuleFile, ...]:
        """The rule files with this mistake in them."""
        file = files[self.place.file]
        group = file.groups[self.place.group]
        before, after = group.rules[: self.place.rule], group.rules[self.place.rule + 1 :]
        group = replace(group, rules=(*before, *((self.becomes,) if self.becomes else ()), *after))
        file = replace(file, groups=put(file.groups, self.place.group, group))
        return put(files, self.place.file, file)


@dataclass(frozen=True, slots=True)
class RoutingMutant:
    """An Alertmanager configuration with one mistake."""

    id: str
    operator: str
    of: str
    was: str
    now: str
    becomes: Alerting


def put(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    """The items with another one in one place."""
    return (*items[:index], item, *items[index + 1 :])


def without(items: tuple[T, ...], index: int) -> tuple[T, ...]:
    """The items but the one in that place."""
    return (*items[:index], *items[index + 1 :])


def identity(of: str, operator: str, *said: str) -> str:
    """The id: who, what, and eight figures of all that the argument of an equivalent mutant rests on."""
    digest = hashlib.sha256("\0".join(said).encode()).hexdigest()
    return f"{of}:{operator}:{digest[:8]}"
