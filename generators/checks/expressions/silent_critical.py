"""A critical alert that falls silent with its data. In: all rules. Out: faults at critical alerts none of whose metrics is
watched for absence: when the exporter dies, the alert is quiet, and quiet looks like well. Judged only where all rules are
known."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, metric_names
from generators.promql.syntax import Binary, Call
from generators.promql.types import bare
from generators.promql.walk import walk

ID = "silent-critical"
_DOWN = frozenset({("==", 0), ("!=", 1), ("<", 1), ("<=", 0)})
_ABSENT = frozenset({"absent", "absent_over_time"})


def find(facts: Facts) -> Iterator[Fault]:
    if not facts.settings.complete:
        return
    watched = frozenset(name for one in facts.alerts for name in _watched(facts, one))
    for one in facts.alerts:
        read = facts.exported(one.tree)
        if one.severity == "critical" and read and not read & watched and not _liveness(read) and "up" not in watched:
            what = f"when {', '.join(sorted(read))} is gone it is silent, and no alert says that it is gone"
            fix = f"Add an alert on absent({min(sorted(read))}), or one on `up == 0` of its target."
            yield one.fault(ID, one.tree, what, fix)


def _liveness(read: frozenset[str]) -> bool:
    return any(name == "up" or name.endswith("_up") for name in read)


def _watched(facts: Facts, one: Judged) -> Iterator[str]:
    """The metrics whose absence makes an alert fire: by absent(), on the right of `unless`, or as `up == 0`."""
    for node in walk(one.tree):
        if isinstance(node, Call) and node.function in _ABSENT:
            yield from facts.exported(node.args[0])
        elif isinstance(node, Binary) and node.op == "unless":
            yield from facts.exported(node.right)
    for arm in _alone(one.tree):
        bound = bound_of(arm, one.types)
        if bound and (bound.op, bound.value) in _DOWN and metric_names(bound.subject) == ("up",):
            yield "up"


def _alone(tree: Expr) -> Iterator[Expr]:
    """The conditions that are enough to fire, whatever else holds."""
    tree = bare(tree)
    if isinstance(tree, Binary) and tree.op == "or":
        yield from (*_alone(tree.left), *_alone(tree.right))
    else:
        yield tree
