"""An alert that fires when all is well. In: alerts. Out: faults at conditions that hold for a value of the declared normal
state: for any such value where the condition is about one metric, for all of them where it combines several."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from generators.checks.expressions.conditions import arms, bound_of
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.ir.rules import AlertingRule
from generators.promql import Expr, selectors, text_of
from generators.promql.syntax import Binary
from generators.promql.types import bare
from generators.promql.types.ranges import always, never
from generators.promql.walk import walk

ID = "true-in-normal-state"


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.alerts:
        if not isinstance(one.rule, AlertingRule) or _guarded(one.tree):
            continue
        for arm in arms(one.tree):
            bound = bound_of(arm, one.types)
            found = one.types[bound.subject] if bound else None
            if bound is None or found is None or found.normal == found.range or not found.normal.known:
                continue
            edge = found.normal.high if bound.op[0] == ">" else found.normal.low
            simple = isfinite(edge) and len(list(selectors(bound.subject))) == 1
            if never(bound.op, found.range, bound.value):
                continue  # told as out of range
            if always(bound.op, found.normal, bound.value) or (simple and not never(bound.op, found.normal, bound.value)):
                what = f"{text_of(bound.subject)} is normally {found.normal}, and `{bound.op} {bound.value:g}` holds for that"
                yield one.fault(ID, bound.node, what, "Choose a bound outside the normal state, or mend `normal:` of the metric.")


def _guarded(tree: Expr) -> bool:
    """Whether something else must hold as well: what is normal for one metric may be wrong together with another."""
    top = bare(tree)
    return any(isinstance(node, Binary) and node.op in ("and", "unless") for node in walk(top)) and not _counts_only(top)


def _counts_only(tree: Expr) -> bool:
    """Whether the only company is a guard that enough was counted."""
    if not isinstance(tree, Binary) or tree.op != "and":
        return False
    names = {name for name in ("increase", "rate") if any(getattr(node, "function", "") == name for node in walk(tree.right))}
    return bool(names) and not any(isinstance(node, Binary) and node.op in ("and", "unless") for node in walk(bare(tree.left)))
